"""Returns: purchases that came back, for ever, under the unit's own return number; debts are looked up by who
owes.
"""

from alembic import op

revision = "0023"
down_revision = "0022"

RETURNS = """
CREATE TABLE returns (
    name text PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT returns_id_once UNIQUE,
    receipt_id uuid NOT NULL,
    unit text NOT NULL,
    return_no text NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT returns_amount_positive CHECK (amount_fen > 0),
    category text,
    returned_fen bigint NOT NULL,
    points bigint NOT NULL CONSTRAINT returns_points_not_negative CHECK (points >= 0),
    debt_fen bigint NOT NULL CONSTRAINT returns_debt_not_negative CHECK (debt_fen >= 0),
    occurred_at timestamptz NOT NULL,
    month date NOT NULL,
    answer text NOT NULL,
    -- What all returns so far come to: each goes on where the one before has ended, and none twice.
    CONSTRAINT returns_follow_one_another UNIQUE (receipt_id, returned_fen)
);
CREATE INDEX returns_month ON returns USING brin (month);
GRANT SELECT, INSERT ON returns TO points_desk;
GRANT SELECT ON returns TO points_auditor, points_reader;
ALTER TABLE returns ENABLE ROW LEVEL SECURITY;
ALTER TABLE returns FORCE ROW LEVEL SECURITY;
CREATE POLICY returns_whole ON returns TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
-- Whoever sees a receipt sees what came back of it.
CREATE POLICY returns_own ON returns FOR SELECT TO points_reader
    USING (EXISTS (SELECT 1 FROM receipts r WHERE r.id = returns.receipt_id));
"""

DEBTS = """
CREATE INDEX debts_owed ON debts (wallet_id) WHERE fen > 0;

-- As wallets_read does: one statement per member, behind the policy of that member's holder.
CREATE FUNCTION debts_read(identities text[]) RETURNS TABLE (place integer, unit text, owed_fen bigint)
LANGUAGE plpgsql AS $$
DECLARE
    whose uuid;
BEGIN
    PERFORM set_config('app.unit', '', true);
    FOR turn IN 1 .. cardinality(identities) LOOP
        whose := holder_of(identities[turn]);
        CONTINUE WHEN whose IS NULL;
        PERFORM set_config('app.holder', whose::text, true);
        RETURN QUERY
        SELECT turn, d.issuer, sum(d.fen)::bigint FROM debts d
        WHERE d.fen > 0 AND d.wallet_id = ANY (ARRAY(SELECT w.id FROM wallets w WHERE w.holder_id = whose))
        GROUP BY d.issuer ORDER BY d.issuer;
    END LOOP;
    PERFORM set_config('app.holder', '', true);
END $$;
REVOKE ALL ON FUNCTION debts_read(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION debts_read(text[]) TO points_reader;
"""

# As in 0013; a line of a return is for the receipt that came back.
ORIGIN = """
CREATE OR REPLACE FUNCTION origin_of_line(
    asked_month date, asked_line bigint, OUT order_no text, OUT issuer text, OUT receipt_number text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT r.order_no, l.issuer, coalesce(p.number, l.receipt_number)
    FROM transfers t
    JOIN journals j ON j.month = t.month AND j.id = t.journal_id
    LEFT JOIN lots l ON l.id = t.lot_id
    LEFT JOIN refunds f ON f.id = j.subject
    LEFT JOIN redemptions r ON r.id = coalesce(f.redemption_id, j.subject)
    LEFT JOIN returns b ON b.id = j.subject
    LEFT JOIN receipts p ON p.id = b.receipt_id
    WHERE t.month = asked_month AND t.id = asked_line
      AND (asking_unit() = ANY (j.sides) OR asking_unit() = '*');
END;
"""


def upgrade() -> None:
    """Create the table of returns, let a member read their debts, and a line of a return tell its receipt."""
    op.execute(RETURNS)
    op.execute(DEBTS)
    op.execute(ORIGIN)
