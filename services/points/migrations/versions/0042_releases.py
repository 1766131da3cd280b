"""Releases are found by the hold that they ended: what came back of it expires at that moment."""

from alembic import op

revision = "0042"
down_revision = "0041"

# Only releases stand in it: no other journal pays for it.
RELEASES = """
CREATE INDEX journals_release ON journals (subject) WHERE kind = 'release';
"""


def upgrade() -> None:
    """Index the journals of releases, in every month."""
    op.execute(RELEASES)
