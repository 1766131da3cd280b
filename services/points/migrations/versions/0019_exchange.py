"""Exchange: quotes that lock a rate, and the exchanges that carried them out, at most one each."""

from alembic import op

revision = "0019"
down_revision = "0018"

PINNED = """
    from_asset text NOT NULL,
    to_asset text NOT NULL,
    points bigint NOT NULL,
    given bigint NOT NULL,
    value_fen bigint NOT NULL,
    fee_fen bigint NOT NULL,
    residual_fen bigint NOT NULL,
    in_numerator bigint NOT NULL,
    in_denominator bigint NOT NULL,
    out_numerator bigint NOT NULL,
    out_denominator bigint NOT NULL,
    pair_numerator bigint,
    pair_denominator bigint,
    fee_bp bigint NOT NULL,
    quoted_at timestamptz NOT NULL,
"""

QUOTES = f"""
CREATE TABLE quotes (
    id uuid PRIMARY KEY,
    identity text NOT NULL,
    rules_known bigint NOT NULL,
    expires_at timestamptz NOT NULL,
{PINNED}
    CONSTRAINT quotes_given_positive CHECK (points > 0 AND given > 0),
    CONSTRAINT quotes_value_covers_fee_and_residual
        CHECK (fee_fen >= 0 AND residual_fen >= 0 AND value_fen >= fee_fen + residual_fen)
);
CREATE INDEX quotes_expires_at ON quotes USING brin (expires_at);

CREATE TABLE exchanges (
    id uuid PRIMARY KEY,
    quote_id uuid NOT NULL CONSTRAINT exchanges_quote_used_once UNIQUE,
    holder_id uuid NOT NULL,
    day date NOT NULL,
    occurred_at timestamptz NOT NULL,
    month date NOT NULL,
    answer text NOT NULL,
{PINNED}
    CONSTRAINT exchanges_given_positive CHECK (points > 0 AND given > 0),
    CONSTRAINT exchanges_value_covers_fee_and_residual
        CHECK (fee_fen >= 0 AND residual_fen >= 0 AND value_fen >= fee_fen + residual_fen)
);
CREATE INDEX exchanges_holder_day ON exchanges (holder_id, day);
CREATE INDEX exchanges_month ON exchanges USING brin (month);
"""

GRANTS = """
GRANT SELECT, INSERT ON quotes, exchanges TO points_desk;
GRANT DELETE ON quotes TO points_desk;
GRANT SELECT ON quotes, exchanges TO points_auditor;
GRANT SELECT ON exchanges TO points_reader;
"""

OWN = (
    "holder_id = asking_holder()"
    " OR holder_id IN (SELECT first_holder_id FROM wallets WHERE holder_id = asking_holder())"
    " OR asking_unit() = '*'"
)


def upgrade() -> None:
    """Create quotes and exchanges; members read their own exchanges, the group reads all."""
    for text in (QUOTES, GRANTS):
        op.execute(text)
    op.execute("ALTER TABLE exchanges ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE exchanges FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY exchanges_whole ON exchanges TO points_owner, points_desk, points_auditor"
        " USING (true) WITH CHECK (true)"
    )
    op.execute(f"CREATE POLICY exchanges_own ON exchanges FOR SELECT TO points_reader USING ({OWN})")
