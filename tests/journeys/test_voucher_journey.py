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


def given_back(member: Caller, voucher: str) -> Mapping[str, Any]:
    """Poll a voucher that is being given back, until the partner's word is known."""

    def look() -> Mapping[str, Any] | None:
        seen: Mapping[str, Any] = member.get(f"{PATH}/{voucher}").json()
        return seen if seen["voiding"] and seen["voiding"]["state"] != "asked" else None

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
    path, why = f"{PATH}/{voucher['voucher']}/void", {"reason": "the ride never came"}
    asked = group.staff("finance-group").post(path, why)
    assert (asked.status_code, asked.json()["state"]) == (202, "asked"), asked.text
    seen = given_back(rider, voucher["voucher"])
    assert (seen["state"], seen["voiding"]["state"], seen["code"]) == ("issued", "voided", None)
    assert wallet(rider) == {"OFFI": 4_500}
    (listed, *_) = group.staff("finance-group").get("/points/v1/voidings?state=voided").json()["data"]
    assert (listed["voucher"], listed["asked_by"]) == (voucher["voucher"], "finance-group")
    _told_of(group, listed)


def test_a_ride_that_was_had_is_not_given_back_and_nobody_else_gives_it_back(
    group: Group, rider: Caller
) -> None:
    voucher = settled(rider, rider.post(PATH, TAXI).json()["voucher"])
    path, why = f"{PATH}/{voucher['voucher']}/void", {"reason": "the ride never came"}
    for stranger, status in (("finance-office", 404), ("finance-hotel", 404)):
        assert group.staff(stranger).post(path, why).status_code == status
    assert rider.post(path, why).status_code == 403
    order(group, "used")
    assert group.staff("operator-1").post(path, why).status_code == 202
    seen = given_back(rider, voucher["voucher"])
    assert (seen["voiding"]["state"], seen["voiding"]["refund"]) == ("used", None)
    assert seen["code"] == voucher["code"]
    assert wallet(rider) == {"OFFI": 2_500}
    again = group.staff("finance-group").post(path, why)
    assert (again.status_code, _code(again)) == (409, "coupon-used"), again.text
    desk = group.fresh_system(f"desk-{fresh_key()[:12]}", "unit-system", "group")
    other = desk.post(
        f"/points/v1/redemptions/{voucher['redemption']}/refunds",
        {"refund_no": fresh_key(), "amount_fen": 2_000},
    )
    assert (other.status_code, _code(other)) == (409, "coupon-not-voided"), other.text
    assert wallet(rider) == {"OFFI": 2_500}


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


def _told_of(group: Group, voiding: Mapping[str, Any]) -> None:
    """See that the event of the voucher names the refund, and the refund its voiding."""
    told = "SELECT data::json ->> 'refund', seq FROM {} WHERE key = %s AND type = 'points.voucher.voided'"
    tables = " UNION ALL ".join(told.format(table) for table in ("outbox", "outbox_archive"))
    found = group.rows("points", tables, voiding["voucher"], voiding["voucher"], duty="auditor")
    assert found == [(voiding["refund"], 3)]
    kept = "SELECT refund_no, amount_fen FROM refunds WHERE 'rfd_' || replace(id::text, '-', '') = %s"
    assert group.rows("points", kept, voiding["refund"], duty="auditor") == [(voiding["voiding"], 2_000)]


def _told_to_nobody(group: Group, codes: Sequence[str]) -> None:
    told = "SELECT count(*) FROM (SELECT data FROM outbox UNION ALL SELECT data FROM outbox_archive) AS o"
    for code in codes:
        assert not [line for line in group.lines("points") if code in str(line)]
        assert group.rows("points", f"{told} WHERE data LIKE %s", f"%{code}%", duty="auditor") == [(0,)]
