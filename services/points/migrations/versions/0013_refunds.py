"""Refunds: what came back of a redemption or capture, for ever, under the unit's own refund number."""

from alembic import op

revision = "0013"
down_revision = "0012"

REFUNDS = """
CREATE TABLE refunds (
    name text PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT refunds_id_once UNIQUE,
    redemption_id uuid NOT NULL,
    unit text NOT NULL,
    refund_no text NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT refunds_amount_positive CHECK (amount_fen > 0),
    refunded_fen bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    month date NOT NULL,
    answer text NOT NULL,
    -- What all refunds so far come to: each goes on where the one before has ended, and none twice.
    CONSTRAINT refunds_follow_one_another UNIQUE (redemption_id, refunded_fen)
);
CREATE INDEX refunds_month ON refunds USING brin (month);
GRANT SELECT, INSERT ON refunds TO points_desk;
GRANT SELECT ON refunds TO points_auditor, points_reader;
ALTER TABLE refunds ENABLE ROW LEVEL SECURITY;
ALTER TABLE refunds FORCE ROW LEVEL SECURITY;
CREATE POLICY refunds_whole ON refunds TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
-- Whoever sees a redemption sees what came back of it.
CREATE POLICY refunds_own ON refunds FOR SELECT TO points_reader
    USING (EXISTS (SELECT 1 FROM redemptions r WHERE r.id = refunds.redemption_id));
"""

# As in 0004, and a line of a refund is for the order whose redemption it reverses.
ORIGIN = """
CREATE OR REPLACE FUNCTION origin_of_line(
    asked_month date, asked_line bigint, OUT order_no text, OUT issuer text, OUT receipt_number text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT r.order_no, l.issuer, l.receipt_number
    FROM transfers t
    JOIN journals j ON j.month = t.month AND j.id = t.journal_id
    LEFT JOIN lots l ON l.id = t.lot_id
    LEFT JOIN refunds f ON f.id = j.subject
    LEFT JOIN redemptions r ON r.id = coalesce(f.redemption_id, j.subject)
    WHERE t.month = asked_month AND t.id = asked_line
      AND (asking_unit() = ANY (j.sides) OR asking_unit() = '*');
END;
"""


def upgrade() -> None:
    """Create the table of refunds, and let a line of a refund tell its order."""
    op.execute(REFUNDS)
    op.execute(ORIGIN)
