"""Replays: events of the archive leave again, where a broker lost its log."""

from alembic import op

from shared.runtime.replays import FRAME_REPLAYS_1

revision = "0009"
down_revision = "0008"

GRANTS = """
GRANT SELECT, INSERT ON outbox_replays TO points_desk;
GRANT SELECT, UPDATE (next_id, sent, unsendable, ended_at) ON outbox_replays TO points_relay;
GRANT SELECT ON outbox_replays TO points_auditor;
"""


def upgrade() -> None:
    """Create the table of replays and the archive's index by id."""
    for text in (FRAME_REPLAYS_1, GRANTS):
        op.execute(text)
