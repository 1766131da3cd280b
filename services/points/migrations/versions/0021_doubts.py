"""Receipts in doubt: what was told of a receipt beside its own row, until it is settled or decided."""

from alembic import op

revision = "0021"
down_revision = "0020"

DOUBTS = """
CREATE TABLE doubts (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    unit text NOT NULL,
    store text NOT NULL,
    number text NOT NULL,
    identity text NOT NULL,
    wallet_id uuid NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT doubts_amount_not_negative CHECK (amount_fen >= 0),
    purchased_at timestamptz NOT NULL,
    source text NOT NULL,
    told_by text NOT NULL,
    told_at timestamptz NOT NULL,
    day date NOT NULL,
    state text NOT NULL,
    decided_by text,
    decided_at timestamptz,
    reason text,
    receipt_id uuid,
    CONSTRAINT doubts_once_per_word UNIQUE (name, wallet_id, amount_fen),
    CONSTRAINT doubts_source_known CHECK (source IN ('till', 'payment', 'photo')),
    CONSTRAINT doubts_state_known CHECK (state IN ('open', 'settled', 'accepted', 'rejected')),
    CONSTRAINT doubts_decided_by_somebody
        CHECK ((state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)),
    CONSTRAINT doubts_receipt_once_settled_or_accepted
        CHECK ((state IN ('settled', 'accepted')) = (receipt_id IS NOT NULL)),
    CONSTRAINT doubts_second_person CHECK (state <> 'accepted' OR decided_by <> told_by)
);
CREATE INDEX doubts_claims ON doubts (wallet_id, day);
CREATE INDEX doubts_open ON doubts (unit) WHERE state = 'open';
CREATE INDEX doubts_receipt ON doubts (receipt_id);

GRANT SELECT, INSERT ON doubts TO points_desk;
GRANT UPDATE (state, decided_by, decided_at, reason, receipt_id) ON doubts TO points_desk;
GRANT SELECT ON doubts TO points_auditor, points_reader;

ALTER TABLE doubts ENABLE ROW LEVEL SECURITY;
ALTER TABLE doubts FORCE ROW LEVEL SECURITY;
CREATE POLICY doubts_whole ON doubts TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
CREATE POLICY doubts_own ON doubts FOR SELECT TO points_reader USING (
    wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())
    OR unit = asking_unit() OR asking_unit() = '*');
"""


def upgrade() -> None:
    """Create the table with its grants and policies."""
    op.execute(DOUBTS)
