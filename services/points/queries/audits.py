"""How an audit that was asked for stands, and what it found, for whoever waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.auditing import AuditState

# Sent together they are one transaction, which says first for whom it asks.
_SEEN = """
SELECT set_config('app.unit', %s, true), set_config('app.holder', '', true);
SELECT state, report FROM audits WHERE id = %s
"""


class Watched(NamedTuple):
    """A question for an audit, and for whom it is looked at: a unit, or `EVERY_UNIT`."""

    question: str
    unit: str


@dataclass(frozen=True, slots=True)
class AuditSeen:
    """How an audit stands; the report once it is done."""

    state: AuditState
    report: Mapping[str, Any] | None


def audits_seen(cursor: Cursor, watched: Sequence[Watched]) -> list[AuditSeen | None]:
    """Give how each stands, each behind its own policy; None where there is none that they may see.

    However many wait for one, it is looked at once.

    :param cursor: of a connection in which each message is a transaction.
    """
    seen = {one: _seen(cursor, one) for one in dict.fromkeys(watched)}
    return [seen[one] for one in watched]


def _seen(cursor: Cursor, watched: Watched) -> AuditSeen | None:
    cursor.execute(_SEEN, (watched.unit, watched.question))
    row = cursor.fetchone()
    if row is None:
        return None
    return AuditSeen(AuditState(row[0]), None if row[1] is None else orjson.loads(row[1]))
