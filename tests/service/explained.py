"""Questions that say what they cost: rows that tables hand out, blocks that are looked at."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from shared.runtime.database import Questions

_HANDED_OUT = """
SELECT coalesce(sum(coalesce(idx_tup_fetch, 0) + seq_tup_read), 0)::bigint AS rows
FROM pg_stat_xact_user_tables
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a read took: rows that the tables handed out, blocks that were looked at."""

    rows: int
    blocks: int


class Explained(Questions):
    """Asks as its like does, each statement explained beforehand."""

    def __init__(self, questions: Questions) -> None:
        super().__init__(questions._connection, questions.holder, questions.unit)
        self.blocks = 0

    def rows(self, sql: str, **parameters: Any) -> Sequence[Row[Any]]:
        """Ask, and count the blocks."""
        self._explain(sql, parameters)
        return super().rows(sql, **parameters)

    def row(self, sql: str, **parameters: Any) -> Row[Any] | None:
        """Ask, and count the blocks."""
        self._explain(sql, parameters)
        return super().row(sql, **parameters)

    def _explain(self, sql: str, parameters: Mapping[str, Any]) -> None:
        asked = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
        plan = self._connection.execute(asked, parameters).scalar_one()[0]["Plan"]
        self.blocks += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def cost(asking: Callable[[], AbstractContextManager[Questions]], ask: Callable[[Questions], Any]) -> Cost:
    """Ask and count, rows and blocks each in a transaction of its own."""
    with asking() as questions:
        before = questions.rows(_HANDED_OUT)[0].rows
        ask(questions)
        rows = questions.rows(_HANDED_OUT)[0].rows - before
    with asking() as questions:
        explained = Explained(questions)
        ask(explained)
    return Cost(rows, explained.blocks)
