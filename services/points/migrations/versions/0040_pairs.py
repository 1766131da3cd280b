"""Pairs of units: of which somebody was told that one owes the other more in a month than their limit."""

from alembic import op

revision = "0040"
down_revision = "0039"

ALERTS = """
CREATE TABLE pair_alerts (
    name text PRIMARY KEY,
    month date NOT NULL,
    issuer text NOT NULL,
    redeemer text NOT NULL,
    amount_fen bigint NOT NULL,
    most_fen bigint NOT NULL,
    alerted_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON pair_alerts TO points_desk;
GRANT SELECT ON pair_alerts TO points_auditor;
"""


def upgrade() -> None:
    """Keep what was told."""
    op.execute(ALERTS)
