"""What came back of one thing is found by key, however often it did: its thing is looked up for each row.

An EXISTS that may be hashed is, where rows are many: all receipts were read to show ten returns of one. One
with an OFFSET is asked row by row.
"""

from alembic import op

revision = "0032"
down_revision = "0031"

OWN = """
ALTER POLICY returns_own ON returns
    USING (EXISTS (SELECT 1 FROM receipts r WHERE r.id = returns.receipt_id OFFSET 0));
ALTER POLICY refunds_own ON refunds
    USING (EXISTS (SELECT 1 FROM redemptions r WHERE r.id = refunds.redemption_id OFFSET 0));
"""


def upgrade() -> None:
    """Let the policies of returns and refunds look their receipt or redemption up row by row."""
    op.execute(OWN)
