"""Three months worked out by hand, on paper: what every unit's statement must say, fen by fen, and does.

A buys a thousand points, turns half into another asset and gives some of those to B, who pays at the hotel; a
hold of the first month is captured in the second; A's purchase comes back, and what both paid in the third.
"""

from datetime import date, timedelta
from typing import Any

from services.points.commands.close_month import CloseMonth
from shared.kernel.calendar import midnight, month_after, month_of
from shared.kernel.ids import read
from shared.runtime.clock import now
from tests.service.points.closing_room import audited, closed, over, stated
from tests.service.points.exchanging import exchanged, holdings
from tests.service.points.hold_room import capture, hold, placed
from tests.service.points.ledger_house import (
    FEBRUARY,
    JANUARY,
    MARCH,
    LedgerHouse,
    answer_of,
    asked,
    earn,
    link,
    redeem,
    redemption_id,
    refund,
)
from tests.service.points.test_gifts import confirm, prepare
from tests.service.points.test_returns import give_back, owed

A, B = "mem_" + "a" * 32, "mem_" + "b" * 32
HOUR = timedelta(hours=1)
NOTHING = {
    "issued": 0,
    "redeemed_here": 0,
    "redeemed_here_fen": 0,
    "redeemed_elsewhere": 0,
    "redeemed_elsewhere_fen": 0,
    "exchanged_out": 0,
    "exchanged_in": 0,
    "change_given": 0,
    "expired": 0,
    "opening": 0,
    "closing": 0,
}


def moved(**figures: int) -> dict[str, int]:
    """Write what moved of one asset of an issuer; what is not named did not."""
    return {**NOTHING, **figures}


def seal(house: LedgerHouse, month: date) -> dict[str, dict[str, Any]]:
    """Close a month, also one that is not over yet, and give what was stated of it."""
    answer_of(house.obey(CloseMonth(asked(), month, over(month)))[0])
    assert [one.issued for one in closed(house)] == [True]
    return stated(house, month)


def _first_month(house: LedgerHouse, first: date, this: date) -> tuple[str, dict[str, Any]]:
    """Earn 1,000 OFFI, of which 500 become 100 MALL of the office's; 300 fen are on hold at the month's end.

    Give the receipt and the hold.
    """
    day = midnight(first) + timedelta(days=3)
    bought = answer_of(house.obey(earn("office", "a", 200_000, "flat", day))[0])
    _, turned = exchanged(house.first, A, "OFFI-MALL", 500, day + HOUR)
    assert answer_of(turned)["given"] == 100
    night = placed(house, hold(A, "night", 300, at=midnight(this) - HOUR))
    told = seal(house, first)
    assert told["office"]["points"] == {
        "MALL": moved(exchanged_in=100, closing=100),
        "OFFI": moved(issued=1_000, exchanged_out=500, closing=500),
    }
    assert {one["net_fen"] for one in told.values()} == {0}
    return read("rcp", bought["receipt"]) or "", night


def _second_month(house: LedgerHouse, this: date, bought: str, night: dict[str, Any]) -> tuple[str, str]:
    """Capture the hold, for which exchanged points went first: 300 fen are 60 MALL; give 35 MALL to B.

    B pays 152 with 30 of them and 2 of the 5 GRUP that one more becomes. All that A bought comes back: 500
    OFFI, 5 MALL that are worth 25, and 475 fen are owed. Give what was paid with.
    """
    part = answer_of(house.obey(capture(night, "1", 300, at=midnight(this) + HOUR))[0])
    gift = answer_of(house.obey(prepare(A, B, 35, "MALL"))[0])
    answer_of(house.obey(confirm(A, read("gft", gift["gift"]) or ""))[0])
    dinner = redemption_id(house.obey(redeem(B, "hotel", "dinner", 152, now()))[0])
    back = answer_of(house.obey(give_back(bought, "office", "back", 200_000, now()))[0])
    assert back["debt_fen"] == 475
    told = seal(house, this)
    changed = {"exchanged_in": 5, "redeemed_elsewhere": 2, "redeemed_elsewhere_fen": 2, "change_given": 3}
    passed = {"gifted_out": 35, "gifted_in": 35}
    paid = {"redeemed_elsewhere": 90, "redeemed_elsewhere_fen": 450, "exchanged_out": 1}
    assert told["office"]["points"] == {
        "GRUP": moved(**changed, closing=3),
        "MALL": moved(opening=100, **passed, **paid, returned=5, closing=4),
        "OFFI": moved(opening=500, returned=500),
    }
    assert told["office"]["payable_fen"] == {"hotel": 452}
    assert told["hotel"]["receivable_fen"] == {"office": 452}
    assert told["hotel"]["redeemed_here"] == {
        "office": {"GRUP": {"points": 2, "fen": 2}, "MALL": {"points": 90, "fen": 450}}
    }
    return read("red", part["redemption"]) or "", dinner


def _third_month(house: LedgerHouse, third: date, night: str, dinner: str) -> None:
    """Give both orders back; A's next stay repays the 475 out of 1,500 HOTL."""
    at = midnight(third) + timedelta(days=2)
    for paid, fen in ((night, 300), (dinner, 152)):
        answer_of(house.obey(refund(paid, "hotel", f"back {fen}", fen, at))[0])
    assert (holdings(house, A), owed(house, A)) == ({"MALL": 60}, {"office": 475})
    answer_of(house.obey(earn("hotel", "a", 50_000, "stay", at + HOUR))[0])
    assert (holdings(house, A), owed(house, A)) == ({"MALL": 60, "HOTL": 1_025}, {})
    assert holdings(house, B) == {"MALL": 34, "GRUP": 5}
    told = seal(house, third)
    assert told["office"]["points"] == {
        "GRUP": moved(opening=3, refunded=2, refunded_fen=2, closing=5),
        "MALL": moved(opening=4, refunded=90, refunded_fen=450, closing=94),
    }
    assert told["hotel"]["points"] == {
        "HOTL": moved(issued=1_500, redeemed_elsewhere=475, redeemed_elsewhere_fen=475, closing=1_025)
    }
    assert told["office"]["redeemed_here"] == {"hotel": {"HOTL": {"points": 475, "fen": 475}}}
    nets = {unit: one["net_fen"] for unit, one in told.items() if one["net_fen"]}
    assert nets == {"office": 452 + 475, "hotel": -452 - 475}


def test_what_was_worked_out_on_paper_is_what_both_units_are_told(fresh: LedgerHouse) -> None:
    this = month_of(now())
    first, third = month_after(this, -1), month_after(this)
    for month in (first, this, third):
        fresh.open_month(month)
    closed(fresh, JANUARY, FEBRUARY, MARCH)
    fresh.obey(link(A, "office", "a"), link(A, "hotel", "a"), link(B, "office", "b"))
    bought, night = _first_month(fresh, first, this)
    paid, dinner = _second_month(fresh, this, bought, night)
    _third_month(fresh, third, paid, dinner)
    assert audited(fresh.database).findings == ()
