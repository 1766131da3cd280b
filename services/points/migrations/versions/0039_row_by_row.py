"""Lines of journals and lots of holds are found by key, however many one asks for at once.

As in 0032: an EXISTS that may be hashed is, where rows are many. A page of a hundred journals of a member
read the journals of everybody to see that four hundred lines are theirs.
"""

from alembic import op

revision = "0039"
down_revision = "0038"

OWN = """
ALTER POLICY transfers_own ON transfers
    USING (EXISTS (SELECT 1 FROM journals j
                   WHERE j.month = transfers.month AND j.id = transfers.journal_id OFFSET 0));
ALTER POLICY hold_slices_own ON hold_slices
    USING (EXISTS (SELECT 1 FROM holds h WHERE h.id = hold_slices.hold_id OFFSET 0));
"""


def upgrade() -> None:
    """Let the policies of lines and slices look their journal or hold up row by row."""
    op.execute(OWN)
