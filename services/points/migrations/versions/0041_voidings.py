"""Voidings: a coupon's partner is asked to void it, and only then its points come back."""

from alembic import op

revision = "0041"
down_revision = "0040"

# The last door: a process of before that still gives a coupon's points back on a unit's word is stopped here.
# It stands before what came back is counted, so that nothing comes back in between.
STOPPED = """
CREATE FUNCTION refuse_unvoided() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM redemptions r JOIN vouchers v ON v.id = r.hold_id
               WHERE r.id = NEW.redemption_id
                 AND NOT EXISTS (SELECT 1 FROM voidings d
                                 WHERE d.voucher_id = v.id AND NEW.name = 'voiding ' || d.id)) THEN
        RAISE EXCEPTION 'redemption % paid for a coupon that is not void', NEW.redemption_id;
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION refuse_unvoided() FROM PUBLIC;
CREATE TRIGGER refuse_unvoided BEFORE INSERT ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_unvoided();
"""

# Before this, a unit gave a coupon's points back on its own word; how much that was is kept with the voucher.
GIVEN_BACK = """
UPDATE vouchers v SET given_back_fen = f.fen
FROM (SELECT redemption_id, max(refunded_fen) AS fen FROM refunds GROUP BY redemption_id) AS f
WHERE f.redemption_id = v.redemption_id;
"""

VOIDINGS = """
ALTER TABLE vouchers ADD COLUMN given_back_fen bigint NOT NULL DEFAULT 0;
CREATE TABLE voidings (
    id uuid PRIMARY KEY,
    voucher_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    unit text NOT NULL,
    asked_by text NOT NULL,
    reason text NOT NULL,
    asked_at timestamptz NOT NULL,
    month date NOT NULL,
    state text NOT NULL DEFAULT 'asked'
        CONSTRAINT voidings_state_known CHECK (state IN ('asked', 'voided', 'used', 'unknown')),
    settled_at timestamptz,
    settled_month date,
    refund_id uuid,
    CONSTRAINT voidings_whole_once_settled CHECK (
        (state = 'asked') = (settled_at IS NULL) AND (state = 'asked') = (settled_month IS NULL)
        AND (state = 'voided') = (refund_id IS NOT NULL))
);
-- One is under way or settled for ever; a coupon that its partner did not know may be asked for anew.
CREATE UNIQUE INDEX voidings_one_stands ON voidings (voucher_id) WHERE state <> 'unknown';
CREATE INDEX voidings_of_voucher ON voidings (voucher_id, id);
CREATE INDEX voidings_month ON voidings (month);
CREATE INDEX voidings_settled_month ON voidings (settled_month);
CREATE INDEX voidings_listed_by_state ON voidings (state, id);
CREATE INDEX voidings_of_unit ON voidings (unit, id);
CREATE INDEX voidings_of_unit_by_state ON voidings (unit, state, id);

GRANT SELECT, INSERT ON voidings TO points_desk;
GRANT UPDATE (state, settled_at, settled_month, refund_id) ON voidings TO points_desk;
GRANT SELECT ON voidings TO points_auditor, points_reader;

ALTER TABLE voidings ENABLE ROW LEVEL SECURITY;
ALTER TABLE voidings FORCE ROW LEVEL SECURITY;
CREATE POLICY voidings_whole ON voidings TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
CREATE POLICY voidings_own ON voidings FOR SELECT TO points_reader USING (
    wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())
    OR unit = asking_unit() OR (SELECT asking_unit() = '*'));
"""


def upgrade() -> None:
    """Create the table with its grants and policies, stop what goes past it, keep what came back before."""
    for text in (VOIDINGS, STOPPED, GIVEN_BACK):
        op.execute(text)
