"""The auditor sees digests of coupons, which lead to no code: each issued voucher has one, no other has."""

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Let the auditor read them."""
    op.execute("GRANT SELECT ON coupons TO points_auditor")
