"""Add up what units come to owe each other in a month, and have it told once where that is over the limit.

Each line is read once: whoever takes a number for a line commits within seconds, so what lies below the
highest number of a minute ago is complete. A process that starts begins anew with the months that are not
sealed and the one sealed last. Refuses to stop anybody: an exchange is stopped by its limit.
"""

import time
from collections import Counter, deque
from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
import structlog
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from services.points.commands.alert_pair import AlertPair
from services.points.domain.amounts import CNY_PER_FEN
from services.points.domain.pair import Pair, is_over
from services.points.store.rules import RulebookShelf
from shared.kernel.command import Asked, Obey
from shared.runtime.clock import mint_id, now
from shared.runtime.metrics import PAIR_ALERTS

log = structlog.get_logger("pairs")

SETTLED_S = 60.0
TOLD = ("month", "issuer", "unit", "amount_fen", "most_fen")
_RULES = "SELECT version FROM latches WHERE noun = 'rulebook' AND id = 'group'"
_MONTHS = """
SELECT month, state = 'sealed' FROM months
WHERE state <> 'sealed' OR month = (SELECT max(month) FROM months WHERE state = 'sealed')
"""
_HIGHEST = "SELECT id FROM transfers WHERE month = %s ORDER BY id DESC LIMIT 1"
_CLAIMS = """
SELECT a.unit, b.unit, j.kind = 'refund', sum(t.amount)::bigint
FROM transfers t
JOIN journals j ON j.month = t.month AND j.id = t.journal_id
JOIN accounts a ON a.id = t.from_account AND a.role = 'clearing'
JOIN accounts b ON b.id = t.to_account AND b.role = 'clearing'
WHERE t.month = %s AND t.id > %s AND t.id <= %s AND t.asset = 'CNY'
GROUP BY 1, 2, 3
"""


class PairWatch:
    """Knows what pairs have come to in the months it watches, as far as that is settled.

    :param settled_s: after how many seconds nothing appears any more below the highest number seen.
    """

    def __init__(self, obey: Obey, settled_s: float = SETTLED_S) -> None:
        self._obey = obey
        self._settled_s = settled_s
        self._shelf = RulebookShelf()
        self._months: dict[date, MonthsClaims] = {}
        self._told: set[str] = set()

    def step(self, connection: Connection) -> Mapping[str, Any] | None:
        """Add up what is new and have told what is over; give how many were told of, or nothing."""
        with connection, connection.cursor() as cursor:
            cursor.execute(_RULES)
            rulebook, _ = self._shelf.at(cursor, cursor.fetchone()[0])
            most = rulebook.exchange_terms(now()).pair_month_points
            if most is None:
                return None
            self._add_up(cursor)
        over = [
            AlertPair(Asked(mint_id()), pair, fen)
            for one in self._months.values()
            for pair, fen in one.pairs()
            if pair.name not in self._told and is_over(fen, most)
        ]
        return self._tell(over) if over else None

    def _add_up(self, cursor: Cursor) -> None:
        cursor.execute(_MONTHS)
        months = dict(cursor.fetchall())
        self._months = {month: self._months.get(month) or MonthsClaims(month) for month in months}
        for month, is_sealed in months.items():
            self._months[month].add_up(cursor, 0.0 if is_sealed else self._settled_s)

    def _tell(self, over: list[AlertPair]) -> Mapping[str, Any] | None:
        told = 0
        for command, answer in zip(over, self._obey(over), strict=True):
            if answer.json is None:
                continue
            self._told.add(command.pair.name)
            facts = orjson.loads(answer.json)
            if facts["alerted"]:
                told += 1
                log.warning("pair.alerted", **{name: facts[name] for name in TOLD})
                PAIR_ALERTS.inc()
        return {"alerted": told} if told else None


class MonthsClaims:
    """What units owe each other in one month, up to a line; `marks` are lines that will be settled."""

    def __init__(self, month: date) -> None:
        self._month = month
        self._upto = 0
        self._marks: deque[tuple[float, int]] = deque()
        self._money: Counter[tuple[str, str]] = Counter()

    def add_up(self, cursor: Cursor, settled_s: float) -> None:
        """Add what is settled by now and was not before."""
        cursor.execute(_HIGHEST, (self._month,))
        (highest,) = cursor.fetchone() or (0,)
        present, upto = time.monotonic(), self._upto
        self._marks.append((present, highest))
        while self._marks and present - self._marks[0][0] >= settled_s:
            upto = self._marks.popleft()[1]
        if upto > self._upto:
            cursor.execute(_CLAIMS, (self._month, self._upto, upto))
            for issuer, unit, goes_back, amount in cursor.fetchall():
                if goes_back:
                    # What a refund reverses was the other one's claim, and is none any more.
                    self._money[unit, issuer] -= amount
                else:
                    self._money[issuer, unit] += amount
            self._upto = upto

    def pairs(self) -> list[tuple[Pair, int]]:
        """Give each pair with what it has come to, in fen."""
        return [
            (Pair(self._month, issuer, unit), amount // CNY_PER_FEN)
            for (issuer, unit), amount in self._money.items()
        ]
