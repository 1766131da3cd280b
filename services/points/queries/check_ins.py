"""A member's check-ins: the streak as it stands, and the last days."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.points.domain.check_in import CheckInTerms, LastCheckIn, streak_on
from services.points.domain.rulebook import NoRuleInForce, RuleKind
from services.points.queries.rules import rulebook
from shared.kernel.calendar import day_of
from shared.runtime.database import Questions

DAYS = 31
_LAST = """
SELECT k.day, k.streak, k.points FROM check_ins k JOIN wallets w ON w.id = k.wallet_id
WHERE w.identity = :member ORDER BY k.day DESC LIMIT :days
"""


def check_ins_of(questions: Questions, member: str, at: datetime) -> Mapping[str, Any]:
    """Give whether the member checked in on that business day, the streak, and what comes next.

    `points_next` is what the next check-in brings, today or tomorrow; null while no rule is in force.
    """
    rows = questions.rows(_LAST, member=member, days=DAYS)
    last = LastCheckIn(rows[0].day, rows[0].streak, {}) if rows else None
    today = day_of(at)
    here = last is not None and last.day == today
    coming = streak_on(today, last)
    streak = last.streak if here and last is not None else coming - 1
    return {
        "day": today.isoformat(),
        "checked_in": here,
        "streak": streak,
        "points_next": _points(questions, streak + 1, at),
        "recent": [{"day": row.day.isoformat(), "streak": row.streak, "points": row.points} for row in rows],
    }


def _points(questions: Questions, streak: int, at: datetime) -> int | None:
    try:
        terms: CheckInTerms = rulebook(questions).group_rule(RuleKind.CHECK_IN, at)
    except NoRuleInForce:
        return None
    return terms.earned(streak)
