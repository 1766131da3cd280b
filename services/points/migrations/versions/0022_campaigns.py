"""Campaigns: of which budgets somebody was told that four fifths are used."""

from alembic import op

revision = "0022"
down_revision = "0021"

ALERTS = """
CREATE TABLE campaign_alerts (
    budget text PRIMARY KEY,
    used bigint NOT NULL,
    total bigint NOT NULL,
    alerted_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON campaign_alerts TO points_desk;
GRANT SELECT ON campaign_alerts TO points_auditor;
"""


def upgrade() -> None:
    """Keep what was told."""
    op.execute(ALERTS)
