"""Rates as everyone may read them: in force at a moment, and every version that was published.

That a group point is worth one group point is no rate to be read.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.points.domain.exchange_terms import assets_of
from services.points.domain.journal import GROUP_POINT
from services.points.domain.rulebook import RuleKind
from services.points.queries.rules import rulebook
from shared.runtime.database import Questions

_IN_FORCE = """
SELECT DISTINCT ON (kind, subject) id, kind, subject, version, valid_from, body
FROM rules
WHERE kind IN ('rate', 'pair') AND subject <> 'GRUP' AND approved_at IS NOT NULL AND valid_from <= :at
ORDER BY kind DESC, subject, valid_from DESC, version DESC
"""

_PUBLISHED = """
SELECT id, kind, subject, version, valid_from, body
FROM rules
WHERE kind IN ('rate', 'pair') AND subject <> 'GRUP' AND approved_at IS NOT NULL
  AND (CAST(:asset AS text) IS NULL OR subject = :asset
       OR (kind = 'pair' AND CAST(:asset AS text) = ANY (string_to_array(subject, '-'))))
  AND (CAST(:before AS timestamptz) IS NULL
       OR (valid_from, id) < (CAST(:before AS timestamptz), CAST(:before_id AS uuid)))
ORDER BY valid_from DESC, id DESC LIMIT :limit
"""


def rates_in_force(questions: Questions, at: datetime) -> Mapping[str, Any]:
    """Give the rates in force at a moment, values in group points first, and the terms of exchange."""
    terms = rulebook(questions).exchange_terms(at)
    return {
        "data": [_view(row) for row in questions.rows(_IN_FORCE, at=at)],
        "terms": {
            "fee_bp": terms.fee_bp,
            "member_day_points": terms.member_day_points,
            "pair_month_points": terms.pair_month_points,
        },
    }


def rates_published(
    questions: Questions, asset: str | None, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """Give a page of all versions, the one that begins last first, and where the next page begins."""
    before, before_id = after or (None, None)
    page = questions.rows(_PUBLISHED, asset=asset, limit=limit, before=before, before_id=before_id)
    last = (page[-1].valid_from.isoformat(), str(page[-1].id)) if len(page) == limit else None
    return [_view(row) for row in page], last


def _view(row: Any) -> dict[str, Any]:
    is_pair = row.kind == RuleKind.PAIR
    from_asset, to_asset = assets_of(row.subject) if is_pair else (row.subject, GROUP_POINT)
    body = orjson.loads(row.body)
    return {
        "from_asset": from_asset,
        "to_asset": to_asset,
        "numerator": body["numerator"],
        "denominator": body["denominator"],
        "direct": is_pair,
        "version": row.version,
        "valid_from": row.valid_from,
    }
