"""Errands: those that were done are swept by age, found by when that was."""

from alembic import op

from shared.runtime.frame import FRAME_ERRANDS_1

revision = "0005"
down_revision = "0004"

GRANTS = "GRANT DELETE ON errands TO member_desk;"


def upgrade() -> None:
    """Create the index, and let the desk's broom delete."""
    for text in (FRAME_ERRANDS_1, GRANTS):
        op.execute(text)
