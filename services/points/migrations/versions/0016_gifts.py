"""Gifts from member to member: begun on a day, confirmed by a code, passed once."""

from alembic import op

revision = "0016"
down_revision = "0015"

GIFTS = """
CREATE TABLE gifts (
    id uuid PRIMARY KEY,
    giver text NOT NULL,
    giver_wallet_id uuid NOT NULL,
    receiver text NOT NULL,
    asset text NOT NULL,
    points bigint NOT NULL CONSTRAINT gifts_points_positive CHECK (points > 0),
    worth_fen bigint NOT NULL CONSTRAINT gifts_worth_not_negative CHECK (worth_fen >= 0),
    asked_at timestamptz NOT NULL,
    day date NOT NULL,
    expires_at timestamptz NOT NULL,
    is_known boolean NOT NULL,
    given_at timestamptz,
    given_day date,
    month date,
    answer text,
    CONSTRAINT gifts_between_two CHECK (giver <> receiver),
    CONSTRAINT gifts_whole_once_given CHECK (
        (given_at IS NULL) = (answer IS NULL) AND (given_at IS NULL) = (given_day IS NULL)
        AND (given_at IS NULL) = (month IS NULL))
);
CREATE INDEX gifts_day ON gifts (giver_wallet_id, day);
CREATE INDEX gifts_month ON gifts (month);

GRANT SELECT, INSERT ON gifts TO points_desk;
GRANT UPDATE (given_at, given_day, month, answer) ON gifts TO points_desk;
GRANT SELECT ON gifts TO points_auditor, points_reader;

ALTER TABLE gifts ENABLE ROW LEVEL SECURITY;
ALTER TABLE gifts FORCE ROW LEVEL SECURITY;
CREATE POLICY gifts_whole ON gifts TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
-- The giver alone: whom somebody gives to is nobody else's to read.
CREATE POLICY gifts_own ON gifts FOR SELECT TO points_reader USING (
    giver_wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder()));
"""


def upgrade() -> None:
    """Create the table with its grants and policies."""
    op.execute(GIFTS)
