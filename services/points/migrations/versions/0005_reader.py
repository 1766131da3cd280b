"""What readers may see: the figures of the group for the group; nothing of keys, systems, parked events."""

from alembic import op

revision = "0005"
down_revision = "0004"

READER = """
-- Claims between all units stand in here.
ALTER TABLE summaries ENABLE ROW LEVEL SECURITY;
ALTER TABLE summaries FORCE ROW LEVEL SECURITY;
CREATE POLICY summaries_whole ON summaries TO points_owner, points_desk, points_auditor
    USING (true) WITH CHECK (true);
CREATE POLICY summaries_own ON summaries FOR SELECT TO points_reader USING (asking_unit() = '*');
-- No query asks for these.
REVOKE SELECT ON clients, signing_keys, parked FROM points_reader;
"""


def upgrade() -> None:
    """Put the group's figures behind a policy and take back what readers do not need."""
    op.execute(READER)
