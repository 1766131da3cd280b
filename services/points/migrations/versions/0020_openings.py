"""Opening balances: sheets that two persons stand for, and their lines."""

from alembic import op

revision = "0020"
down_revision = "0019"

TABLES = """
CREATE TABLE opening_sheets (
    id uuid PRIMARY KEY,
    unit text NOT NULL,
    digest text NOT NULL,
    lines bigint NOT NULL CONSTRAINT opening_sheets_lines_positive CHECK (lines > 0),
    points bigint NOT NULL CONSTRAINT opening_sheets_points_positive CHECK (points > 0),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    CONSTRAINT opening_sheets_second_person CHECK (approved_by <> asked_by),
    CONSTRAINT opening_sheets_approved_by_somebody CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

CREATE TABLE openings (
    name text PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT openings_id_once UNIQUE,
    sheet_id uuid NOT NULL,
    unit text NOT NULL,
    reference text NOT NULL,
    wallet_id uuid NOT NULL,
    points bigint NOT NULL CONSTRAINT openings_points_positive CHECK (points > 0),
    earned_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    month date NOT NULL,
    answer text NOT NULL,
    CONSTRAINT openings_end_after_beginning CHECK (earned_at < expires_at)
);
CREATE INDEX openings_sheet ON openings (sheet_id);
CREATE INDEX openings_month ON openings USING brin (month);
"""

GRANTS = """
GRANT SELECT, INSERT ON opening_sheets, openings TO points_desk;
GRANT UPDATE (approved_by, approved_at) ON opening_sheets TO points_desk;
GRANT SELECT ON opening_sheets, openings TO points_auditor, points_reader;
"""

OWN = {
    "opening_sheets": "unit = asking_unit() OR asking_unit() = '*'",
    "openings": "wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())"
    " OR unit = asking_unit() OR asking_unit() = '*'",
}


def upgrade() -> None:
    """Create both tables with their grants and policies."""
    for text in (TABLES, GRANTS):
        op.execute(text)
    for table, own in OWN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_whole ON {table} TO points_owner, points_desk, points_auditor"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"CREATE POLICY {table}_own ON {table} FOR SELECT TO points_reader USING ({own})")
