"""A guest's night is cancelled in parts: the hotel's till gives points back, everybody sees it, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, until
from tests.journeys.test_points_journey import rich, wallet, wish

__all__ = ["rich"]


def path_of(answer_of_redemption: dict[str, str]) -> str:
    """Give where refunds of a redemption are sent."""
    return f"/points/v1/redemptions/{answer_of_redemption['redemption']}/refunds"


def test_a_cancelled_night_comes_back_in_two_parts_and_never_more(group: Group, rich: Caller) -> None:
    before, order, key = wallet(rich), fresh_key(), fresh_key()
    till = group.system("till-mall-east")
    paid = rich.post("/points/v1/redemptions", wish(order)).json()
    assert wallet(rich) == {}
    first = till.post(path_of(paid), {"refund_no": f"{order}-1", "amount_fen": 250}, key)
    assert first.status_code == 201, first.text
    assert (first.json()["refunded_fen"], first.json()["left_fen"]) == (250, 350)
    again = till.post(path_of(paid), {"refund_no": f"{order}-1", "amount_fen": 250}, key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    other_key = till.post(path_of(paid), {"refund_no": f"{order}-1", "amount_fen": 250})
    assert other_key.json() == first.json()
    conflict = till.post(path_of(paid), {"refund_no": f"{order}-1", "amount_fen": 251})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "refund-conflict")
    above = till.post(path_of(paid), {"refund_no": f"{order}-2", "amount_fen": 351})
    told = above.json()
    assert (above.status_code, told["code"], told["left_fen"]) == (409, "refund-above-paid", 350)
    second = till.post(path_of(paid), {"refund_no": f"{order}-3", "amount_fen": 350})
    assert second.json()["left_fen"] == 0
    assert wallet(rich) == before
    seen = till.get(f"/points/v1/redemptions?order_no={order}").json()
    assert (seen["refunded_fen"], seen["refunds"]) == (600, [first.json(), second.json()])
    assert group.staff("finance-mall-east").get(f"/points/v1/redemptions/{paid['redemption']}").json() == seen
    assert till.get(path_of(paid)).json() == {
        "data": [second.json(), first.json()],
        "cursor": {"next": None},
    }
    assert rich.get(path_of(paid)).json()["data"] == [second.json(), first.json()]
    assert rich.get(f"/points/v1/redemptions/{paid['redemption']}").json() == seen
    for path in (path_of(paid), f"/points/v1/redemptions/{paid['redemption']}"):
        assert group.member().get(path).status_code == 404
    assert rich.get(f"/points/v1/redemptions?order_no={order}").status_code == 403
    assert group.staff("finance-mall-west").get(path_of(paid)).status_code == 404
    history = rich.get("/points/v1/journals").json()["data"][:3]
    assert [(one["kind"], one["order_no"]) for one in history] == [
        ("refund", order),
        ("refund", order),
        ("redemption", order),
    ]
    assert {one["about"] for one in history} == {paid["redemption"]}


def test_another_unit_a_member_and_a_stranger_give_nothing_back(group: Group, rich: Caller) -> None:
    paid = rich.post("/points/v1/redemptions", wish(fresh_key(), 300)).json()
    body = {"refund_no": fresh_key(), "amount_fen": 100}
    assert group.system("till-mall-west").post(path_of(paid), body).status_code == 404
    assert (
        group.system("till-mall-west").post(path_of(paid), {**body, "unit": "mall-east"}).status_code == 404
    )
    assert rich.post(path_of(paid), body).status_code == 403
    assert group.staff("finance-mall-east").post(path_of(paid), body).status_code == 403
    assert group.stranger.post(path_of(paid), body).status_code == 401
    stated = {**body, "at": paid["occurred_at"]}
    assert group.system("till-mall-east").post(path_of(paid), stated).status_code == 403
    importer = group.system("importer")
    assert importer.post(path_of(paid), stated).json()["code"] == "unknown-unit"
    assert importer.post(path_of(paid), {**stated, "unit": "mall-east"}).status_code == 201
    nobodys = {"redemption": f"red_{'f' * 32}"}
    assert group.system("till-mall-east").post(path_of(nobodys), body).status_code == 404


def test_twenty_tills_at_once_give_back_no_more_than_was_paid(group: Group, rich: Caller) -> None:
    """Refund above capture; twice in parallel."""
    paid = rich.post("/points/v1/redemptions", wish(fresh_key(), 600)).json()
    till = group.system("till-mall-east")
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(
                lambda _: till.post(path_of(paid), {"refund_no": fresh_key(), "amount_fen": 100}).status_code,
                range(20),
            )
        )
    print(f"20 refunds of 100 of 600: {answers.count(201)} given, {answers.count(409)} refused")
    assert (answers.count(201), answers.count(409)) == (6, 14)


def test_a_refund_is_announced_to_whoever_listens(group: Group, rich: Caller) -> None:
    paid = rich.post("/points/v1/redemptions", wish(fresh_key(), 300)).json()
    number = fresh_key()
    body = {"refund_no": number, "amount_fen": 300}
    told = group.system("till-mall-east").post(path_of(paid), body).json()
    statement = "SELECT data::json FROM outbox_archive WHERE type = 'points.wallet.refunded' AND data LIKE %s"
    (announced,) = until(lambda: group.rows("points", statement, f"%{told['refund']}%"))
    assert (announced[0]["refunded_fen"], announced[0]["undone"]) == (300, told["undone"])
    assert announced[0]["refund_no"] == number
