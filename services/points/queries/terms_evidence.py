"""Evidence from terms: what receipts earned against what the version they name makes of their amounts.

Receipts of one unit, amount, outcome and terms are one look; they are streamed, however many there are.
Refuses to say how much a day's caps had left: what they cut stands in the terms, and adds up with the points.
"""

from collections.abc import Iterator
from datetime import datetime

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.assessment import misfit
from services.points.domain.earning import Terms
from services.points.domain.looks import PaperLook
from services.points.domain.rulebook import Rulebook
from services.points.queries.scope import Scope
from services.points.store.rules import list_approved

FETCHED = 5_000
_TERMS = """
SELECT count(*), min(name), unit, amount_fen, points, terms, min(purchased_at), max(purchased_at)
FROM receipts WHERE month = ANY (%(months)s) GROUP BY unit, amount_fen, points, terms
"""
_EARLY = """
SELECT count(*), min(name) FROM receipts
WHERE month = ANY (%(months)s) AND unit = %(unit)s AND purchased_at < %(began)s
  AND CASE WHEN terms IS JSON THEN terms::json ->> 'rule' END = %(rule)s
"""
# A version approved later than the receipt was posted did not bind it; a minute, for desks that were at work.
_OUTLIVED = """
SELECT count(DISTINCT r.id), min(r.name)
FROM receipts r
JOIN journals j ON j.subject = r.id AND j.month = r.month AND j.kind = 'earning'
JOIN rules u ON u.kind = 'earn' AND u.subject = r.unit AND u.valid_from > %(began)s
    AND u.valid_from <= r.purchased_at AND u.approved_at < j.posted_at - interval '1 minute'
WHERE r.month = ANY (%(months)s) AND r.unit = %(unit)s AND r.purchased_at >= %(ended)s
  AND CASE WHEN r.terms IS JSON THEN r.terms::json ->> 'rule' END = %(rule)s
"""

Spans = dict[tuple[str, int], tuple[datetime, datetime]]


def terms(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Recompute every receipt of the scope under its terms; sound ones are one look."""
    rulebook = Rulebook(tuple(list_approved(cursor)))
    looks: list[PaperLook] = []
    spans: Spans = {}
    sound, example = 0, ""
    with cursor.connection.cursor(name="terms_of_receipts") as stream:
        stream.itersize = FETCHED
        stream.execute(_TERMS, scope.parameters)
        for count, name, unit, amount_fen, points, kept, first, last in stream:
            found = _read(kept)
            told = misfit(rulebook, unit, amount_fen, points, found) if found else "its terms cannot be read"
            if told or found is None:
                looks.append(PaperLook(count, name, told))
                continue
            sound, example = sound + count, min(example or name, name)
            span = spans.get((unit, found.rule), (first, last))
            spans[unit, found.rule] = (min(span[0], first), max(span[1], last))
    looks.extend(_misplaced(cursor, scope, rulebook, spans))
    return [PaperLook(sound, example, ""), *looks] if sound else looks


def _read(kept: str) -> Terms | None:
    try:
        return Terms.read(orjson.loads(kept))
    except (ValueError, KeyError, TypeError):
        return None


def _misplaced(cursor: Cursor, scope: Scope, rulebook: Rulebook, spans: Spans) -> Iterator[PaperLook]:
    """Find receipts paid before their version began, or when another one was known to be in force."""
    for (unit, version), (first, last) in spans.items():
        began, ended = rulebook.reign(unit, version)
        facts = {**scope.parameters, "unit": unit, "rule": str(version), "began": began, "ended": ended}
        if first < began:
            cursor.execute(_EARLY, facts)
            count, name = cursor.fetchone() or (0, "")
            yield PaperLook(count, name, f"version {version} of its rule had not begun")
        if ended is not None and last >= ended:
            cursor.execute(_OUTLIVED, facts)
            count, name = cursor.fetchone() or (0, "")
            if count:
                yield PaperLook(count, name, f"version {version} of its rule was in force no more")
