"""A taxi coupon for points, from the app to the ride: asked for, polled, shown to its member alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import orjson
import pytest

from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, until
from tests.journeys.test_points_journey import earned, wallet

PATH = "/points/v1/vouchers"
TAXI = {"offer": "taxi-20", "price_fen": 2_000}


@pytest.fixture
def rider(group: Group) -> Caller:
    """Bring in a member with office points for two rides and a bit."""
    number = fresh_key()
    member = group.person(office=number)
    earned(group, "office", number, 900_000)
    return member


def order(group: Group, *faults: str) -> None:
    """Let the partner's next answers go wrong."""
    answer = group.web.put(f"{group.found['partner']}/faults", content=orjson.dumps({"faults": faults}))
    assert answer.status_code == 200


def settled(member: Caller, voucher: str) -> Mapping[str, Any]:
    """Poll a voucher as an app does, until the partner's word is known."""

    def look() -> Mapping[str, Any] | None:
        answer = member.get(f"{PATH}/{voucher}")
        assert answer.status_code == 200, answer.text
        seen: Mapping[str, Any] = answer.json()
        return seen if seen["state"] != "asked" else None

    found = until(look)
    assert found is not None
    return found


def test_a_ride_is_paid_with_points_and_settled_between_units(group: Group, rider: Caller) -> None:
    (offer,) = rider.get("/points/v1/offers").json()["data"]
    assert (offer["offer"], offer["price_fen"], offer["unit"], offer["per_day"]) == (
        "taxi-20",
        2_000,
        "group",
        3,
    )
    key = fresh_key()
    asked = rider.post(PATH, TAXI, key)
    assert (asked.status_code, asked.json()["state"]) == (202, "asked"), asked.text
    again = rider.post(PATH, TAXI, key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (asked.json(), "true")
    voucher = settled(rider, asked.json()["voucher"])
    assert voucher["state"] == "issued"
    assert len(voucher["code"]) == 12
    assert wallet(rider) == {"OFFI": 2_500}
    listed = rider.get(f"{PATH}?state=issued").json()["data"]
    assert [one["voucher"] for one in listed] == [voucher["voucher"]]
    hold = rider.get(f"/points/v1/holds/{voucher['hold']}").json()
    assert (hold["state"], hold["ended_by"], hold["captured_fen"]) == ("closed", "captured", 2_000)
    _told_to_nobody(group, [voucher["code"]])


def test_the_code_is_the_members_alone_and_the_voucher_the_units_as_well(group: Group, rider: Caller) -> None:
    path = f"{PATH}/{settled(rider, rider.post(PATH, TAXI).json()['voucher'])['voucher']}"
    for seller in (group.staff("finance-group"), group.staff("operator-1"), group.system("importer")):
        seen = seller.get(path).json()
        assert (seen["state"], seen["code"]) == ("issued", None)
        assert seen["redemption"].startswith("red_")
    for stranger in (group.member(), group.staff("finance-office"), group.system("till-hotel")):
        assert stranger.get(path).status_code == 404
        assert stranger.get(PATH).json()["data"] == []


def test_a_sold_out_coupon_costs_nothing_and_says_why(group: Group, rider: Caller) -> None:
    order(group, "sold-out")
    voucher = settled(rider, rider.post(PATH, TAXI).json()["voucher"])
    assert (voucher["state"], voucher["reason"], voucher["code"]) == ("refused", "sold-out", None)
    assert wallet(rider) == {"OFFI": 4_500}


def test_a_coupon_whose_answers_fail_still_comes_once(group: Group, rider: Caller) -> None:
    order(group, "lost")
    voucher = settled(rider, rider.post(PATH, TAXI).json()["voucher"])
    assert voucher["state"] == "issued"
    assert wallet(rider) == {"OFFI": 2_500}


def test_a_ride_that_never_came_is_given_back_by_the_unit_that_sold_it(group: Group, rider: Caller) -> None:
    voucher = settled(rider, rider.post(PATH, TAXI).json()["voucher"])
    desk = group.fresh_system(f"desk-{fresh_key()[:12]}", "unit-system", "group")
    body = {"refund_no": fresh_key(), "amount_fen": 2_000}
    back = desk.post(f"/points/v1/redemptions/{voucher['redemption']}/refunds", body)
    assert (back.status_code, back.json()["left_fen"]) == (201, 0), back.text
    assert wallet(rider) == {"OFFI": 4_500}


def test_a_wrong_wish_moves_nothing(group: Group, rider: Caller) -> None:
    refused = [
        rider.post(PATH, {**TAXI, "price_fen": 1_999}),
        rider.post(PATH, {**TAXI, "offer": "taxi-0"}),
        rider.post(PATH, {**TAXI, "price_fen": 0}),
        rider.post(PATH, {**TAXI, "state": "issued"}),
        group.member().post(PATH, TAXI),
    ]
    assert [(one.status_code, _code(one)) for one in refused] == [
        (409, "offer-changed"),
        (409, "no-such-offer"),
        (422, "malformed"),
        (422, "malformed"),
        (409, "insufficient-points"),
    ]
    assert wallet(rider) == {"OFFI": 4_500}


def _code(answer: httpx2.Response) -> str:
    return str(answer.json()["code"])


def _told_to_nobody(group: Group, codes: Sequence[str]) -> None:
    told = "SELECT count(*) FROM (SELECT data FROM outbox UNION ALL SELECT data FROM outbox_archive) AS o"
    for code in codes:
        assert not [line for line in group.lines("points") if code in str(line)]
        assert group.rows("points", f"{told} WHERE data LIKE %s", f"%{code}%", duty="auditor") == [(0,)]
