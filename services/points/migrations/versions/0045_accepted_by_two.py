"""A doubt about a large receipt is accepted by two persons: the first one's yes is kept while it is open."""

from alembic import op

revision = "0045"
down_revision = "0044"

FIRST_YES = """
ALTER TABLE doubts ADD COLUMN first_accepted_by text, ADD COLUMN first_accepted_at timestamptz,
    ADD COLUMN first_reason text, ADD COLUMN first_beside text;
ALTER TABLE doubts ADD CONSTRAINT doubts_first_yes_whole
    CHECK ((first_accepted_by IS NULL) = (first_accepted_at IS NULL)
           AND (first_accepted_by IS NULL) = (first_reason IS NULL)
           AND (first_beside IS NULL OR first_accepted_by IS NOT NULL));
ALTER TABLE doubts ADD CONSTRAINT doubts_two_accept
    CHECK (first_accepted_by <> told_by AND (state <> 'accepted' OR first_accepted_by <> decided_by));
GRANT UPDATE (first_accepted_by, first_accepted_at, first_reason, first_beside) ON doubts TO points_desk;
"""


def upgrade() -> None:
    """Add the first one's yes."""
    op.execute(FIRST_YES)
