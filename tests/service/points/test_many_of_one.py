"""Hundreds and thousands of one thing: nothing runs out, and the last is served like the first."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

from services.points.domain.bounds import FEN_MOST
from services.points.domain.repayment import DEBTS_MAX
from services.points.domain.rulebook import RuleKind
from services.points.jobs.audit import AUDIT_OPTIONS
from services.points.queries.refund_evidence import reversals
from services.points.queries.scope import unclosed_scope
from shared.kernel.command import Command
from shared.kernel.ids import read
from shared.runtime.database import connect
from tests.service.points.closing_room import audited, closed
from tests.service.points.ledger_house import (
    BEGINNING,
    JANUARY,
    LedgerHouse,
    answer_of,
    code_of,
    earn,
    link,
    redeem,
    redemption_id,
    refund,
)
from tests.service.points.test_returns import LATER, bought, give_back

DEBTS = 600
OWING = "SELECT count(*), coalesce(sum(fen), 0)::bigint FROM debts WHERE fen > 0"

HANDED_OUT = """
SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::bigint FROM pg_stat_xact_user_tables
WHERE relname LIKE 'transfers%'
"""


def all_of(house: LedgerHouse, commands: Sequence[Command]) -> Counter[str]:
    """Obey many commands, some hundreds at a time; count what they were answered."""
    answers: Counter[str] = Counter()
    for begin in range(0, len(commands), 250):
        answers.update(code_of(one) for one in house.obey(*commands[begin : begin + 250]))
    return answers


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
    answers = all_of(house, [give_back(parts, "office", f"part {place}", 200) for place in range(1_000)])
    assert answers == {"ok": 1_000}
    answer_of(house.obey(give_back(parts, "office", "the rest", 999))[0])
    assert code_of(house.obey(give_back(parts, "office", "too much", 1))[0]) == "return-above-purchase"
    assert (house.points_of("office:w1"), house.points_of("office:p1")) == (0, 0)
    assert audited(house.database).findings == ()


def test_a_month_closes_however_often_one_purchase_and_one_payment_came_back(fresh: LedgerHouse) -> None:
    receipt = bought(fresh, "office", "often", 10_000_000, "often")
    paid = redemption_id(fresh.obey(redeem(fresh.fund("paid", 2_000), "hotel", "paid", 2_000))[0])
    back: list[Command] = [give_back(receipt, "office", f"b{place}", 1_000) for place in range(5_000)]
    back += [refund(paid, "hotel", f"f{place}", 1, LATER) for place in range(500)]
    assert all_of(fresh, back) == {"ok": 5_500}
    # Its gate asks what came back before each of them: parts read once for every later one take minutes.
    assert [(one.issued, one.waits_for) for one in closed(fresh, JANUARY)] == [(True, ())]


def test_a_refund_is_held_against_its_own_lines_not_against_all_of_the_month(fresh: LedgerHouse) -> None:
    paid = redemption_id(fresh.obey(redeem(fresh.fund("paid", 500), "hotel", "paid", 500))[0])
    assert all_of(fresh, [refund(paid, "hotel", f"f{place}", 2, LATER) for place in range(200)]) == {
        "ok": 200
    }
    ((lines,),) = fresh.rows("SELECT count(*) FROM transfers")
    with closing(connect(fresh.database.url("auditor"), AUDIT_OPTIONS)) as connection:
        cursor = connection.cursor()
        scope = unclosed_scope(cursor)
        assert sum(one.rows for one in reversals(cursor, scope)) == 200
        cursor.execute(HANDED_OUT)
        assert cursor.fetchone()[0] < 20 * lines


def test_the_largest_payment_comes_back_and_its_month_closes(fresh: LedgerHouse) -> None:
    largest = {"points": 10, "per_fen": 1, "pending_days": 0, "expiry_months": 24}
    fresh.add_rule(RuleKind.EARN, "office", largest, BEGINNING + timedelta(days=1))
    answer_of(fresh.obey(earn("office", "rich", FEN_MOST, "rich"))[0])
    # Fifty billion points for as many fen: multiplied with one another they leave 64 bits.
    paid = redemption_id(fresh.obey(redeem("office:rich", "hotel", "palace", FEN_MOST // 2))[0])
    answer_of(fresh.obey(refund(paid, "hotel", "palace", FEN_MOST // 2 - 7, LATER))[0])
    assert audited(fresh.database).findings == ()
    assert [(one.issued, one.waits_for) for one in closed(fresh, JANUARY)] == [(True, ())]
