"""Rules as people read them: what is in force, and every version with its two persons."""

from datetime import datetime
from typing import Any

import orjson

from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion
from shared.kernel.ids import shown
from shared.runtime.database import Questions

_ALL = """
SELECT id, kind, subject, version, valid_from, body, drafted_by, approved_by
FROM rules ORDER BY kind, subject, version
"""

_IN_FORCE = """
SELECT DISTINCT ON (kind, subject) id, kind, subject, version, valid_from, body, drafted_by, approved_by
FROM rules WHERE approved_at IS NOT NULL AND valid_from <= :at
ORDER BY kind, subject, valid_from DESC, version DESC
"""


def rulebook(questions: Questions) -> Rulebook:
    """Read the approved rules into a rulebook."""
    rows = questions.rows(
        "SELECT kind, subject, version, valid_from, body FROM rules WHERE approved_at IS NOT NULL"
    )
    return Rulebook(
        tuple(
            RuleVersion(RuleKind(row.kind), row.subject, row.version, row.valid_from, orjson.loads(row.body))
            for row in rows
        )
    )


def rules_in_force(questions: Questions, at: datetime) -> list[dict[str, Any]]:
    """List for each kind and subject the version in force at that moment."""
    return [_view(row) for row in questions.rows(_IN_FORCE, at=at)]


def rules_listed(questions: Questions) -> list[dict[str, Any]]:
    """List every version, drafts included."""
    return [_view(row) for row in questions.rows(_ALL)]


def _view(row: Any) -> dict[str, Any]:
    return {
        "rule": shown("rul", str(row.id)),
        "kind": row.kind,
        "subject": row.subject,
        "version": row.version,
        "state": "approved" if row.approved_by else "draft",
        "valid_from": row.valid_from,
        "body": orjson.loads(row.body),
        "drafted_by": row.drafted_by,
        "approved_by": row.approved_by,
    }
