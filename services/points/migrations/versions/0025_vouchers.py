"""Vouchers of outside partners: asked for, issued or refused; the codes of coupons apart, sealed."""

from alembic import op

revision = "0025"
down_revision = "0024"

VOUCHERS = """
CREATE TABLE vouchers (
    -- The hold that pays a voucher has the same id.
    id uuid PRIMARY KEY,
    member text NOT NULL,
    wallet_id uuid NOT NULL,
    offer text NOT NULL,
    offer_version bigint NOT NULL,
    partner text NOT NULL,
    unit text NOT NULL,
    price_fen bigint NOT NULL CONSTRAINT vouchers_price_positive CHECK (price_fen > 0),
    asked_at timestamptz NOT NULL,
    ask_until timestamptz NOT NULL,
    day date NOT NULL,
    month date NOT NULL,
    state text NOT NULL DEFAULT 'asked'
        CONSTRAINT vouchers_state_known CHECK (state IN ('asked', 'issued', 'refused')),
    settled_at timestamptz,
    settled_month date,
    redemption_id uuid,
    valid_until timestamptz,
    reason text,
    CONSTRAINT vouchers_whole_once_settled CHECK (
        (state = 'asked') = (settled_at IS NULL) AND (state = 'asked') = (settled_month IS NULL)
        AND (state = 'issued') = (redemption_id IS NOT NULL)
        AND (state = 'issued') = (valid_until IS NOT NULL)
        AND (state = 'refused') = (reason IS NOT NULL))
);
CREATE INDEX vouchers_day ON vouchers (wallet_id, day);
CREATE INDEX vouchers_month ON vouchers (month);
CREATE INDEX vouchers_settled_month ON vouchers (settled_month);
CREATE INDEX vouchers_waiting ON vouchers (asked_at) WHERE state = 'asked';

CREATE TABLE voucher_codes (
    voucher_id uuid PRIMARY KEY,
    wallet_id uuid NOT NULL,
    sealed bytea NOT NULL
);

GRANT SELECT, INSERT ON vouchers, voucher_codes TO points_desk;
GRANT UPDATE (state, settled_at, settled_month, redemption_id, valid_until, reason) ON vouchers
    TO points_desk;
GRANT SELECT ON vouchers, voucher_codes TO points_auditor, points_reader;

ALTER TABLE vouchers ENABLE ROW LEVEL SECURITY;
ALTER TABLE vouchers FORCE ROW LEVEL SECURITY;
CREATE POLICY vouchers_whole ON vouchers TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
CREATE POLICY vouchers_own ON vouchers FOR SELECT TO points_reader USING (
    wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())
    OR unit = asking_unit() OR asking_unit() = '*');

ALTER TABLE voucher_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE voucher_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY voucher_codes_whole ON voucher_codes TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
-- Whoever has the code has the ride: the member alone, not the unit that sold it.
CREATE POLICY voucher_codes_own ON voucher_codes FOR SELECT TO points_reader USING (
    wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder()));
"""


def upgrade() -> None:
    """Create the tables with their grants and policies."""
    op.execute(VOUCHERS)
