"""Evidence from papers: statements and summary of a sealed month against a fresh fold of its journals."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import PaperLook
from services.points.domain.statement import CrookedFold, claims, statements, summary
from services.points.queries.month_fold import kept_fold
from services.points.queries.scope import Scope

UNREADABLE = "its figures cannot be read"
_STATEMENTS = "SELECT id::text, unit, net_fen, figures FROM statements WHERE month = %s ORDER BY unit"
_SUMMARY = """
SELECT s.figures, c.rounding_cny FROM closings c LEFT JOIN summaries s ON s.month = c.month WHERE c.month = %s
"""


def statement_papers(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Hold what was stated of a month that has a snapshot against what its journals fold to.

    Statements are issued before the snapshot is taken, so that one of them that is missing is gone.
    """
    month = scope.ends_in
    cursor.execute(_SUMMARY, (month,))
    kept = cursor.fetchone()
    if month is None or kept is None:
        return []
    cursor.execute(_STATEMENTS, (month,))
    stated = {unit: (id_, net_fen, figures) for id_, unit, net_fen, figures in cursor.fetchall()}
    fold = kept_fold(cursor, month)
    try:
        expected = {one["unit"]: one for one in statements(fold)}
        group = summary(fold)
    except CrookedFold as crooked:
        return [PaperLook(1, f"month {month:%Y-%m}", str(crooked))]
    looks = [_group_look(month, group, kept[0], claims(fold.flows).rounding_cny, kept[1])]
    units = sorted({*expected, *stated})
    return [*looks, *(_unit_look(month, unit, expected.get(unit), stated.get(unit)) for unit in units)]


def _group_look(
    month: date, expected: Mapping[str, Any], figures: str | None, rounding_cny: int, kept_cny: int
) -> PaperLook:
    if figures is None:
        return PaperLook(1, f"summary of {month:%Y-%m}", "it is missing")
    told = list(_differences("", expected, _read(figures)))
    if rounding_cny != kept_cny:
        told.append(f"rounding {kept_cny} instead of {rounding_cny}")
    return PaperLook(1, f"summary of {month:%Y-%m}", "; ".join(told))


def _unit_look(
    month: date, unit: str, expected: Mapping[str, Any] | None, kept: tuple[str, int, str] | None
) -> PaperLook:
    name = f"statement of {unit} for {month:%Y-%m}"
    if expected is None or kept is None:
        return PaperLook(1, name, "there is no such unit" if expected is None else "it is missing")
    id_, net_fen, text = kept
    told = list(_differences("", {**expected, "id": id_}, _read(text)))
    if net_fen != expected["net_fen"]:
        told.append(f"net_fen of its row {net_fen} instead of {expected['net_fen']}")
    return PaperLook(1, name, "; ".join(told))


def _read(figures: str) -> Any:
    """Read figures; what cannot be read has none, and is told as such."""
    try:
        return orjson.loads(figures)
    except orjson.JSONDecodeError:
        return UNREADABLE


def _differences(path: str, expected: Any, found: Any) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name in sorted({*expected, *found}):
            yield from _differences(f"{path}.{name}" if path else name, expected.get(name), found.get(name))
    elif found is UNREADABLE:
        yield UNREADABLE
    elif expected != found:
        yield f"{path} {found} instead of {expected}"
