"""Points come and go other than by receipt and order: a check-in, a grant and a deduction of two persons."""

from __future__ import annotations

from tests.journeys.caller import fresh_key
from tests.journeys.group import Group
from tests.journeys.test_points_journey import earned, wallet


def test_a_member_checks_in_once_a_day_and_sees_the_streak(group: Group) -> None:
    group.open_months()
    member = group.member()
    before = member.get("/points/v1/check-ins").json()
    assert (before["checked_in"], before["streak"], before["points_next"]) == (False, 0, 1)
    first, again = (member.post("/points/v1/check-ins") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert first.json() == again.json()
    assert (first.json()["streak"], first.json()["points"], first.json()["asset"]) == (1, 1, "GRUP")
    after = member.get("/points/v1/check-ins").json()
    assert (after["checked_in"], after["streak"], after["points_next"]) == (True, 1, 2)
    assert after["recent"] == [{"day": after["day"], "streak": 1, "points": 1}]
    assert wallet(member) == {"GRUP": 1}
    (movement,) = member.get("/points/v1/journals").json()["data"]
    assert (movement["kind"], movement["unit"]) == ("check-in", "group")


def test_staff_give_and_take_by_two_persons_and_each_sees_their_own_units(group: Group) -> None:
    group.open_months()
    number = fresh_key()
    member = group.person(office=number)
    earned(group, "office", number, 10_000)
    first, second = group.staff("operator-1"), group.staff("finance-office")
    body = {
        "receiver": {"unit": "office", "number": number},
        "unit": "office",
        "points": 20,
        "reason": "门店道歉 for the noise",
    }
    asked = first.post("/points/v1/grants", body)
    assert (asked.status_code, asked.json()["state"]) == (201, "open"), asked.text
    grant = asked.json()["grant"]
    assert grant in [one["grant"] for one in second.get("/points/v1/grants").json()["data"]]
    own = first.post(f"/points/v1/grants/{grant}/approve")
    assert (own.status_code, own.json()["code"]) == (409, "another-person-needed")
    assert group.staff("finance-hotel").post(f"/points/v1/grants/{grant}/approve").status_code == 404
    assert group.staff("finance-hotel").get("/points/v1/grants?state=all").json()["data"] == []
    assert second.post(f"/points/v1/grants/{grant}/approve").json()["state"] == "approved"
    assert wallet(member) == {"OFFI": 70}
    taken = second.post("/points/v1/deductions", {**body, "points": 30})
    path = f"/points/v1/deductions/{taken.json()['deduction']}"
    assert first.post(f"{path}/approve").json()["decided_by"] == "operator-1"
    assert wallet(member) == {"OFFI": 40}
    (line,) = [
        one
        for one in first.get("/points/v1/deductions?state=approved").json()["data"]
        if one["receiver"] == {"unit": "office", "number": number}
    ]
    assert (line["asked_by"], line["decided_by"], line["reason"]) == (
        "finance-office",
        "operator-1",
        "门店道歉 for the noise",
    )


def test_finance_names_neither_another_units_number_nor_another_unit(group: Group) -> None:
    finance = group.staff("finance-office")
    body = {"receiver": {"unit": "hotel", "number": "1"}, "unit": "office", "points": 1, "reason": "a slip"}
    assert finance.post("/points/v1/grants", body).status_code == 404
    other = {**body, "receiver": {"unit": "office", "number": "1"}, "unit": "hotel"}
    assert finance.post("/points/v1/deductions", other).status_code == 404
    both = {**body, "receiver": {"unit": "office", "number": "1", "member": f"mem_{'0' * 32}"}}
    assert finance.post("/points/v1/grants", both).status_code == 422
