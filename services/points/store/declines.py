"""Declined wishes: counted for the unit, one by one, and for nothing else."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.changes import RedemptionDeclined
from services.points.store.noun import Noun


def _decline(cursor: Cursor, changes: Sequence[RedemptionDeclined]) -> None:
    execute_values(
        cursor,
        "INSERT INTO declines (id, unit, order_no, code, occurred_at, month) VALUES %s",
        [(one.id, one.unit, one.order_no, one.code, one.occurred_at, one.month) for one in changes],
        page_size=1000,
    )


DECLINES = Noun("decline", writers={RedemptionDeclined: _decline})
