"""Simulations: one purchase under some rules, or a month's real receipts, streamed, as far as one sees.

Refuses to change anything.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from services.points.domain.assessment import Purchase, assess
from services.points.domain.authority import UnknownUnit
from services.points.domain.earning import Split, Terms
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion
from services.points.domain.simulation import Past, SimulationTooLong, simulated, units_touched
from shared.kernel.calendar import month_bounds
from shared.kernel.number import normal
from shared.runtime.database import Questions

SIMULATION_S = 10
"""How long one simulation may read and reckon; a reader's transaction ends after 15 s."""

RECEIPTS_MOST = 100_000
"""Of a month of more receipts those of some members are assessed, about as many as this."""

LOOK_EVERY = 1_000
"""After how many receipts it looks at the time."""

_RULE = """
SELECT kind, subject, version, valid_from, body FROM rules WHERE id = :rule
"""
_BOOKED = "r.month = :month AND (:all_units OR r.unit = ANY (:units))"
_COUNT = f"SELECT count(*) AS receipts FROM receipts r WHERE {_BOOKED}"  # noqa: S608 - its part is a constant
# Whoever is in a sample is in it with all they bought: caps join the receipts of a day.
# A unit sees its receipts, but not the wallet of a member who photographed one: that one counts by itself.
_RECEIPTS = f"""
SELECT coalesce(w.holder_id, r.wallet_id)::text, r.unit, r.store,
    r.amount_fen, r.purchased_at, r.points, r.terms
FROM receipts r LEFT JOIN wallets w ON w.id = r.wallet_id
WHERE {_BOOKED}
  AND (uuid_hash_extended(coalesce(w.holder_id, r.wallet_id), 0) & 2147483647) % :one_in = 0
ORDER BY 1, r.purchased_at, r.id
"""  # noqa: S608 - its part is a constant


def find_rule(questions: Questions, rule_id: str) -> RuleVersion | None:
    """Read one version of a rule, drafted or approved."""
    row = questions.row(_RULE, rule=rule_id)
    if row is None:
        return None
    return RuleVersion(RuleKind(row.kind), row.subject, row.version, row.valid_from, orjson.loads(row.body))


def _booked(month: date, units: Sequence[str] | None) -> dict[str, Any]:
    return {"month": month, "all_units": units is None, "units": list(units or ())}


def sampling(questions: Questions, month: date, units: Sequence[str] | None) -> int:
    """Say of how many members one is assessed, so that a month of these units is done in time; 1 is all."""
    found = questions.row(_COUNT, **_booked(month, units))
    return max(1, -(-found.receipts // RECEIPTS_MOST)) if found is not None else 1


def receipts_of_month(
    questions: Questions, month: date, units: Sequence[str] | None, one_in: int
) -> Iterator[Past]:
    """Stream the receipts booked in a month, of these units or of all, by one in so many members.

    :raises SimulationTooLong: if it goes on for longer than `SIMULATION_S`.
    """
    began = time.monotonic()
    read: dict[str, Terms] = {}
    rows = questions.stream(_RECEIPTS, **_booked(month, units), one_in=one_in)
    for count, row in enumerate(rows):
        if count % LOOK_EVERY == 0 and time.monotonic() - began > SIMULATION_S:
            raise SimulationTooLong(receipts=count, limit_s=SIMULATION_S)
        holder_id, unit, store, amount_fen, at, points, kept = tuple(row)
        # Most receipts of a month have the same few terms.
        terms = read.get(kept)
        if terms is None:
            terms = Terms.read(orjson.loads(kept))
            if len(read) < LOOK_EVERY:
                read[kept] = terms
        yield Past(holder_id, unit, normal(store), amount_fen, at, points, terms)


def month_simulated(
    questions: Questions, rules: Rulebook, draft: RuleVersion, month: date
) -> Mapping[str, Any]:
    """Say what a month's receipts earned, and what they would have earned and cost.

    Of a month of very many the sums are those of one member in `one_in`, and not told as if they were all.
    """
    _, ends_at = month_bounds(month)
    units = units_touched(rules, draft, ends_at)
    one_in = sampling(questions, month, units)
    receipts = receipts_of_month(questions, month, units, one_in)
    outcome = simulated(rules, receipts, rules.rates(ends_at), one_in)
    return {"month": f"{month:%Y-%m}", "one_in": one_in, **outcome}


def receipt_simulated(
    rules: Rulebook, unit_code: str, amount_fen: int, lines: Split, tier: int, at: datetime
) -> Mapping[str, Any]:
    """Say what a purchase would earn, apart from what the member's day and a campaign's budget have left.

    :raises UnknownUnit: if there is no such unit at that moment.
    """
    unit = rules.find_unit(unit_code, at)
    if unit is None:
        raise UnknownUnit(unit=unit_code)
    found = assess(rules, Purchase(unit, "", amount_fen, at, lines, tier), (), lambda _, wished: wished)
    rates, earning, given = rules.rates(at), found.earning, found.terms.given
    worth_fen = rates[unit.asset].worth(earning.points) if unit.asset in rates else 0
    bonus = None
    if given is not None and found.bonus_asset is not None:
        bonus = {
            "campaign": given.code,
            "bearer": given.bearer,
            "asset": found.bonus_asset,
            "points": earning.bonus,
        }
        worth_fen += rates[found.bonus_asset].worth(earning.bonus) if found.bonus_asset in rates else 0
    return {
        "unit": unit.code,
        "asset": unit.asset,
        "points": earning.points,
        "worth_fen": worth_fen,
        "rule": found.rule.version,
        "bonus": bonus,
        "cut": [one.as_json() for one in found.terms.cut],
        "available_at": found.rule.available_at(at),
        "expires_at": found.rule.expires_at(at),
    }
