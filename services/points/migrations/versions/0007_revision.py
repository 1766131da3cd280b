"""Revision: a process is ready only when its database has the revision that its code needs."""

from alembic import op

revision = "0007"
down_revision = "0006"

REVISION = """
REVOKE INSERT ON alembic_version FROM points_desk;
GRANT SELECT ON alembic_version TO points_reader;
"""


def upgrade() -> None:
    """Let readers see the revision, and nobody but the owner write it."""
    op.execute(REVISION)
