"""Coupons by the digest of their code: what a partner gives a second time is for nobody."""

from alembic import op

revision = "0029"
down_revision = "0028"

# A table of its own: an index on the codes that are there would hold everybody up. Coupons of before are not
# in it: their digests follow from a secret that no migration has.
COUPONS = """
CREATE TABLE coupons (
    digest text PRIMARY KEY,
    voucher_id uuid NOT NULL
);
GRANT SELECT, INSERT ON coupons TO points_desk;
"""


def upgrade() -> None:
    """Create the table for the desk alone."""
    op.execute(COUPONS)
