"""Gifts: each behind the holders of giver and receiver; what a holder began and gave on the business day."""

from collections.abc import Sequence
from datetime import date

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Fen, Points
from services.points.domain.books import LedgerBooks
from services.points.domain.gift import Gift, GiftDay, GiftGiven, GiftPrepared
from services.points.store.noun import Noun
from shared.kernel.calendar import day_of
from shared.runtime.memory import json_text

_BEHIND = """
SELECT g.id::text, p.identity FROM gifts g CROSS JOIN LATERAL (VALUES (g.giver), (g.receiver)) AS p(identity)
WHERE g.id = ANY (%s::uuid[]) AND g.is_known
"""
_READ = """
SELECT id::text, giver, receiver, asset, points, worth_fen, asked_at, expires_at, is_known, answer
FROM gifts WHERE id = ANY (%s::uuid[])
"""
# A gift is confirmed within minutes: what was given today was begun today or the day before.
_DAYS = """
SELECT w.holder_id::text, count(*) FILTER (WHERE g.day = %(day)s),
       coalesce(sum(g.worth_fen) FILTER (WHERE g.given_day = %(day)s), 0)::bigint
FROM gifts g JOIN wallets w ON w.id = g.giver_wallet_id
WHERE g.day >= %(day)s - 1 AND g.giver_wallet_id = ANY (ARRAY(
    SELECT id FROM wallets WHERE holder_id = ANY (ARRAY(
        SELECT holder_id FROM wallets WHERE identity = ANY (%(givers)s)))))
GROUP BY w.holder_id
"""


def _load(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    cursor.execute(_READ, (list(ids),))
    for id_, giver, receiver, asset, points, worth, asked_at, expires_at, known, answer in cursor.fetchall():
        given = None if answer is None else orjson.loads(answer)
        books.gifts[id_] = Gift(
            id_, giver, receiver, asset, Points(points), Fen(worth), asked_at, expires_at, known, given
        )
    givers = sorted({books.gifts[id_].giver for id_ in ids if id_ in books.gifts})
    if givers:
        _load_days(cursor, books, givers)


def _load_days(cursor: Cursor, books: LedgerBooks, givers: Sequence[str]) -> None:
    today: date = day_of(books.now)
    cursor.execute(_DAYS, {"day": today, "givers": list(givers)})
    for holder_id, begun, given_fen in cursor.fetchall():
        books.gift_days[holder_id] = GiftDay(begun, given_fen)


def _prepare(cursor: Cursor, changes: Sequence[GiftPrepared]) -> None:
    for one in changes:
        gift = one.gift
        cursor.execute(
            "INSERT INTO gifts (id, giver, giver_wallet_id, receiver, asset, points, worth_fen, asked_at,"
            " day, expires_at, is_known) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                gift.id,
                gift.giver,
                one.wallet_id,
                gift.receiver,
                gift.asset,
                gift.points,
                gift.worth_fen,
                gift.asked_at,
                one.day,
                gift.expires_at,
                gift.known,
            ),
        )


def _give(cursor: Cursor, changes: Sequence[GiftGiven]) -> None:
    for one in changes:
        cursor.execute(
            "UPDATE gifts SET given_at = %s, given_day = %s, month = %s, answer = %s WHERE id = %s",
            (one.at, one.day, one.month, json_text(one.answer), one.gift.id),
        )


GIFTS = Noun(
    "gift",
    load=_load,
    identities=_BEHIND,
    spends=True,
    writers={GiftPrepared: _prepare, GiftGiven: _give},
)
GIFT_DAYS = Noun("gift-day", load=_load_days)
