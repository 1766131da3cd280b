"""Whoever was told to ask again is found by key, however often they had audits before."""

from alembic import op

revision = "0036"
down_revision = "0035"

# As in the statement that asks: of all questions that somebody had, few were told and not fetched.
PUT_OFF = """
CREATE INDEX audits_put_off ON audits (asked_by, asked_at) WHERE told_at IS NOT NULL AND fetched_at IS NULL;
-- Gone in a moment, once whoever asks just now has ended; the one above has taken its place by then.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX audits_asked_by;
"""


def upgrade() -> None:
    """Replace the index of all questions by one of those that were put off."""
    op.execute(PUT_OFF)
