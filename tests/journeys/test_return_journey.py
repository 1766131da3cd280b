"""A shopper brings a coat back whose points are spent: the till says so, the wallet shows what is owed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from shared.kernel.calendar import SHANGHAI
from tests.journeys.caller import fresh_key
from tests.journeys.group import Group, until
from tests.journeys.test_points_journey import earned, receipt, wallet, wish

PRINTED = ("store", "receipt_no", "purchased_on")


def bought_on(told: dict[str, Any]) -> date:
    """Give the business day of a receipt as it is printed."""
    return datetime.fromisoformat(told["purchased_at"]).astimezone(SHANGHAI).date()


def test_a_coat_comes_back_in_two_parts_is_owed_and_repaid_by_the_next_lunch(group: Group) -> None:
    number = fresh_key()
    shopper = group.person(office=number, hotel=number)
    till = group.system("till-office")
    coat = receipt("office", number, 200_000)
    told = till.post("/points/v1/receipts", coat).json()
    assert (told["points"], wallet(shopper)) == (1_000, {"OFFI": 1_000})
    assert shopper.post("/points/v1/redemptions", wish(fresh_key(), 900, "mall-east")).status_code == 201
    path, key, first_no = f"/points/v1/receipts/{told['receipt']}/returns", fresh_key(), fresh_key()
    first = till.post(path, {"return_no": first_no, "amount_fen": 50_000}, key)
    assert first.status_code == 201, first.text
    assert (first.json()["clawed_back"][0]["points"], first.json()["debt_fen"]) == (250, 150)
    again = till.post(path, {"return_no": first_no, "amount_fen": 50_000}, key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    # A till that knows nothing but the printed receipt.
    printed = {
        "store": coat["store"],
        "receipt_no": coat["receipt_no"],
        "purchased_on": bought_on(coat).isoformat(),
        "return_no": fresh_key(),
        "amount_fen": 150_000,
    }
    second = till.post("/points/v1/returns", printed)
    assert (second.json()["returned_fen"], second.json()["left_fen"]) == (200_000, 0)
    seen = shopper.get("/points/v1/wallet").json()
    assert (seen["owed_fen"], seen["owed"]) == (900, [{"unit": "office", "amount_fen": 900}])
    read = f"/points/v1/receipts/{told['receipt']}"
    for reader in (till, shopper, group.staff("finance-office"), group.staff("operator-1")):
        back = reader.get(read).json()
        assert (back["points"], back["returned_fen"]) == (1_000, 200_000)
        assert (back["returns"], back["has_earlier_returns"]) == ([first.json(), second.json()], False)
        newest = reader.get(f"{path}?limit=1").json()
        assert newest["data"] == [second.json()]
        older = reader.get(f"{path}?limit=2&cursor={newest['cursor']['next']}").json()
        assert (older["data"], older["cursor"]) == ([first.json()], {"next": None})
    page = f"/points/v1/receipts?{urlencode({name: printed[name] for name in PRINTED})}"
    assert till.get(page).json() == till.get(read).json()
    assert group.system("importer").get(f"{page}&unit=office").json() == till.get(read).json()
    above = till.post(path, {"return_no": fresh_key(), "amount_fen": 1})
    assert (above.status_code, above.json()["code"]) == (409, "return-above-purchase")
    earned(group, "hotel", number, 40_000)
    seen = shopper.get("/points/v1/wallet").json()
    assert (seen["owed_fen"], wallet(shopper)) == (0, {"HOTL": 300})
    kinds = [one["kind"] for one in shopper.get("/points/v1/journals").json()["data"]]
    assert sorted(kinds) == ["earning", "earning", "redemption", "repayment", "return", "return"]
    statement = "SELECT data::json FROM outbox_archive WHERE type = 'points.debt.repaid' AND data LIKE %s"
    (repaid,) = until(lambda: group.rows("points", statement, f"%{seen['holder']}%"))
    assert (repaid[0]["repaid_fen"], repaid[0]["left_fen"]) == (900, 0)
    assert repaid[0]["owed"] == [{"issuer": "hotel", "amount_fen": 900}]


def test_another_unit_a_member_and_a_stranger_take_nothing_back(group: Group) -> None:
    number = fresh_key()
    told = earned(group, "office", number, 200_000)
    path, body = (
        f"/points/v1/receipts/{told['receipt']}/returns",
        {"return_no": fresh_key(), "amount_fen": 100},
    )
    hotel = group.system("till-hotel")
    assert hotel.post(path, body).status_code == 404
    assert hotel.post(path, {**body, "unit": "office"}).status_code == 404
    read = f"/points/v1/receipts/{told['receipt']}"
    for other in (hotel, group.member(), group.staff("finance-hotel")):
        assert other.get(read).status_code == 404
        assert other.get(path).status_code == 404
    assert group.system("importer").get(f"{read}?lang=en").status_code == 422
    assert group.member().post(path, body).status_code == 403
    assert group.staff("finance-office").post(path, body).status_code == 403
    assert group.stranger.post(path, body).status_code == 401
    nobodys = f"/points/v1/receipts/rcp_{'f' * 32}/returns"
    assert group.system("till-office").post(nobodys, body).status_code == 404
    importer = group.system("importer")
    assert importer.post(path, body).json()["code"] == "unknown-unit"
    assert importer.post(path, {**body, "unit": "office"}).status_code == 201
