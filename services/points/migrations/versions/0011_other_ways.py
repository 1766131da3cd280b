"""Other ways in: check-ins of members, grants and deductions by hand that two persons stand for."""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
CREATE TABLE check_ins (
    wallet_id uuid NOT NULL,
    day date NOT NULL,
    id uuid NOT NULL CONSTRAINT check_ins_id_once UNIQUE,
    streak bigint NOT NULL CONSTRAINT check_ins_streak_positive CHECK (streak > 0),
    points bigint NOT NULL CONSTRAINT check_ins_points_positive CHECK (points > 0),
    occurred_at timestamptz NOT NULL,
    month date NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (wallet_id, day)
);
CREATE INDEX check_ins_month ON check_ins USING brin (month);

CREATE TABLE adjustments (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    unit text NOT NULL,
    identity text NOT NULL,
    points bigint NOT NULL CONSTRAINT adjustments_points_positive CHECK (points > 0),
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL,
    decided_by text,
    decided_at timestamptz,
    remark text,
    month date,
    CONSTRAINT adjustments_kind_known CHECK (kind IN ('grant', 'deduction')),
    CONSTRAINT adjustments_state_known CHECK (state IN ('open', 'approved', 'rejected')),
    CONSTRAINT adjustments_second_person CHECK (state <> 'approved' OR decided_by <> asked_by),
    CONSTRAINT adjustments_decided_by_somebody
        CHECK ((state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)),
    CONSTRAINT adjustments_booked_once_approved CHECK ((state = 'approved') = (month IS NOT NULL))
);
CREATE INDEX adjustments_month ON adjustments (month);
"""

GRANTS = """
GRANT SELECT, INSERT ON check_ins, adjustments TO points_desk;
GRANT UPDATE (state, decided_by, decided_at, remark, month) ON adjustments TO points_desk;
GRANT SELECT ON check_ins, adjustments TO points_auditor, points_reader;
"""

OWN = {
    "check_ins": "wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())"
    " OR asking_unit() = '*'",
    "adjustments": "unit = asking_unit() OR asking_unit() = '*'",
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
