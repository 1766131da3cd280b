"""Returns at real desks: what was earned is taken back or owed, once, and repaid by whatever comes next."""

from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.amounts import Fen
from services.points.domain.rulebook import RuleKind
from services.points.domain.sale import Part
from services.points.queries.history import history
from services.points.queries.wallet import Wallets
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Answer
from shared.kernel.ids import read
from shared.runtime.database import Reader, connect
from tests.service.points.closing_room import audited, closed, stated
from tests.service.points.crowd import killed_at
from tests.service.points.ledger_house import (
    FEBRUARY,
    JANUARY,
    NOON,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    later,
    link,
    redeem,
)

LATER = NOON + timedelta(days=2)
TURN = datetime(2017, 2, 1, tzinfo=SHANGHAI)


def bought(house: LedgerHouse, unit: str, number: str, fen: int, receipt: str, at: datetime = NOON) -> str:
    """Let a purchase earn and give the receipt's id."""
    told = answer_of(house.obey(earn(unit, number, fen, receipt, at))[0])
    return read("rcp", told["receipt"]) or ""


def give_back(
    receipt: str, unit: str, return_no: str, fen: int, at: datetime = LATER, key: str | None = None
) -> ReturnPurchase:
    """Make a return of that much of a receipt."""
    head = asked(key, body=f"{receipt} {return_no} {fen}")
    return ReturnPurchase(head, ("receipt", receipt), unit, return_no, Part(Fen(fen)), at)


def owed(house: LedgerHouse, identity: str) -> dict[str, int]:
    """Give what the holder of an identity owes, by unit, as the books have it."""
    return dict(
        house.rows(
            "SELECT d.issuer, d.fen FROM debts d JOIN wallets w ON w.id = d.wallet_id WHERE d.fen > 0"
            " AND w.holder_id = (SELECT holder_id FROM wallets WHERE identity = %s)",
            identity,
        )
    )


def test_a_coat_whose_points_are_spent_is_owed_and_the_next_night_repays(house: LedgerHouse) -> None:
    answer_of(house.obey(link("mem_coat", "office", "COAT"))[0])
    answer_of(house.obey(link("mem_coat", "hotel", "COAT"))[0])
    coat = bought(house, "office", "COAT", 200_000, "coat-1")
    answer_of(house.obey(redeem("office:COAT", "mall-east", "coat", 600))[0])
    told = answer_of(house.obey(give_back(coat, "office", "coat-R", 200_000))[0])
    assert (told["debt_fen"], told["clawed_back"][0]["points"]) == (600, 1_000)
    assert owed(house, "mem_coat") == {"office": 600}
    # Pending points of the hotel pay at once; what they are worth beyond stays.
    answer_of(house.obey(earn("hotel", "COAT", 10_000, "coat-2", LATER))[0])
    assert (owed(house, "mem_coat"), house.points_of("hotel:COAT")) == ({"office": 300}, 0)
    answer_of(house.obey(earn("hotel", "COAT", 20_000, "coat-3", LATER))[0])
    assert (owed(house, "mem_coat"), house.points_of("hotel:COAT")) == ({}, 300)
    kinds = house.rows(
        "SELECT kind FROM journals"
        " WHERE holder_id = (SELECT holder_id FROM wallets WHERE identity = 'mem_coat')"
    )
    assert Counter(kind for (kind,) in kinds) == {"earning": 3, "redemption": 1, "return": 1, "repayment": 2}
    assert audited(house.database).findings == ()


def test_the_wallet_shows_what_is_owed_and_the_history_the_return(house: LedgerHouse) -> None:
    coat = bought(house, "office", "SEEN", 200_000, "seen-1")
    answer_of(house.obey(redeem("office:SEEN", "hotel", "SEEN", 600))[0])
    answer_of(house.obey(give_back(coat, "office", "seen-R", 200_000))[0])
    ((holder,),) = house.rows("SELECT holder_id::text FROM wallets WHERE identity = 'office:SEEN'")
    with (
        closing(connect(house.database.url("reader"))) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        found = Wallets(lambda: LATER).read(cursor, ["nobody", "office:SEEN", "office:somebody"])
    assert [one["owed_fen"] for one in found] == [0, 600, 0]
    assert found[1]["owed"] == [{"unit": "office", "amount_fen": 600}]
    with closing(Reader(house.database.url("reader"), size=1)) as reader:
        with reader.asked_by(holder=holder) as questions:
            page, _ = history(questions, 50, None)
        with reader.asked_by(unit="hotel") as questions:
            assert questions.rows("SELECT 1 FROM returns") == []
            assert questions.rows("SELECT 1 FROM debts") == []
    assert (page[0]["kind"], page[0]["receipt_no"], page[0]["movements"]) == (
        "return",
        "seen-1",
        [{"asset": "OFFI", "points": -400}],
    )


def test_a_debt_goes_with_a_linked_number_and_is_repaid_by_any_other(house: LedgerHouse) -> None:
    coat = bought(house, "office", "MOVES", 200_000, "moves-1")
    answer_of(house.obey(redeem("office:MOVES", "hotel", "MOVES", 1_000))[0])
    answer_of(house.obey(give_back(coat, "office", "moves-R", 200_000))[0])
    answer_of(house.obey(link("mem_moves", "hotel", "MOVES"))[0])
    # Linked and earning in one batch: the debt is there for whoever comes behind the link.
    answers = house.obey(
        link("mem_moves", "office", "MOVES"), earn("hotel", "MOVES", 20_000, "moves-2", LATER)
    )
    assert [code_of(one) for one in answers] == ["ok", "ok"]
    assert owed(house, "mem_moves") == {"office": 400}


def test_one_return_sent_by_twenty_at_once_under_other_keys_happens_once(house: LedgerHouse) -> None:
    receipt = bought(house, "office", "TWINS", 200_000, "twins-1")
    desks = [house.desk(), house.desk()]
    waiting = [
        later(desks[place % 2], give_back(receipt, "office", "twins-R", 50_000)) for place in range(20)
    ]
    answers: list[Answer] = [answer for one in waiting for answer in one.result(40)]
    assert len({answer.json for answer in answers}) == 1
    assert house.points_of("office:TWINS") == 750
    assert code_of(house.obey(give_back(receipt, "office", "twins-R", 50_001))[0]) == "return-conflict"


def test_of_thirty_returns_at_once_exactly_what_was_bought_comes_back(house: LedgerHouse) -> None:
    receipt = bought(house, "office", "MANY", 200_000, "many-1")
    desks = [house.desk(), house.desk()]
    waiting = [
        later(desks[place % 2], give_back(receipt, "office", f"many-{place}", 19_999)) for place in range(30)
    ]
    codes = Counter(code_of(answer) for one in waiting for answer in one.result(40))
    print(f"30 returns of 19,999 of 200,000 at once: {dict(codes)}")
    assert codes == {"ok": 10, "return-above-purchase": 20}
    # 10 fen of the purchase are left, and earn nothing.
    assert house.points_of("office:MANY") == 0
    assert audited(house.database).findings == ()


def test_a_receipt_is_named_by_what_is_printed_on_it(house: LedgerHouse) -> None:
    bought(house, "office", "PRINT", 200_000, "print 1")
    name = "receipt office|1|PRINT 1|2017-01-20"
    command = ReturnPurchase(asked(), ("receipt-name", name), "office", "print-R", Part(Fen(100_000)), LATER)
    assert answer_of(house.obey(command)[0])["left_fen"] == 100_000
    nobodys = ReturnPurchase(asked(), ("receipt-name", name + "x"), "office", "print-R2", Part(Fen(1)), LATER)
    assert code_of(house.obey(nobodys)[0]) == "not-found"


def test_a_return_in_a_batch_behind_its_own_receipts_redemption_sees_it(house: LedgerHouse) -> None:
    receipt = bought(house, "office", "BATCH", 200_000, "batch-1")
    answers = house.obey(
        redeem("office:BATCH", "hotel", "BATCH", 900),
        give_back(receipt, "office", "batch-R1", 150_000),
        give_back(receipt, "office", "batch-R2", 50_000),
        earn("office", "BATCH", 200_000, "batch-2", LATER),
    )
    assert [code_of(one) for one in answers] == ["ok"] * 4
    told = [answer_of(one)["debt_fen"] for one in answers[1:3]]
    assert (told, owed(house, "office:BATCH")) == ([650, 250], {})
    assert house.points_of("office:BATCH") == 100


def test_after_the_rule_has_changed_the_receipts_own_rule_still_says_what_is_left(fresh: LedgerHouse) -> None:
    receipt = bought(fresh, "office", "RULE", 200_000, "rule-1")
    terms = {"points": 9, "per_fen": 200, "cap": None, "pending_days": 0, "expiry_months": 24}
    fresh.add_rules([(RuleKind.EARN, "office", terms)], datetime(2199, 1, 1, tzinfo=SHANGHAI))
    told = answer_of(fresh.obey(give_back(receipt, "office", "rule-R", 100_000))[0])
    assert told["clawed_back"][0]["points"] == 500


def test_a_purchase_of_a_sealed_month_comes_back_in_next_months_statement(fresh: LedgerHouse) -> None:
    """Finance looks at next month's statement: returned points leave the issuer's outstanding there."""
    receipt = bought(fresh, "office", "LATE", 200_000, "late-1")
    answer_of(fresh.obey(redeem("office:LATE", "hotel", "LATE", 600))[0])
    assert [one.issued for one in closed(fresh, JANUARY)] == [True]
    january = stated(fresh, JANUARY)
    answer_of(fresh.obey(give_back(receipt, "office", "late-R", 200_000, TURN - timedelta(seconds=1)))[0])
    assert fresh.rows("SELECT month, concerns_month FROM journals WHERE kind = 'return'") == [
        (FEBRUARY, JANUARY)
    ]
    answer_of(fresh.obey(earn("hotel", "LATE", 10_000, "late-2", TURN + timedelta(days=1)))[0])
    answer_of(fresh.obey(link("mem_late", "office", "LATE"), link("mem_late", "hotel", "LATE"))[1])
    answer_of(fresh.obey(earn("hotel", "LATE", 10_000, "late-3", TURN + timedelta(days=2)))[0])
    assert [one.issued for one in closed(fresh, FEBRUARY)] == [True]
    february = stated(fresh, FEBRUARY)
    points = february["office"]["points"]["OFFI"]
    assert (points["opening"], points["returned"], points["closing"]) == (400, 400, 0)
    # 300 HOTL repaid ¥3.00 of ¥6.00: as a redemption at the office, so the hotel owes it.
    assert (february["hotel"]["net_fen"], february["office"]["net_fen"]) == (-300, 300)
    assert owed(fresh, "mem_late") == {"office": 300}
    assert stated(fresh, JANUARY) == january
    assert audited(fresh.database).findings == ()


@pytest.mark.parametrize("point", ["desk.load", "desk.save", "desk.before_commit", "desk.after_commit"])
def test_a_desk_killed_in_a_return_takes_back_once(house: LedgerHouse, point: str) -> None:
    number, name = f"K-{point}".upper(), f"killed-{point}"
    receipt = bought(house, "office", number, 200_000, name)
    answer_of(house.obey(redeem(f"office:{number}", "hotel", name, 900))[0])
    command = give_back(receipt, "office", name, 200_000)
    assert killed_at(house.database.url("desk"), point, [command]) == 9
    assert answer_of(house.obey(command)[0])["debt_fen"] == 900
    assert (owed(house, f"office:{number}"), house.points_of(f"office:{number}")) == ({"office": 900}, 0)
