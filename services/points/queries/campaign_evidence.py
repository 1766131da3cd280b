"""Evidence of campaigns: bonuses in receipts' terms beside what was drawn for them, budgets beside the rules.

Refuses to judge.
"""

from collections.abc import Iterator

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import PaperLook
from services.points.queries.scope import Scope

_GIVEN = """
SELECT count(*), min(name), fits
FROM (
    SELECT r.name, coalesce(d.amount, 0) = (r.given ->> 'points')::bigint AS fits
    FROM (SELECT id, name, CASE WHEN terms IS JSON THEN terms::json -> 'campaign' END AS given
          FROM receipts WHERE month = ANY (%(months)s) AND strpos(terms, '"campaign"') > 0) AS r
    LEFT JOIN draws d ON d.subject = r.id AND d."window" = r.given ->> 'version'
        AND d.name = concat('campaign:', r.given ->> 'code', ':', r.given ->> 'bearer')) AS seen
GROUP BY fits
"""
_DRAWN = """
SELECT count(*), min('draw of ' || d.subject::text),
       coalesce(CASE WHEN r.terms IS JSON
                     THEN (r.terms::json #>> '{campaign,points}')::bigint = d.amount END, false) AS fits
FROM draws d LEFT JOIN receipts r ON r.id = d.subject
WHERE starts_with(d.name, 'campaign:') GROUP BY fits
"""
_BUDGETS = """
SELECT count(*), min(b.name || ' version ' || b."window"),
       coalesce(b.total = (u.body::json ->> 'budget')::bigint, false) AS fits
FROM budgets b
LEFT JOIN rules u ON u.kind = 'campaign' AND u.subject = split_part(b.name, ':', 2)
    AND u.version::text = b."window" AND u.approved_at IS NOT NULL
WHERE starts_with(b.name, 'campaign:') GROUP BY fits
"""


def bonuses(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Hold the scope's bonuses against the draws; in the books of now also all draws, and budgets."""
    looks = list(_seen(cursor, _GIVEN, scope, "its bonus was not drawn from its campaign's budget"))
    if scope.ends_in is None:
        looks += _seen(cursor, _DRAWN, scope, "no receipt was given what was drawn")
        looks += _seen(cursor, _BUDGETS, scope, "the budget is not that of its rule")
    return looks


def _seen(cursor: Cursor, question: str, scope: Scope, told: str) -> Iterator[PaperLook]:
    cursor.execute(question, scope.parameters)
    for count, name, fits in cursor.fetchall():
        yield PaperLook(count, name, "" if fits else told)
