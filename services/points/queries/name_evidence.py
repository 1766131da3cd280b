"""Evidence from names: of orders and captures, composed anew from the numbers that they were made of.

A name is what makes an order one order, for ever: under another one it could be paid twice. The database
spells a number as the domain does, or nearly; what it would name otherwise the domain judges, one by one.
"""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import PaperLook
from services.points.domain.naming import capture_name, order_name
from services.points.queries.scope import Scope

FETCHED = 5_000
_SPELLED = r"""
replace(replace(btrim(CASE WHEN octet_length({0}) = length({0}) THEN upper({0} COLLATE "C")
                           ELSE normalize(upper(normalize({0}, NFKC)), NFKC) END), '\', '\\'), '|', '\|')
"""
_ORDERED = f"'order ' || unit || '|' || {_SPELLED.format('order_no')}"
# A hold for a voucher is named by that, which is held against the voucher.
_NAMES = f"""
SELECT count(*), min(name), parts
FROM (
    SELECT name, CASE WHEN name IS DISTINCT FROM expected THEN ARRAY[unit, number, hold] END AS parts
    FROM (
        SELECT name, unit, order_no AS number, NULL AS hold, {_ORDERED} AS expected
        FROM redemptions WHERE month = ANY (%(months)s) AND hold_id IS NULL
        UNION ALL
        SELECT name, unit, capture_no, hold_id::text,
               'capture ' || hold_id || '|' || {_SPELLED.format("capture_no")}
        FROM (SELECT name, unit, hold_id,
                     CASE WHEN answer IS JSON THEN answer::json ->> 'capture_no' END AS capture_no
              FROM redemptions WHERE month = ANY (%(months)s) AND hold_id IS NOT NULL) AS captures
        UNION ALL
        SELECT name, unit, order_no, NULL,
               CASE WHEN name = 'voucher ' || id THEN name ELSE {_ORDERED} END
        FROM holds WHERE month = ANY (%(months)s)) AS composed) AS seen
GROUP BY parts, CASE WHEN parts IS NOT NULL THEN name END
"""  # noqa: S608 - its parts are constants of this file


def names(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Compose the name of every order and capture of the scope anew; sound ones are one look."""
    looks: list[PaperLook] = []
    sound, example = 0, ""
    with cursor.connection.cursor(name="names_of_orders") as stream:
        stream.itersize = FETCHED
        stream.execute(_NAMES, scope.parameters)
        for count, name, parts in stream:
            if parts is None or name == _composed(parts):
                sound, example = sound + count, min(example or name, name)
            else:
                looks.append(PaperLook(count, name, "it is not the name of its number"))
    return [PaperLook(sound, example, ""), *looks] if sound else looks


def _composed(parts: Sequence[str | None]) -> str | None:
    unit, number, hold = parts
    if unit is None or number is None:
        return None
    return order_name(unit, number) if hold is None else capture_name(hold, number)
