"""Alembic's environment: runs on the connection it is given, or renders SQL offline for the linter."""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    context.configure(connection=connection)
    context.run_migrations()
