"""Hundreds and thousands of one thing: nothing runs out, and the last is served like the first."""

from collections import Counter
from datetime import timedelta

from services.points.domain.repayment import DEBTS_MAX
from services.points.domain.rulebook import RuleKind
from shared.kernel.ids import read
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import BEGINNING, LedgerHouse, answer_of, code_of, earn, link, redeem
from tests.service.points.test_returns import LATER, bought, give_back

DEBTS = 600
OWING = "SELECT count(*), coalesce(sum(fen), 0)::bigint FROM debts WHERE fen > 0"


def test_whoever_owes_through_hundreds_of_numbers_repays_in_steps(fresh: LedgerHouse) -> None:
    terms = {"minimum_fen": 1, "share_bp": 10_000}
    fresh.add_rule(RuleKind.SPEND, "group", terms, BEGINNING + timedelta(days=1))
    fresh.obey(*(link("mem_many", "office", f"n{place}") for place in range(DEBTS)))
    # Five points each, all of them spent, all of them due once the purchases come back.
    earned = fresh.obey(*(earn("office", f"n{place}", 1_000, f"r{place}") for place in range(DEBTS)))
    paid = fresh.obey(*(redeem("mem_many", "hotel", f"o{place}", 500) for place in range(DEBTS * 5 // 500)))
    receipts = [read("rcp", answer_of(one)["receipt"]) or "" for one in earned]
    back = [give_back(one, "office", f"b{place}", 1_000) for place, one in enumerate(receipts)]
    assert {code_of(one) for one in (*paid, *fresh.obey(*back))} == {"ok"}
    assert fresh.rows(OWING) == [(DEBTS, DEBTS * 5)]
    fresh.obey(link("mem_many", "hotel", "new"))
    for place in range(4):
        answer_of(fresh.obey(earn("hotel", "new", 100_000, f"new{place}", LATER))[0])
    assert fresh.rows(OWING) == [(DEBTS - 4 * DEBTS_MAX, 5 * (DEBTS - 4 * DEBTS_MAX))]
    answer_of(fresh.obey(earn("hotel", "new", 100_000, "new4", LATER))[0])
    assert fresh.rows(OWING) == [(0, 0)]
    assert audited(fresh.database).findings == ()


def test_a_purchase_comes_back_in_a_thousand_parts_as_in_one(house: LedgerHouse) -> None:
    whole, parts = (bought(house, "office", name, 200_999, f"coat-{name}") for name in ("w1", "p1"))
    answer_of(house.obey(give_back(whole, "office", "all at once", 200_999))[0])
    answers: Counter[str] = Counter()
    for begin in range(0, 1_000, 250):
        codes = house.obey(
            *(give_back(parts, "office", f"part {place}", 200) for place in range(begin, begin + 250))
        )
        answers.update(code_of(one) for one in codes)
    assert answers == {"ok": 1_000}
    answer_of(house.obey(give_back(parts, "office", "the rest", 999))[0])
    assert code_of(house.obey(give_back(parts, "office", "too much", 1))[0]) == "return-above-purchase"
    assert (house.points_of("office:w1"), house.points_of("office:p1")) == (0, 0)
    assert audited(house.database).findings == ()
