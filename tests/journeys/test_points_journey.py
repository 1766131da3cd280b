"""A purchase at a till becomes points, and points of three businesses pay at a fourth, in one step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.runtime.clock import now
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, until

AGO = timedelta(days=20)
"""Long enough ago that whatever was pending is available."""


def receipt(unit: str, number: str, amount_fen: int, **more: Any) -> dict[str, Any]:
    """Write a receipt of a purchase twenty days ago."""
    return {
        "unit": unit,
        "store": "s1",
        "receipt_no": fresh_key(),
        "number": number,
        "amount_fen": amount_fen,
        "purchased_at": (now() - AGO).isoformat(),
        **more,
    }


def earned(group: Group, unit: str, number: str, amount_fen: int) -> dict[str, Any]:
    """Let the unit's till report a purchase, and give what it earned."""
    answer = group.system(f"till-{unit}").post("/points/v1/receipts", receipt(unit, number, amount_fen))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wallet(member: Caller) -> dict[str, int]:
    """Read the member's available points by asset."""
    answer = member.get("/points/v1/wallet")
    assert answer.status_code == 200, answer.text
    return {one["asset"]: one["available"] for one in answer.json()["assets"]}


@pytest.fixture
def rich(group: Group) -> Caller:
    """Bring in a member with 200 office, 100 property and 300 hotel points, together worth 600 fen."""
    number = fresh_key()
    member = group.person(office=number, property=number, hotel=number)
    earned(group, "office", number, 40_000)
    earned(group, "property", number, 100_000)
    earned(group, "hotel", number, 10_000)
    assert wallet(member) == {"HOTL": 300, "OFFI": 200, "PROP": 100}
    return member


def wish(order_no: str, pay_fen: int = 600, unit: str = "mall-east") -> dict[str, Any]:
    """Write a wish to pay exactly so much of 2,000 fen with points."""
    return {"unit": unit, "order_no": order_no, "price_fen": 2_000, "pay_fen": pay_fen}


def test_points_of_three_businesses_pay_at_a_fourth_in_one_step(group: Group, rich: Caller) -> None:
    order = fresh_key()
    answer = rich.post("/points/v1/redemptions", wish(order))
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["paid_fen"], shown["to_pay_fen"]) == (600, 1_400)
    assert sorted((one["asset"], one["points"], one["paid_fen"]) for one in shown["taken"]) == [
        ("HOTL", 300, 300),
        ("OFFI", 200, 200),
        ("PROP", 100, 100),
    ]
    assert shown["owed"] == [
        {"issuer": "hotel", "amount_fen": 300},
        {"issuer": "office", "amount_fen": 200},
        {"issuer": "property", "amount_fen": 100},
    ]
    assert wallet(rich) == {}
    history = rich.get("/points/v1/journals").json()["data"]
    assert [one["kind"] for one in history] == ["redemption", "earning", "earning", "earning"]
    assert history[0]["order_no"] == order
    assert sum(one["points"] for one in history[0]["movements"]) == -600


def test_a_unit_trusts_its_own_signed_question_and_no_other_unit_gets_an_answer(
    group: Group, rich: Caller
) -> None:
    order = fresh_key()
    shown = {
        **rich.post("/points/v1/redemptions", wish(order)).json(),
        "refunded_fen": 0,
        "refunds": [],
        "has_earlier_refunds": False,
    }
    path = f"/points/v1/redemptions?order_no={order}"
    assert group.system("till-mall-east").get(path).json() == shown
    assert group.system("till-mall-west").get(path).status_code == 404
    assert group.system("till-mall-west").get(f"{path}&unit=mall-east").status_code == 404
    assert group.staff("finance-mall-east").get(path).json() == shown
    assert group.staff("finance-hotel").get(path).status_code == 404


def test_a_redemption_sent_twice_happens_once_and_says_so(group: Group, rich: Caller) -> None:
    order, key = fresh_key(), fresh_key()
    first = rich.post("/points/v1/redemptions", wish(order, 300), key)
    again = rich.post("/points/v1/redemptions", wish(order, 300), key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other_body = rich.post("/points/v1/redemptions", wish(order, 301), key)
    assert (other_body.status_code, other_body.json()["code"]) == (422, "key-reused")
    other_key = rich.post("/points/v1/redemptions", wish(order, 300))
    assert (other_key.status_code, other_key.json()) == (201, first.json())
    other_terms = rich.post("/points/v1/redemptions", wish(order, 299))
    assert (other_terms.status_code, other_terms.json()["code"]) == (409, "order-redeemed")
    assert sum(wallet(rich).values()) == 300


def test_somebody_elses_order_cannot_be_redeemed_again(group: Group, rich: Caller) -> None:
    order = fresh_key()
    assert rich.post("/points/v1/redemptions", wish(order, 300)).status_code == 201
    answer = group.member().post("/points/v1/redemptions", wish(order, 300))
    assert (answer.status_code, answer.json()["code"]) == (409, "order-redeemed")


def test_too_few_points_or_too_small_a_wish_are_refused_and_the_refusal_is_repeated(
    group: Group, rich: Caller
) -> None:
    key, order = fresh_key(), fresh_key()
    poor = rich.post("/points/v1/redemptions", wish(order, 601), key)
    assert (poor.status_code, poor.json()["code"]) == (409, "insufficient-points")
    again = rich.post("/points/v1/redemptions", wish(order, 601), key)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (409, "true")
    small = rich.post("/points/v1/redemptions", wish(order, 99))
    assert (small.status_code, small.json()["code"]) == (409, "below-minimum")
    above = rich.post("/points/v1/redemptions", wish(order, 1_001))
    assert (above.status_code, above.json()["code"]) == (409, "above-share")
    assert sum(wallet(rich).values()) == 600


def test_receipts_of_a_number_that_nobody_linked_appear_once_it_is_linked(group: Group) -> None:
    number = fresh_key()
    earned(group, "office", number, 20_000)
    assert group.holder_of("office", number)["member"] is None
    member = group.person(office=number)
    assert until(lambda: wallet(member)) == {"OFFI": 100}
    assert group.holder_of("office", number)["member"] == member.facts["member"]


def test_a_receipt_earns_once_whoever_sends_it_and_however(group: Group) -> None:
    number = fresh_key()
    member = group.person(office=number)
    body = receipt("office", number, 20_000)
    till, importer = group.system("till-office"), group.system("importer")
    first = till.post("/points/v1/receipts", body)
    assert first.status_code == 201
    assert till.post("/points/v1/receipts", body).json() == first.json()
    spaced = {**body, "receipt_no": body["receipt_no"].upper()}
    assert importer.post("/points/v1/receipts", spaced).json()["lot"] == first.json()["lot"]
    # A payment notice writes the store as the bank does.
    paid = {**body, "store": " Ｓ１ ", "source": "payment"}
    assert importer.post("/points/v1/receipts", paid).json()["lot"] == first.json()["lot"]
    other = till.post("/points/v1/receipts", {**body, "amount_fen": 20_001})
    assert (other.status_code, other.json()["code"]) == (409, "receipt-conflict")
    assert wallet(member) == {"OFFI": 100}


def test_a_member_number_is_one_wallet_however_it_is_typed(group: Group) -> None:
    number = f"vip-{fresh_key()[:8]}"
    till, importer = group.system("till-office"), group.system("importer")
    typed = [number, number.upper(), f" {number.title()} ", number.upper().replace("VIP", "ｖｉｐ")]
    # Earned before anybody is linked, under four spellings: one wallet, and one member's once linked.
    lots = [till.post("/points/v1/receipts", receipt("office", one, 20_000)).json()["lot"] for one in typed]
    assert len(set(lots)) == 4
    member = group.person(office=f"{number} ")
    assert wallet(member) == {"OFFI": 400}
    asked = {"numbers": [{"unit": "office", "number": one} for one in typed]}
    known = importer.post("/points/v1/numbers/lookup", asked).json()["data"]
    assert len({(one["holder"], one["member"]) for one in known}) == 1
    assert {one["number"] for one in known} == {number.upper()}
    body = receipt("office", typed[2], 20_000)
    first = till.post("/points/v1/receipts", body).json()
    again = importer.post("/points/v1/receipts", {**body, "number": typed[3]})
    assert (again.status_code, again.json()) == (201, first)
    paying = {**wish(fresh_key(), 500), "unit": "office", "number": typed[1]}
    paid = importer.post("/points/v1/redemptions", paying)
    assert (paid.status_code, paid.json()["paid_fen"]) == (201, 500)
    assert importer.post("/points/v1/redemptions", {**paying, "number": typed[0]}).json() == paid.json()
    assert wallet(member) == {}


def test_a_till_reports_neither_for_another_unit_nor_at_another_time(group: Group) -> None:
    till = group.system("till-office")
    foreign = till.post("/points/v1/receipts", receipt("hotel", fresh_key(), 1_000))
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not-found")
    stated = receipt("office", fresh_key(), 1_000, at=now().isoformat())
    assert till.post("/points/v1/receipts", stated).status_code == 403
    old = receipt("office", fresh_key(), 1_000, purchased_at=(now() - timedelta(days=46)).isoformat())
    assert till.post("/points/v1/receipts", old).json()["code"] == "receipt-too-late"
    ahead = receipt("office", fresh_key(), 1_000, purchased_at=(now() + timedelta(minutes=6)).isoformat())
    assert till.post("/points/v1/receipts", ahead).json()["code"] == "receipt-too-early"


def test_an_importer_may_state_when_it_was_and_a_member_may_not(group: Group) -> None:
    number = fresh_key()
    member = group.person(office=number)
    importer = group.system("importer")
    moment = now() - timedelta(days=1)
    # Bought twenty days ago, redeemed yesterday.
    assert importer.post("/points/v1/receipts", receipt("office", number, 40_000)).status_code == 201
    body = {**wish(fresh_key(), 200), "unit": "office", "at": moment.isoformat()}
    answer = importer.post("/points/v1/redemptions", {**body, "number": number})
    assert answer.status_code == 201, answer.text
    assert answer.json()["occurred_at"].startswith(moment.isoformat()[:19])
    assert member.post("/points/v1/redemptions", body).status_code == 403
    assert member.post("/points/v1/redemptions", {**wish(fresh_key()), "number": number}).status_code == 403


def test_a_batch_obeys_in_order_and_answers_each_item_for_itself(group: Group) -> None:
    number, order = fresh_key(), fresh_key()
    group.person(office=number)
    importer = group.system("importer")
    buying = {**receipt("office", number, 40_000), "kind": "receipt", "key": fresh_key()}
    paying = {
        "kind": "redemption",
        "key": fresh_key(),
        "unit": "office",
        "order_no": order,
        "number": number,
        "price_fen": 300,
        "up_to_fen": 300,
    }
    poor = {**paying, "key": fresh_key(), "order_no": fresh_key(), "price_fen": 9_000, "pay_fen": 4_000}
    del poor["up_to_fen"]
    first = importer.post("/points/v1/batches", {"items": [buying, paying, poor]})
    assert first.status_code == 200, first.text
    results = first.json()["results"]
    assert [one["status"] for one in results] == [201, 201, 409]
    assert results[1]["body"]["paid_fen"] == 150
    assert results[2]["body"]["code"] == "insufficient-points"
    another = {**receipt("hotel", number, 100), "kind": "receipt", "key": fresh_key()}
    again = importer.post("/points/v1/batches", {"items": [paying, another, poor]}).json()["results"]
    assert [(one["status"], one.get("replayed", False)) for one in again] == [
        (201, True),
        (201, False),
        (409, True),
    ]
    assert again[0]["body"] == results[1]["body"]
    reused = {**paying, "price_fen": 301}
    (refused,) = importer.post("/points/v1/batches", {"items": [reused]}).json()["results"]
    assert (refused["status"], refused["body"]["code"]) == (422, "key-reused")


def test_a_till_sends_receipts_of_its_own_unit_in_a_batch_and_nothing_else(group: Group) -> None:
    till = group.system("till-office")
    own = {**receipt("office", fresh_key(), 200), "kind": "receipt", "key": fresh_key()}
    foreign = {**receipt("hotel", fresh_key(), 200), "kind": "receipt", "key": fresh_key()}
    results = till.post("/points/v1/batches", {"items": [foreign, own]}).json()["results"]
    assert [one["status"] for one in results] == [404, 201]
    paying = {
        "kind": "redemption",
        "key": fresh_key(),
        "unit": "office",
        "order_no": fresh_key(),
        "number": fresh_key(),
        "price_fen": 300,
        "up_to_fen": 300,
    }
    assert till.post("/points/v1/batches", {"items": [paying]}).status_code == 403
