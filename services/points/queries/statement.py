"""A unit's statement of one month, and the same figures as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions


def statement_of(questions: Questions, statement_id: str) -> Mapping[str, Any]:
    """Give a statement with all its figures.

    :raises NotFound: if there is none, or it is another unit's.
    """
    row = questions.row(
        "SELECT id, month, unit, net_fen, figures, issued_at FROM statements WHERE id = CAST(:id AS uuid)",
        id=statement_id,
    )
    if row is None:
        raise NotFound()
    figures = {name: value for name, value in orjson.loads(row.figures).items() if name != "id"}
    return {
        **figures,
        "statement": shown("stm", str(row.id)),
        "month": row.month.strftime("%Y-%m"),
        "unit": row.unit,
        "net_fen": row.net_fen,
        "issued_at": row.issued_at,
    }


def statement_as_csv(statement: Mapping[str, Any]) -> str:
    """Write the figures as rows of (figure, value); nested figures are named with dots."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("figure", "value"))
    for name, value in _flat("", statement):
        # A leading apostrophe keeps a spreadsheet from reading text as a formula.
        text = str(value)
        writer.writerow((name, f"'{text}" if text[:1] in "=+@\t\r" else text))
    return out.getvalue()


def _flat(prefix: str, figures: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value
