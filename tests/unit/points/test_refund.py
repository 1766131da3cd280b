"""Refunding: value comes back whole, last taken first, at the rate of then, whatever the parts."""

import itertools
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.account import AccountRole
from services.points.domain.amounts import CNY_PER_FEN, Fen, Points, Rate
from services.points.domain.journal import Lines
from services.points.domain.lot import Lot, Origin
from services.points.domain.redemption import lines
from services.points.domain.refund import (
    PaidLine,
    Payment,
    RefundAbovePaid,
    RefundTooEarly,
    Reversal,
    check_refund,
    refund_lines,
    restored,
    reversals,
)
from services.points.domain.spending import slices, worth
from tests.unit.points.ledger import (
    ACCOUNTS,
    EARLY,
    LATE,
    RATES,
    UNITS,
    WALLET,
    balances,
    clearing,
    lot,
    lots_of_one_holder,
)

SOON = LATE - timedelta(days=1)
FRACTIONS = {
    "MALL": Rate(5),
    "HOTL": Rate(1, 3),
    "OFFI": Rate(2, 3),
    "RESI": Rate(7, 2),
    "GRUP": Rate(1),
}


def paid(lots: list[Lot], fen: int, unit: str, rates: dict[str, Rate]) -> tuple[Payment, Lines]:
    """Redeem at a unit and give what a refund knows of it, beside the lines."""
    names = (f"change{place}" for place in itertools.count())
    written = lines(slices(lots, rates, fen), unit, ACCOUNTS, {"wallet": WALLET}, rates, names)
    taken = tuple(
        PaidLine(place, "wallet", str(line.lot_id), Points(line.amount), Fen(line.worth_fen))
        for place, line in enumerate(written.transfers, 1)
        if line.worth_fen is not None
    )
    return Payment("redemption", unit, "1", Fen(fen), EARLY, taken, Fen(0)), written


def line(points: int, worth_fen: int, id_: int = 1, of: str = "a") -> PaidLine:
    """Make a redeemed line."""
    return PaidLine(id_, "wallet", of, Points(points), Fen(worth_fen))


@pytest.mark.parametrize(
    ("points", "worth_fen", "fen", "back", "rest"),
    [
        (10, 50, 50, 10, 0),
        (10, 50, 49, 9, 4),
        (10, 50, 4, 0, 4),
        (6, 2, 1, 3, 0),
        (6, 4, 3, 3, 1),
        (4, 14, 8, 2, 1),
        (1, 4_500, 4_499, 0, 4_499),
        (3, 3, 2, 2, 0),
    ],
)
def test_a_line_comes_back_in_whole_points_and_the_rest_in_group_points(
    points: int, worth_fen: int, fen: int, back: int, rest: int
) -> None:
    one = Reversal(line(points, worth_fen), Fen(fen))
    assert (one.points, one.rest) == (back, rest)


def test_the_last_taken_comes_back_first_and_later_refunds_go_on_behind() -> None:
    payment = Payment(
        "redemption", "hotel", "1", Fen(60), EARLY, (line(20, 20), line(5, 25, 2), line(15, 15, 3)), Fen(0)
    )
    found = [[(one.line.id, one.fen) for one in reversals(payment, 20)]]
    payment = payment.with_refund(20)
    found.append([(one.line.id, one.fen) for one in reversals(payment, 40)])
    assert found == [[(3, 15), (2, 5)], [(2, 20), (1, 20)]]
    assert payment.with_refund(40).left_fen == 0


def test_more_than_was_paid_is_refused_with_what_is_left() -> None:
    payment = Payment("redemption", "hotel", "1", Fen(60), EARLY, (line(60, 60),), Fen(50))
    check_refund(payment, 10, EARLY)
    with pytest.raises(RefundAbovePaid) as refused:
        check_refund(payment, 11, EARLY)
    assert refused.value.facts == {"paid_fen": 60, "refunded_fen": 50, "left_fen": 10, "wanted_fen": 11}
    with pytest.raises(RefundTooEarly):
        check_refund(payment, 10, EARLY - timedelta(seconds=1))


def test_a_lot_that_has_expired_comes_back_as_a_new_one_for_30_days() -> None:
    old = lot("a", 10, "mall-east").left_with(0)
    names = iter(("new", "rest"))
    alive = restored([Reversal(line(10, 50), Fen(12))], {"a": old}, SOON, names)
    assert [(one.lot.id, one.points, one.is_new) for one in alive] == [("a", 2, False), ("new", 2, True)]
    assert (alive[0].lot.points_left, alive[1].lot.expires_at) == (2, LATE)
    over = restored([Reversal(line(10, 50), Fen(12))], {"a": old}, LATE, iter(("new", "rest")))
    assert [(one.lot.id, one.lot.origin, one.lot.parent_id) for one in over] == [
        ("new", Origin.RESTORED, "a"),
        ("rest", Origin.CHANGE, "a"),
    ]
    assert {one.lot.expires_at for one in over} == {LATE + timedelta(days=30)}
    assert {(one.lot.issuer, one.lot.earned_at, one.lot.receipt_number) for one in over} == {
        (old.issuer, old.earned_at, old.receipt_number)
    }
    assert all(one.lot.usable(LATE) for one in over)


@settings(max_examples=300)
@given(
    lots_of_one_holder(),
    st.integers(1, 10_000),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from((RATES, FRACTIONS)),
    st.lists(st.integers(1, 3_000), min_size=1, max_size=6),
    st.booleans(),
)
def test_refunds_in_any_parts_give_back_exactly_what_was_paid(
    lots: list[Lot], wanted: int, unit: str, rates: dict[str, Rate], parts: list[int], expired: bool
) -> None:
    price = min(wanted, worth(lots, rates))
    if not price:
        return
    payment, written = paid(lots, price, unit, rates)
    now = {one.id: one for one in (*lots, *written.drawn, *written.opened)}
    undone: dict[int, int] = {}
    posted = list(written.transfers)
    names = (f"new{place}" for place in itertools.count())
    at = LATE if expired else SOON
    for part in (*parts, price):
        fen = min(part, payment.left_fen)
        if not fen:
            break
        back = restored(reversals(payment, fen), now, at, names)
        more = refund_lines(back, unit, ACCOUNTS, {"wallet": WALLET})
        assert sum(one.worth_fen for one in back) == fen
        for one in back:
            undone[one.line.id] = undone.get(one.line.id, 0) + one.worth_fen
            assert one.points > 0
        now.update({one.id: one for one in (*more.drawn, *more.opened)})
        posted += more.transfers
        payment = payment.with_refund(fen)
    assert undone == {one.id: one.worth_fen for one in payment.lines}
    folded = balances(posted)
    assert not any(folded.get(clearing(one), 0) for one in UNITS), "what was owed is undone exactly"
    redeemed = ACCOUNTS.of(AccountRole.REDEEMED, unit)
    # Points and group points may stand against each other at the unit; together they are worth nothing.
    left = sum(
        Fraction(amount * rates[asset].numerator, rates[asset].denominator)
        for (account, asset), amount in folded.items()
        if account == redeemed
    )
    assert left == 0


def test_money_goes_back_from_redeemer_to_issuer_for_foreign_points_alone() -> None:
    payment, _ = paid([lot("a", 100, "office"), lot("b", 100, "hotel")], 150, "hotel", RATES)
    lots = {"a": lot("a", 100, "office").left_with(0), "b": lot("b", 100, "hotel").left_with(50)}
    written = refund_lines(
        restored(reversals(payment, 80), lots, SOON, iter(())), "hotel", ACCOUNTS, {"wallet": WALLET}
    )
    folded = balances(written.transfers)
    assert folded[clearing("office")] == 30 * CNY_PER_FEN
    assert folded[clearing("hotel")] == -30 * CNY_PER_FEN
    assert [one.cause_line for one in written.transfers if one.worth_fen] == [3, 1]
