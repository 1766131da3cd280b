"""Errands have a lane, as in every service; texts have one for all."""

from alembic import op

from shared.runtime.frame import FRAME_LANES_1

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Give errands their lane."""
    op.execute(FRAME_LANES_1)
