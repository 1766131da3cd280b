"""Audits on demand: asked for through any process, done by a worker, told by any process."""

from alembic import op

revision = "0033"
down_revision = "0032"

AUDITS = """
CREATE TABLE audits (
    id uuid PRIMARY KEY,
    asked_by text NOT NULL,
    unit text,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'asked'
        CONSTRAINT audits_state_known CHECK (state IN ('asked', 'running', 'done', 'failed')),
    attempts integer NOT NULL DEFAULT 0 CONSTRAINT audits_attempts_not_negative CHECK (attempts >= 0),
    told_at timestamptz,
    sees_at timestamptz,
    ended_at timestamptz,
    fetched_at timestamptz,
    report text CONSTRAINT audits_report_bounded CHECK (octet_length(report) <= 1048576),
    CONSTRAINT audits_ended_once_done_or_failed
        CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL)),
    CONSTRAINT audits_report_once_done
        CHECK ((state = 'done') = (report IS NOT NULL) AND (state = 'done') = (sees_at IS NOT NULL))
);
-- Whoever asks while their question waits joins it: it was not begun, so it will see the books of now.
CREATE UNIQUE INDEX audits_one_waiting ON audits (asked_by, unit) NULLS NOT DISTINCT WHERE state = 'asked';
CREATE INDEX audits_open ON audits (asked_at) WHERE ended_at IS NULL;
CREATE INDEX audits_asked_by ON audits (asked_by, asked_at);

-- Web and worker write as the desk; the auditor, as ever, only reads.
GRANT SELECT, INSERT, DELETE ON audits TO points_desk;
GRANT UPDATE (state, attempts, told_at, sees_at, ended_at, fetched_at, report) ON audits TO points_desk;
GRANT SELECT ON audits TO points_auditor, points_reader;

ALTER TABLE audits ENABLE ROW LEVEL SECURITY;
ALTER TABLE audits FORCE ROW LEVEL SECURITY;
CREATE POLICY audits_whole ON audits TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
-- What was written for a unit names nobody's rows; what was written for the group is the group's.
CREATE POLICY audits_own ON audits FOR SELECT TO points_reader
    USING (unit = asking_unit() OR asking_unit() = '*');
"""


def upgrade() -> None:
    """Create the table with its grants and policies."""
    op.execute(AUDITS)
