"""Closing: snapshots of lots and accounts at each seal with their digest, and markers of feeding services."""

from alembic import op

revision = "0003"
down_revision = "0002"

CLOSING = """
CREATE TABLE closings (
    month date PRIMARY KEY,
    previous date,
    lots bigint NOT NULL,
    accounts bigint NOT NULL,
    rounding_cny bigint NOT NULL,
    digest bytea NOT NULL,
    closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT closings_follow_one_another CHECK (previous < month)
);

CREATE TABLE closing_accounts (
    month date NOT NULL,
    account bigint NOT NULL,
    asset text NOT NULL,
    balance bigint NOT NULL,
    PRIMARY KEY (month, account, asset)
);

CREATE TABLE feeders (
    service text PRIMARY KEY,
    partitions integer NOT NULL,
    CONSTRAINT feeders_partitions_positive CHECK (partitions > 0)
);

CREATE TABLE markers (
    service text NOT NULL,
    month date NOT NULL,
    partition integer NOT NULL,
    heard_at timestamptz NOT NULL,
    PRIMARY KEY (service, month, partition)
);

-- Numbers of batches only grow, so a summary per range of pages finds a batch's journals in every month.
CREATE INDEX journals_batch ON journals USING brin (batch_id) WITH (autosummarize = on);
CREATE INDEX declines_month ON declines USING brin (month);
"""

GRANTS = """
GRANT SELECT, INSERT ON closings, closing_accounts, feeders, markers TO points_desk;
GRANT SELECT ON closings, closing_accounts, feeders, markers TO points_auditor;
"""


def upgrade() -> None:
    """Create the snapshots, the feeders' tables and two indexes."""
    for text in (CLOSING, GRANTS):
        op.execute(text)
