"""What a slip was accepted as is found by its name, not among all doubts that were ever accepted."""

from alembic import op

revision = "0038"
down_revision = "0037"

ACCEPTED = "CREATE INDEX doubts_accepted ON doubts (name) WHERE state = 'accepted';"


def upgrade() -> None:
    """Create the index of accepted doubts."""
    op.execute(ACCEPTED)
