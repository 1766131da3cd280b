"""What a rule would do is asked before it is approved: of one receipt, and of a month's real ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx2
import pytest

from shared.kernel.calendar import month_of
from shared.kernel.principal import Role
from shared.runtime.clock import now
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, until

SIMULATE = "/points/v1/earn/simulate"
LATER = "2199-01-01T00:00:00+08:00"
OFFICE = {"points": 1, "per_fen": 200, "pending_days": 0, "expiry_months": 24}


def drafted(group: Group, kind: str, subject: str, body: dict[str, Any]) -> str:
    """Draft a version that nobody approves, and give its id."""
    rule = {"kind": kind, "subject": subject, "valid_from": LATER, "body": body}
    answer = group.staff("operator-1").post("/points/v1/rules", {"rule": rule})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["rule"])


def simulated(caller: Caller, **question: Any) -> dict[str, Any]:
    """Ask, and give the answer."""
    answer = caller.post(SIMULATE, question)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["took_ms"] >= 0
    return found


def _taken(answer: httpx2.Response) -> dict[str, Any]:
    return answer.json() if answer.is_success else {}


def _photographed(group: Group, at: datetime) -> None:
    """Let finance accept a receipt at the office that a member without a number there photographed."""
    claim = {
        "unit": "office",
        "store": "simulated",
        "receipt_no": fresh_key(),
        "amount_fen": 10_200,
        "purchased_at": at.isoformat(),
    }
    member = group.member()
    # Points hear of a new member a moment after member does.
    told = until(lambda: _taken(member.post("/points/v1/receipts/claims", claim)))
    path = f"/points/v1/receipts/doubts/{told['doubt']}/accept"
    accepted = group.staff("finance-office").post(path, {"reason": "the slip was seen"})
    assert accepted.status_code == 200, accepted.text


@pytest.fixture(scope="module")
def bought(group: Group) -> str:
    """Let two members buy at the office, one more by photograph, and one at the hotel; give the month."""
    group.open_months()
    at = now()
    _photographed(group, at)
    for unit, fen in (("office", 10_000), ("office", 10_100), ("hotel", 5_000)):
        receipt = {
            "unit": unit,
            "store": "simulated",
            "receipt_no": fresh_key(),
            "number": fresh_key(),
            "amount_fen": fen,
            "purchased_at": at.isoformat(),
        }
        assert group.system(f"till-{unit}").post("/points/v1/receipts", receipt).status_code == 201
    return month_of(at).strftime("%Y-%m")


def test_one_receipt_is_answered_under_the_rules_in_force(callers: dict[Role, Caller]) -> None:
    question = {"unit": "office", "amount_fen": 1_999}
    for role in (Role.OPERATOR, Role.FINANCE, Role.IMPORTER):
        found = simulated(callers[role], receipt=question)
        assert found["month"] is None
        told = found["receipt"]
        assert (told["points"], told["asset"], told["worth_fen"]) == (9, "OFFI", 9)
        assert (told["bonus"], told["cut"]) == (None, [])


def test_one_receipt_is_answered_under_a_draft_with_its_category_and_tier(
    group: Group, callers: dict[Role, Caller]
) -> None:
    body = {**OFFICE, "categories": {"food": {"points": 1, "per_fen": 1_000}}, "tiers": {"2": 15_000}}
    rule = drafted(group, "earn", "office", body)
    receipt = {
        "unit": "office",
        "amount_fen": 3_000,
        "member_tier": 2,
        "lines": [{"amount_fen": 2_000}, {"category": "food", "amount_fen": 1_000}],
    }
    # (2,000 / 200 + 1,000 / 1,000) x 1.5 is 16.5.
    assert simulated(callers[Role.OPERATOR], receipt=receipt, rule=rule)["receipt"]["points"] == 16
    assert simulated(callers[Role.OPERATOR], receipt=receipt)["receipt"]["points"] == 15


def test_a_month_says_what_points_were_and_would_have_been_and_what_they_cost(
    group: Group, callers: dict[Role, Caller], bought: str
) -> None:
    double = drafted(group, "earn", "office", {**OFFICE, "points": 2})
    found = simulated(callers[Role.OPERATOR], month=bought, rule=double)["month"]
    (office,) = found["units"]
    rows = group.rows(
        "points",
        "SELECT count(*), sum(points)::bigint, sum(2 * amount_fen / 200)::bigint,"
        " count(*) FILTER (WHERE points <> 2 * amount_fen / 200)"
        " FROM receipts WHERE unit = 'office' AND month = %s",
        f"{bought}-01",
    )
    assert (
        office["receipts"],
        office["points_were"],
        office["points_would_be"],
        office["receipts_changed"],
    ) == rows[0]
    assert office["points_would_be"] >= office["points_were"] + 100
    assert (office["cost_was_fen"], office["cost_would_be_fen"]) == (rows[0][1], rows[0][2])
    assert (found["cost_was_fen"], found["cost_would_be_fen"]) == (rows[0][1], rows[0][2])
    # The one they have now changes nothing.
    same = drafted(group, "earn", "office", OFFICE)
    again = simulated(callers[Role.FINANCE], month=bought, rule=same)["month"]
    assert again["receipts"] == office["receipts"]
    assert again["receipts_changed"] == 0
    assert again["cost_was_fen"] == again["cost_would_be_fen"]


def test_caps_are_tried_over_all_units_day_by_day(
    group: Group, callers: dict[Role, Caller], bought: str
) -> None:
    caps = drafted(group, "cap", "group", {"points_per_day": 40, "exempt": ["hotel"]})
    found = simulated(callers[Role.OPERATOR], month=bought, rule=caps)["month"]
    units = {one["unit"]: one for one in found["units"]}
    days = group.rows(
        "points",
        "SELECT count(DISTINCT (w.holder_id, (r.purchased_at AT TIME ZONE 'Asia/Shanghai')::date))"
        " FROM receipts r JOIN wallets w ON w.id = r.wallet_id WHERE r.unit = 'office' AND r.month = %s",
        f"{bought}-01",
    )[0][0]
    assert units["office"]["points_would_be"] <= 40 * days < units["office"]["points_were"] + 40 * days
    assert units["office"]["receipts_changed"] >= 2
    assert units["hotel"]["points_would_be"] == units["hotel"]["points_were"]
    assert found["receipts"] == sum(one["receipts"] for one in found["units"])


def test_finance_asks_about_its_own_unit_alone(
    group: Group, callers: dict[Role, Caller], bought: str
) -> None:
    finance = callers[Role.FINANCE]
    hotel = drafted(group, "earn", "hotel", {**OFFICE, "points": 3})
    caps = drafted(group, "cap", "group", {"points_per_day": 60})
    for question in (
        {"receipt": {"unit": "hotel", "amount_fen": 1_000}},
        {"receipt": {"unit": "office", "amount_fen": 1_000}, "rule": hotel},
        {"month": bought, "rule": hotel},
        {"month": bought, "rule": caps},
    ):
        assert finance.post(SIMULATE, question).status_code == 404, question


def test_a_question_is_one_question(group: Group, callers: dict[Role, Caller]) -> None:
    operator, receipt = callers[Role.OPERATOR], {"unit": "office", "amount_fen": 1_000}
    rate = drafted(group, "rate", "MALL", {"numerator": 6})
    for status, question in (
        (422, {}),
        (422, {"receipt": receipt, "month": "2026-01"}),
        (422, {"month": "2026-01"}),
        (422, {"month": "2026-13", "rule": rate}),
        (422, {"receipt": {**receipt, "unit": "nowhere"}}),
        (422, {"receipt": {**receipt, "lines": [{"amount_fen": 1}]}}),
        (422, {"receipt": receipt, "rule": "rul_1"}),
        (404, {"receipt": receipt, "rule": f"rul_{'0' * 32}"}),
        (409, {"month": "2026-01", "rule": rate}),
    ):
        answer = operator.post(SIMULATE, question)
        assert answer.status_code == status, (question, answer.text)
