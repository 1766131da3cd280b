"""Evidence from names: of receipts, orders, what came back of them, composed anew of what they are made of.

A name is what makes an order one order, for ever: under another one it could be paid twice, a receipt could
earn twice, and what came back could come back again. The database spells a number as the domain does, or
nearly; what it would name otherwise the domain judges, one by one.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import PaperLook
from services.points.domain.naming import (
    capture_name,
    order_name,
    receipt_name_of_day,
    refund_name,
    return_name,
)
from services.points.queries.scope import Scope

FETCHED = 5_000
# No number is spelled with these small letters.
_AGAIN = re.compile(r"\|again [0-9a-f-]{36}$")
_SPELLED = r"""
replace(replace(btrim(CASE WHEN octet_length({0}) = length({0}) THEN upper({0} COLLATE "C")
                           ELSE normalize(upper(normalize({0}, NFKC)), NFKC) END), '\', '\\'), '|', '\|')
"""


def _judged(parts: str, expected: str, rows: str) -> str:
    """Give the parts of a name only where it is another one: what is sound costs the comparison alone."""
    return f"""
        SELECT name, CASE WHEN name IS DISTINCT FROM expected THEN ARRAY[{parts}] END AS parts
        FROM (SELECT *, {expected} AS expected FROM ({rows}) AS found) AS composed
    """  # noqa: S608 - its parts are constants of this file


def _numbered(kind: str, number: str) -> str:
    return f"'{kind} ' || unit || '|' || {_SPELLED.format(number)}"


_RECEIPTS = _judged(
    "'receipt', unit, store, number, day",
    f"{_numbered('receipt', 'store')} || '|' || {_SPELLED.format('number')} || '|' || day",
    "SELECT name, unit, store, number, (purchased_at AT TIME ZONE 'Asia/Shanghai')::date::text AS day"
    " FROM receipts WHERE month = ANY (%(months)s)",
)
_ORDERS = _judged(
    "'order', unit, order_no",
    _numbered("order", "order_no"),
    "SELECT name, unit, order_no FROM redemptions WHERE month = ANY (%(months)s) AND hold_id IS NULL",
)
_CAPTURES = _judged(
    "'capture', hold_id::text, capture_no",
    f"'capture ' || hold_id || '|' || {_SPELLED.format('capture_no')}",
    "SELECT name, hold_id, CASE WHEN answer IS JSON THEN answer::json ->> 'capture_no' END AS capture_no"
    " FROM redemptions WHERE month = ANY (%(months)s) AND hold_id IS NOT NULL",
)
# What a voucher puts on hold is named by that, what a voiding brings back likewise: they are held against it.
_HELD = _judged(
    "'order', unit, order_no",
    f"CASE WHEN name = 'voucher ' || id THEN name ELSE {_numbered('order', 'order_no')} END",
    "SELECT name, id, unit, order_no FROM holds WHERE month = ANY (%(months)s)",
)
_REFUNDS = _judged(
    "'refund', unit, refund_no",
    f"CASE WHEN name = 'voiding ' || voiding_id THEN name ELSE {_numbered('refund', 'refund_no')} END",
    "SELECT f.name, f.unit, f.refund_no, v.id AS voiding_id"
    " FROM refunds f LEFT JOIN voidings v ON v.refund_id = f.id WHERE f.month = ANY (%(months)s)",
)
_RETURNS = _judged(
    "'return', unit, return_no",
    _numbered("return", "return_no"),
    "SELECT name, unit, return_no FROM returns WHERE month = ANY (%(months)s)",
)
_ALL = (_RECEIPTS, _ORDERS, _CAPTURES, _HELD, _REFUNDS, _RETURNS)
_NAMES = f"""
SELECT count(*), min(name), parts FROM ({" UNION ALL ".join(_ALL)}) AS seen
GROUP BY parts, CASE WHEN parts IS NOT NULL THEN name END
"""  # noqa: S608 - its parts are constants of this file
_COMPOSED: Mapping[str, Callable[..., str]] = {
    "receipt": lambda unit, store, number, day: receipt_name_of_day(
        unit, store, number, date.fromisoformat(day)
    ),
    "order": order_name,
    "capture": capture_name,
    "refund": refund_name,
    "return": return_name,
}


def names(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Compose every name of the scope anew; sound ones are one look."""
    looks: list[PaperLook] = []
    sound, example = 0, ""
    with cursor.connection.cursor(name="names_of_orders") as stream:
        stream.itersize = FETCHED
        stream.execute(_NAMES, scope.parameters)
        for count, name, parts in stream:
            if parts is None or _fits(name, *parts):
                sound, example = sound + count, min(example or name, name)
            else:
                looks.append(PaperLook(count, name, "it is not the name of its number"))
    return [PaperLook(sound, example, ""), *looks] if sound else looks


def _fits(name: str, kind: str, *parts: str | None) -> bool:
    if None in parts:
        return False
    composed = _COMPOSED[kind](*parts)
    # A receipt that was accepted beside another one goes by its doubt, against which that is held.
    return name == composed or (kind == "receipt" and _AGAIN.sub("", name) == composed)
