"""Lists newest first, a page after the other, each over an index that holds them in that order.

Whole rows are compared, not column by column: a planner that knows the columns to be constant walks the ids
of everybody instead, and reads all books where a unit's rows lie far back. Refuses to say what may be seen:
policies do.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shared.kernel.ids import AFTER_ALL
from shared.runtime.database import EVERY_UNIT, Questions


class Newest(NamedTuple):
    """Which rows of a table are a page: what stands behind WHERE, and its parameters."""

    rows: str
    parameters: Mapping[str, Any]


def newest(
    questions: Questions, of: Mapping[str, str | None], limit: int, after: Sequence[str] | None
) -> Newest:
    """Choose a page of the rows that the asker's unit may see, by id downwards.

    :param of: what the rows must be, by columns that an index holds in this order behind `unit` (or, for who
        sees every unit, at its beginning) and before `id`; None is whatever they are.
    :param after: the id of the last row of the page before.
    """
    unit = None if questions.unit == EVERY_UNIT else questions.unit
    told = {name: value for name, value in {"unit": unit, **of}.items() if value is not None}
    names, values = [*told], [f":{name}" for name in told]
    floor = f"({', '.join(names)}) >= ({', '.join(values)}) AND " if told else ""
    place = f"({', '.join((*names, 'id'))}) < ({', '.join((*values, 'CAST(:before AS uuid)'))})"
    order = ", ".join(f"{name} DESC" for name in (*names, "id"))
    before = after[0] if after else AFTER_ALL
    return Newest(f"{floor}{place} ORDER BY {order} LIMIT :limit", {**told, "before": before, "limit": limit})
