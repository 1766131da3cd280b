"""An order that is paid later, from the app to the till: set aside, captured in parts, and seen by everybody.

And a code of 18 digits that a till scans: paid once, told in no log, and dear to whoever guesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from infra.seed.keys import private_key
from services.points.api.order_tickets import TYPE
from shared.kernel.ids import read, shown
from shared.runtime.clock import now
from shared.web.tokens import ALGORITHM
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, until
from tests.journeys.test_points_journey import earned

HOTEL = "till-hotel"
MOVED = ("movements", "on_hold")


@pytest.fixture
def guest(group: Group) -> Caller:
    """Bring in a member with 1,000 office points, worth 1,000 fen."""
    number = fresh_key()
    member = group.person(office=number)
    earned(group, "office", number, 200_000)
    return member


def office_points(member: Caller) -> Mapping[str, Any]:
    """Read what the member has of the office's points."""
    (found,) = [one for one in member.get("/points/v1/wallet").json()["assets"] if one["asset"] == "OFFI"]
    return {name: found[name] for name in ("available", "held")}


def balances_of(group: Group, journal: str) -> tuple[dict[str, int], dict[str, int]]:
    """Find the holder of a journal among all balances: points in the wallet, and on hold."""
    ((holder,),) = group.rows("points", "SELECT holder_id FROM journals WHERE id = %s", read("jrn", journal))
    importer, path = group.system("importer"), "/points/v1/balances?limit=100"
    page = importer.get(path).json()
    while True:
        for one in page["data"]:
            if one["holder"] == shown("hol", str(holder)):
                return one["balances"], one["held"]
        assert page["cursor"]["next"], "no such holder among the balances"
        page = importer.get(f"{path}&cursor={page['cursor']['next']}").json()


def wish(order_no: str, amount_fen: int = 900, **more: Any) -> dict[str, Any]:
    """Write a wish to set exactly so much of 2,000 fen aside at the hotel."""
    return {"unit": "hotel", "order_no": order_no, "price_fen": 2_000, "amount_fen": amount_fen, **more}


def set_aside(member: Caller, order_no: str, **more: Any) -> dict[str, Any]:
    """Let the member's app set points aside."""
    answer = member.post("/points/v1/holds", wish(order_no, **more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_stay_is_held_by_the_app_captured_by_the_till_and_its_rest_comes_back(
    group: Group, guest: Caller
) -> None:
    order, till = fresh_key(), group.system(HOTEL)
    hold = set_aside(guest, order)
    assert (hold["amount_fen"], hold["to_pay_fen"]) == (900, 1_100)
    assert office_points(guest) == {"available": 100, "held": 900}
    assert balances_of(group, hold["journal"]) == ({"OFFI": 100}, {"OFFI": 900})
    first_page = guest.get("/points/v1/wallet/holds?limit=1").json()
    (listed,) = first_page["data"]
    assert (listed["hold"], listed["state"], listed["left_fen"]) == (hold["hold"], "open", 900)
    behind = guest.get(f"/points/v1/wallet/holds?cursor={first_page['cursor']['next']}").json()
    assert behind == {"data": [], "cursor": {"next": None}}
    assert guest.get("/points/v1/wallet/holds?cursor=forged").status_code == 422

    seen = till.get(f"/points/v1/holds?order_no={order}").json()
    assert (seen["hold"], seen["slices"][0]["issuer"]) == (hold["hold"], "office")
    place = f"/points/v1/holds/{hold['hold']}"
    first = till.post(f"{place}/capture", {"capture_no": "room", "amount_fen": 500})
    assert (first.status_code, first.json()["left_fen"]) == (201, 400)
    assert first.json()["owed"] == [{"issuer": "office", "amount_fen": 500}]
    last = till.post(f"{place}/capture", {"capture_no": "bar", "amount_fen": 100, "final": True}).json()
    assert (last["state"], [one["points"] for one in last["released"]]) == ("closed", [300])
    assert office_points(guest) == {"available": 400, "held": 0}
    assert guest.get("/points/v1/wallet/holds").json()["data"] == []

    closed = till.get(place).json()
    assert (closed["state"], closed["ended_by"], closed["captured_fen"]) == ("closed", "captured", 600)
    assert [(one["capture_no"], one["paid_fen"]) for one in closed["captures"]] == [
        ("room", 500),
        ("bar", 100),
    ]
    assert closed["has_earlier_captures"] is False
    for reader in (guest, till, group.staff("finance-hotel"), group.staff("operator-1")):
        newest = reader.get(f"{place}/captures?limit=1").json()
        assert newest["data"] == closed["captures"][1:]
        older = reader.get(f"{place}/captures?limit=2&cursor={newest['cursor']['next']}").json()
        assert (older["data"], older["cursor"]) == (closed["captures"][:1], {"next": None})
    history = guest.get("/points/v1/journals").json()["data"]
    assert [one["kind"] for one in history] == ["capture", "capture", "hold", "earning"]
    assert {one["order_no"] for one in history[:3]} == {order}
    told = [[[(kept["asset"], kept["points"]) for kept in one[what]] for one in history] for what in MOVED]
    assert told[0] == [[("OFFI", 300)], [], [("OFFI", -900)], [("OFFI", 1_000)]]
    assert told[1] == [[("OFFI", -400)], [("OFFI", -500)], [("OFFI", 900)], []]
    for one, place in zip(history, ("redemptions", "redemptions", "holds", "receipts"), strict=True):
        assert guest.get(f"/points/v1/{place}/{one['about']}").status_code == 200


def test_a_holds_journal_shows_its_lots_to_its_member_and_to_both_units(group: Group, guest: Caller) -> None:
    hold = set_aside(guest, fresh_key())
    path = f"/points/v1/journals/{hold['journal']}"
    for asker in (guest, group.system(HOTEL), group.staff("finance-office"), group.staff("operator-1")):
        shown = asker.get(path).json()
        (line,) = shown["lines"]
        assert (shown["kind"], line["lot"], line["amount"]) == ("hold", hold["slices"][0]["lot"], 900)
        assert (line["from"]["role"], line["to"]["role"], line["issuer"]) == ("wallet", "held", "office")
    for stranger in (group.member(), group.system("till-mall-west"), group.staff("finance-property")):
        assert stranger.get(path).status_code == 404


def test_nobody_else_reads_captures_or_releases_a_hold(group: Group, guest: Caller) -> None:
    order = fresh_key()
    place = f"/points/v1/holds/{set_aside(guest, order)['hold']}"
    other = group.system("till-mall-west")
    assert other.get(place).status_code == 404
    assert other.get(f"{place}/captures").status_code == 404
    assert group.member().get(f"{place}/captures").status_code == 404
    assert other.get(f"/points/v1/holds?order_no={order}").status_code == 404
    assert other.post(f"{place}/capture", {"capture_no": "1", "amount_fen": 1}).status_code == 404
    assert other.post(f"{place}/release").status_code == 404
    assert group.member().get(place).status_code == 404
    assert guest.post(f"{place}/release").status_code == 403
    assert group.system(HOTEL).post(f"{place}/release").json()["ended_by"] == "released"
    late = group.system(HOTEL).post(f"{place}/capture", {"capture_no": "1", "amount_fen": 1})
    assert (late.status_code, late.json()["code"]) == (409, "hold-closed")


def test_a_capture_sent_again_is_the_first_one_and_one_too_many_says_what_is_left(
    group: Group, guest: Caller
) -> None:
    place = f"/points/v1/holds/{set_aside(guest, fresh_key())['hold']}"
    till, key = group.system(HOTEL), fresh_key()
    body = {"capture_no": "1", "amount_fen": 600}
    first = till.post(f"{place}/capture", body, key)
    again = till.post(f"{place}/capture", body, key)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert till.post(f"{place}/capture", body).json() == first.json()
    above = till.post(f"{place}/capture", {"capture_no": "2", "amount_fen": 301})
    assert (above.status_code, above.json()["left_fen"]) == (409, 300)


def test_a_hold_that_is_over_pays_nothing_though_no_clock_has_looked(group: Group, guest: Caller) -> None:
    """The stack of journeys runs without clock doors: only the moment itself ends the hold."""
    hold = set_aside(guest, fresh_key(), lasts_s=1)
    ends_at = datetime.fromisoformat(hold["expires_at"])
    until(lambda: now() > ends_at)
    till, place = group.system(HOTEL), f"/points/v1/holds/{hold['hold']}"
    late = till.post(f"{place}/capture", {"capture_no": "1", "amount_fen": 1})
    assert (late.status_code, late.json()["code"]) == (410, "hold-expired")
    assert till.post(f"{place}/release").json()["code"] == "hold-expired"
    assert office_points(guest) == {"available": 100, "held": 900}


def test_captured_points_come_back_with_a_refund(group: Group, guest: Caller) -> None:
    hold = set_aside(guest, fresh_key())
    till = group.system(HOTEL)
    place = f"/points/v1/holds/{hold['hold']}/capture"
    capture = till.post(place, {"capture_no": "1", "amount_fen": 700, "final": True}).json()
    refund = till.post(
        f"/points/v1/redemptions/{capture['redemption']}/refunds",
        {"refund_no": fresh_key(), "amount_fen": 250},
    )
    assert refund.status_code == 201, refund.text
    assert office_points(guest) == {"available": 550, "held": 0}


def pay_code(member: Caller, key: str | None = None) -> str:
    """Let the app ask for a code."""
    answer = member.post("/points/v1/pay-codes", None, key)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def test_a_code_from_the_app_pays_at_the_till_once(group: Group, guest: Caller) -> None:
    order, code, till = fresh_key(), pay_code(guest), group.system(HOTEL)
    assert (len(code), code.isdigit()) == (18, True)
    body = {"unit": "hotel", "order_no": order, "price_fen": 2_000, "pay_fen": 300, "pay_code": code}
    paid = till.post("/points/v1/redemptions", body)
    assert (paid.status_code, paid.json()["paid_fen"]) == (201, 300)
    assert till.post("/points/v1/redemptions", body).json() == paid.json()
    used = till.post("/points/v1/holds", wish(fresh_key(), 100, pay_code=code))
    assert (used.status_code, used.json()["code"]) == (409, "pay-code-used")
    assert office_points(guest) == {"available": 700, "held": 0}
    held = till.post("/points/v1/holds", wish(fresh_key(), 200, pay_code=pay_code(guest)))
    assert (held.status_code, office_points(guest)) == (201, {"available": 500, "held": 200})
    for line in group.lines("points"):
        assert code not in str(line)


def test_the_same_request_shows_the_same_code_and_only_to_its_member(group: Group, guest: Caller) -> None:
    key = fresh_key()
    code = pay_code(guest, key)
    assert pay_code(guest, key) == code
    assert pay_code(guest) != code
    assert pay_code(group.member(), key) != code


def test_a_till_pays_with_a_code_and_nothing_else_and_only_at_its_own_unit(
    group: Group, guest: Caller
) -> None:
    till, code = group.system(HOTEL), pay_code(guest)
    body = {"unit": "hotel", "order_no": fresh_key(), "price_fen": 2_000, "pay_fen": 300}
    assert till.post("/points/v1/redemptions", body).json()["code"] == "pay-code-needed"
    named = {**body, "number": "1", "pay_code": code}
    assert till.post("/points/v1/redemptions", named).status_code == 403
    stated = {**body, "at": now().isoformat(), "pay_code": code}
    assert till.post("/points/v1/redemptions", stated).status_code == 403
    elsewhere = {**body, "unit": "office", "pay_code": code}
    assert till.post("/points/v1/redemptions", elsewhere).status_code == 404
    assert guest.post("/points/v1/redemptions", {**body, "pay_code": code}).status_code == 403
    for digits in ("1" * 17, "1" * 19, "a" * 18, "１" * 18, ""):
        assert till.post("/points/v1/redemptions", {**body, "pay_code": digits}).status_code == 422
    assert office_points(guest) == {"available": 1_000, "held": 0}


def test_guesses_are_all_the_same_answer_then_a_pause_and_counted(group: Group, guest: Caller) -> None:
    thief = group.fresh_system(f"till-{fresh_key()[:12]}", "unit-system", "hotel")
    body = {"unit": "hotel", "order_no": "guess", "price_fen": 2_000, "pay_fen": 300}
    answers = [
        thief.post("/points/v1/redemptions", {**body, "pay_code": f"{place:018d}"}) for place in range(7)
    ]
    assert [one.status_code for one in answers] == [404] * 6 + [423]
    told = [{name: value for name, value in one.json().items() if name != "instance"} for one in answers[:6]]
    assert told == [told[0]] * 6
    assert 1 <= int(answers[6].headers["retry-after"]) <= 10
    right = thief.post("/points/v1/redemptions", {**body, "pay_code": pay_code(guest)})
    assert (right.status_code, right.json()["code"]) == (423, "pay-codes-locked")
    denied = [line for line in group.measures().splitlines() if line.startswith("tongfen_denied_total")]
    # They stand at 0 from the start: what was counted does not.
    counted = [line for line in denied if not line.endswith(" 0.0")]
    assert any("guess" in line for line in counted)
    assert any("locked" in line for line in counted)


def ticket_of(group: Group, order_no: str, *, by: str = HOTEL, unit: str = "hotel", **said: Any) -> str:
    """Let a till sign a ticket of an order of 2,000 fen."""
    key = OKPKey.import_key(private_key(Path(str(group.found["keys"])), by))
    ends = int((now() + timedelta(minutes=10)).timestamp())
    claims = {"unit": unit, "order_no": order_no, "price_fen": 2_000, "exp": ends, **said}
    return jwt.encode({"alg": ALGORITHM, "kid": by, "typ": TYPE}, claims, key, algorithms=[ALGORITHM])


def test_a_ticket_that_the_till_signed_pays_its_order_and_no_other(group: Group, guest: Caller) -> None:
    order, path = fresh_key(), "/points/v1/holds"
    group.system(HOTEL)
    assert guest.get("/points/v1/units").json()["data"][0]["tickets_required"] is False
    refused = {
        ("order-ticket-mismatch", "unit or order_no"): ticket_of(group, fresh_key()),
        ("order-ticket-mismatch", "price_fen"): ticket_of(group, order, price_fen=1_999),
        ("order-ticket-invalid", "unit"): ticket_of(group, order, by="till-office"),
        ("order-ticket-invalid", "signature"): ticket_of(group, order, by="importer"),
        ("order-ticket-invalid", "claims"): ticket_of(group, order, vip=True),
        ("order-ticket-invalid", "lasts-too-long"): ticket_of(group, order, exp=4_102_444_800),
    }
    for (code, why), wrong in refused.items():
        answer = guest.post(path, wish(order, order_ticket=wrong), accept_language="en")
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, code), problem
        assert why in problem["detail"]
    over = guest.post(path, wish(order, order_ticket=ticket_of(group, order, exp=1)))
    assert (over.status_code, over.json()["code"]) == (410, "order-ticket-expired")
    assert guest.post(path, wish(order, order_ticket="no ticket")).status_code == 422
    good = ticket_of(group, order)
    for other in (group.system(HOTEL), group.system("importer")):
        tried = other.post(path, wish(order, order_ticket=good, number="1"))
        assert tried.status_code == 403, tried.text
    key = fresh_key()
    first = guest.post(path, wish(order, order_ticket=good), key)
    again = guest.post(path, wish(order, order_ticket=good), key)
    assert (first.status_code, again.json()) == (201, first.json())
    assert office_points(guest) == {"available": 100, "held": 900}
