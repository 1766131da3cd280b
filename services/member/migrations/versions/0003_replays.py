"""Replays: events of the archive leave again, where a broker lost its log."""

from alembic import op

from shared.runtime.replays import FRAME_REPLAYS_1

revision = "0003"
down_revision = "0002"

GRANTS = """
GRANT SELECT, INSERT ON outbox_replays TO member_desk;
GRANT SELECT, UPDATE (next_id, sent, unsendable, ended_at) ON outbox_replays TO member_relay;
GRANT SELECT ON outbox_replays TO member_auditor;
"""


def upgrade() -> None:
    """Create the table of replays and the archive's index by id."""
    for text in (FRAME_REPLAYS_1, GRANTS):
        op.execute(text)
