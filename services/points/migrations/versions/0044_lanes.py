"""Errands have a lane: a partner that is silent makes nobody wait for another one."""

from alembic import op

from shared.runtime.frame import FRAME_LANES_1

revision = "0044"
down_revision = "0043"

# Those under way say whom they are for: one without a partner that is known is carried beside all lanes.
UNDER_WAY = """
UPDATE errands SET lane = coalesce(CASE WHEN body IS JSON THEN body::json ->> 'partner' END, '')
WHERE done_at IS NULL AND kind IN ('ask-partner', 'void-coupon');
"""


def upgrade() -> None:
    """Give errands their lane, those under way too."""
    for text in (FRAME_LANES_1, UNDER_WAY):
        op.execute(text)
