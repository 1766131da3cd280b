"""Refunds decided on books in memory: who may, how often, in which month, and what is never created.

Where a test is named after a bug that others had, its docstring says whose and what it was.
"""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.commands.redeem_points import RedeemPoints
from services.points.commands.refund_points import RefundPoints
from services.points.domain.books import LedgerBooks
from services.points.domain.changes import JournalPosted, WalletMoved
from services.points.domain.month import MonthState
from services.points.domain.refund import RefundAbovePaid, RefundConflict, RefundTooEarly
from services.points.domain.rulebook import Rulebook, RuleKind, merged
from shared.kernel.calendar import SHANGHAI
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Forbidden, NotFound
from tests.unit.points.ledger import RATES, UNITS, WALLET, balances, clearing, version
from tests.unit.points.small_books import (
    NOON,
    asked,
    earn,
    obey,
    redeem,
    refund,
    small_books,
    transfers,
)

LATER = NOON + timedelta(hours=1)
HOTEL = Principal("till-hotel", Role.UNIT_SYSTEM, "hotel")


def purse(books: LedgerBooks) -> int:
    """Add up what the holder's points are worth, in fen."""
    return sum(RATES[lot.asset].worth(lot.points_left) for lot in books.lots_of("holder"))


def three_businesses() -> LedgerBooks:
    """Open books with points of residential, mall and office in one person's hands: 500, 500 and 300 fen."""
    books = small_books("residential:1", "mall-east:1", "office:1", now=LATER)
    obey(books, earn("residential", "1", 10_000_000, "1"))
    obey(books, earn("mall-east", "1", 100_000, "2", NOON + timedelta(seconds=1)))
    obey(books, earn("office", "1", 60_000, "3", NOON + timedelta(seconds=2)))
    return books


def test_a_hotel_night_paid_with_points_of_three_businesses_comes_back_in_two_parts() -> None:
    """The guest cancels one of two nights, then the other.

    | | residential | mall-east | office | purse |
    | --- | ---: | ---: | ---: | ---: |
    | paid ¥12.03: owed to the hotel | 500 | 500 | 203 | 97 |
    | refund ¥4.01: no longer owed | | 198 | 203 | 498 |
    | refund ¥8.02: no longer owed | 500 | 302 | | 1,300 |
    """
    books = three_businesses()
    night = redeem("office:1", "hotel", 1_203, at=LATER)
    obey(books, night)
    assert purse(books) == 97
    first = obey(books, refund(night, 401, "R-1", LATER)).answer
    assert first["undone"] == [
        {"issuer": "mall-east", "amount_fen": 198},
        {"issuer": "office", "amount_fen": 203},
    ]
    assert [(one["asset"], one["points"]) for one in first["restored"]] == [
        ("OFFI", 203),
        ("MALL", 39),
        ("GRUP", 3),
    ]
    assert (first["refunded_fen"], first["left_fen"], purse(books)) == (401, 802, 498)
    second = obey(books, refund(night, 802, "R-2", LATER)).answer
    assert second["undone"] == [
        {"issuer": "mall-east", "amount_fen": 302},
        {"issuer": "residential", "amount_fen": 500},
    ]
    assert (second["left_fen"], purse(books)) == (0, 1_300)
    folded = balances(transfers(books))
    assert not any(folded.get(clearing(unit)) for unit in UNITS)
    with pytest.raises(RefundAbovePaid):
        obey(books, refund(night, 1, "R-3", LATER))


def test_the_same_refund_number_gives_the_first_answer_and_moves_nothing() -> None:
    """Points restored twice (a payment module for a shop, 928: a repeated cancellation restored again)."""
    books = three_businesses()
    night = redeem("office:1", "hotel", 1_000, at=LATER)
    obey(books, night)
    first = obey(books, refund(night, 400, "R-1", LATER))
    again = obey(books, refund(night, 400, " r-1", LATER))
    assert (again.answer, again.changes, again.events) == (first.answer, (), ())
    with pytest.raises(RefundConflict) as refused:
        obey(books, refund(night, 401, "R-1", LATER))
    assert refused.value.facts == {"refund_no": "R-1", "amount_fen": 400}
    other = redeem("office:1", "hotel", 200, "2", at=LATER)
    obey(books, other)
    with pytest.raises(RefundConflict):
        obey(books, refund(other, 400, "R-1", LATER))


def test_a_refund_takes_no_points_from_anybody() -> None:
    """Refund charged points again (an ERP, 212922: the credit note redeemed a second time)."""
    books = three_businesses()
    night = redeem("office:1", "hotel", 1_000, at=LATER)
    obey(books, night)
    before = {lot.id: lot.points_left for lot in books.lots_of("holder")}
    obey(books, refund(night, 777, at=LATER))
    assert all(lot.points_left >= before.get(lot.id, 0) for lot in books.lots_of("holder"))


@pytest.mark.parametrize("today", [1, 3, 50])
def test_a_refund_reverses_at_the_rate_of_then_whatever_a_point_is_worth_today(today: int) -> None:
    """A refund used today's commission (a marketplace, 144); here it would be today's rate."""
    books = small_books("mall-east:1", now=LATER)
    obey(books, earn("mall-east", "1", 100_000))
    night = redeem("mall-east:1", "hotel", 300)
    obey(books, night)
    rate = version(RuleKind.RATE, "MALL", 2, NOON, {"numerator": today, "denominator": 1})
    books.rulebook = merged(books.rulebook, (rate,))
    told = obey(books, refund(night, 300, at=LATER)).answer
    assert [(one["asset"], one["points"], one["worth_fen"]) for one in told["restored"]] == [
        ("MALL", 60, 300)
    ]
    assert told["undone"] == [{"issuer": "mall-east", "amount_fen": 300}]
    assert not balances(transfers(books)).get(clearing("hotel"))


def test_a_rate_that_is_gone_does_not_stand_in_the_way() -> None:
    books = small_books("mall-east:1", now=LATER)
    obey(books, earn("mall-east", "1", 100_000))
    night = redeem("mall-east:1", "hotel", 300)
    obey(books, night)
    books.rulebook = Rulebook(())
    assert obey(books, refund(night, 300, at=LATER)).answer["left_fen"] == 0


def test_a_refund_of_a_sealed_month_is_booked_in_the_open_one() -> None:
    books = small_books("office:1", now=datetime(2017, 2, 3, tzinfo=SHANGHAI))
    obey(books, earn("office", "1", 100_000))
    night = redeem("office:1", "hotel", 300)
    obey(books, night)
    books.months[date(2017, 1, 1)] = MonthState.SEALED
    obey(books, refund(night, 100, "1", datetime(2017, 2, 3, tzinfo=SHANGHAI)))
    # Whoever tells of a refund of January after the seal is booked in February and says so.
    obey(books, refund(night, 100, "2", datetime(2017, 1, 31, tzinfo=SHANGHAI)))
    booked = [one.journal for one in books.applied if isinstance(one, JournalPosted)][-2:]
    assert [(one.month, one.concerns) for one in booked] == [
        (date(2017, 2, 1), None),
        (date(2017, 2, 1), date(2017, 1, 1)),
    ]


def test_a_lot_that_expired_meanwhile_comes_back_for_30_days() -> None:
    end = datetime(2019, 4, 1, tzinfo=SHANGHAI)
    books = small_books("office:1", now=end)
    books.months[date(2019, 4, 1)] = MonthState.OPEN
    obey(books, earn("office", "1", 60_000))
    night = redeem("office:1", "hotel", 300)
    obey(books, night)
    told = obey(books, refund(night, 300, at=end)).answer
    (back,) = told["restored"]
    assert (back["points"], back["expires_at"] - end) == (300, timedelta(days=30))
    assert (
        obey(books, redeem("office:1", "hotel", 300, "2", end + timedelta(days=29))).answer["paid_fen"] == 300
    )


def test_only_the_unit_itself_gives_back_and_only_an_importer_states_when() -> None:
    books = three_businesses()
    night = redeem("office:1", "hotel", 300, at=LATER)
    obey(books, night)

    def ask(
        unit: str, principal: Principal = HOTEL, at: datetime | None = None, id_: str = ""
    ) -> RefundPoints:
        return RefundPoints(asked(principal), id_ or night.asked.id, unit, "1", 100, at)

    office = Principal("till-office", Role.UNIT_SYSTEM, "office")
    for stranger in (
        ask("office"),
        ask("office", office),
        ask("hotel", office),
        ask("hotel", id_="nobody's"),
    ):
        with pytest.raises(NotFound):
            obey(books, stranger)
    with pytest.raises(Forbidden):
        obey(books, ask("hotel", at=LATER))
    with pytest.raises(RefundTooEarly):
        obey(books, refund(night, 100, at=LATER - timedelta(seconds=1)))
    assert obey(books, ask("hotel")).answer["refunded_fen"] == 100


def test_what_was_paid_from_wallets_that_came_to_two_persons_comes_back_to_each() -> None:
    books = three_businesses()
    night = redeem("office:1", "hotel", 1_203, at=LATER)
    obey(books, night)
    books.holders["other"] = 7
    wallet = books.wallet("office:1")
    books.apply((WalletMoved(wallet.id, "other", wallet.holder_id),))
    outcome = obey(books, refund(night, 1_203, at=LATER))
    assert [(event.key[4:], event.seq, event.data["refunded_fen"]) for event in outcome.events] == [
        ("other", 8, 203),
        ("holder", 5, 1_000),
    ]
    journals = [one.journal for one in outcome.changes if isinstance(one, JournalPosted)]
    assert [(one.holder_id, one.sides) for one in journals] == [
        ("other", ("hotel", "office")),
        ("holder", ("hotel", "mall-east", "residential")),
    ]
    assert outcome.answer["journals"] == [f"jrn_{one.id.replace('-', '')}" for one in journals]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 900)), min_size=1, max_size=12), st.integers(1, 4))
def test_no_order_of_paying_and_refunding_creates_or_loses_value(
    steps: list[tuple[bool, int]], hours: int
) -> None:
    books = three_businesses()
    open_: list[tuple[RedeemPoints, int]] = []
    out = 0
    for place, (pays, fen) in enumerate(steps):
        at = LATER + timedelta(hours=hours * place)
        if pays and purse(books) >= max(fen, 100):
            night = redeem("office:1", ("hotel", "office")[place % 2], max(fen, 100), str(place), at)
            obey(books, night)
            open_.append((night, max(fen, 100)))
            out += max(fen, 100)
        elif open_:
            night, left = open_.pop(fen % len(open_))
            part = min(fen, left)
            obey(books, refund(night, part, str(place), at))
            out -= part
            if left > part:
                open_.append((night, left - part))
        assert purse(books) + out == 1_300
    folded = balances(transfers(books))
    owed = sum(folded.get(clearing(unit), 0) for unit in UNITS)
    assert owed == 0
    assert not any(amount < 0 for (account, _), amount in folded.items() if account >= WALLET)
