"""Check-ins: the last one of a member's wallet is read under its holder's lock; each is kept for ever."""

from collections.abc import Sequence

import orjson
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.books import LedgerBooks
from services.points.domain.check_in import CheckInKept, LastCheckIn
from services.points.store.noun import Noun
from shared.runtime.memory import json_text

_LAST = """
SELECT DISTINCT ON (k.wallet_id) k.wallet_id::text, k.day, k.streak, k.answer
FROM check_ins k WHERE k.wallet_id = ANY (ARRAY(SELECT id FROM wallets WHERE identity = ANY (%s)))
ORDER BY k.wallet_id, k.day DESC
"""


def _load(cursor: Cursor, books: LedgerBooks, members: Sequence[str]) -> None:
    cursor.execute(_LAST, (list(members),))
    for wallet_id, day, streak, answer in cursor.fetchall():
        books.check_ins[wallet_id] = LastCheckIn(day, streak, orjson.loads(answer))


def _keep(cursor: Cursor, changes: Sequence[CheckInKept]) -> None:
    execute_values(
        cursor,
        "INSERT INTO check_ins (id, wallet_id, day, streak, points, occurred_at, month, answer) VALUES %s",
        [
            (
                one.id,
                one.wallet_id,
                one.day,
                one.streak,
                one.points,
                one.occurred_at,
                one.month,
                json_text(one.answer),
            )
            for one in changes
        ],
        page_size=1000,
    )


CHECK_INS = Noun("check-in", load=_load, writers={CheckInKept: _keep})
