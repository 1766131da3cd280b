"""Redeeming: what may be paid, and lines that balance, settle every foreign slice and name their lots."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.account import GROUP, AccountRole
from services.points.domain.amounts import CNY_PER_FEN, Rate
from services.points.domain.journal import Lines
from services.points.domain.lot import Lot
from services.points.domain.redemption import (
    AboveShare,
    BelowMinimum,
    InsufficientPoints,
    Price,
    agreed,
    lines,
)
from services.points.domain.rulebook import SpendTerms
from services.points.domain.spending import Slice, slices, worth
from tests.unit.points.ledger import (
    ACCOUNTS,
    RATES,
    UNITS,
    WALLET,
    balances,
    clearing,
    lot,
    lots_of_one_holder,
)

TERMS = SpendTerms(1, 100, 5_000)


def redeemed(taken: list[Slice], unit: str, rates: dict[str, Rate] = RATES) -> Lines:
    """Write the lines of a redemption of one wallet."""
    names = (f"change{place}" for place in itertools.count())
    return lines(taken, unit, ACCOUNTS, {"wallet": WALLET}, rates, names)


@pytest.mark.parametrize(
    ("price", "available", "pay"),
    [
        (Price(200, 100, None), 100, 100),
        (Price(1_000, 500, None), 500, 500),
        (Price(1_000, None, 9_999), 9_999, 500),
        (Price(1_001, None, 9_999), 9_999, 500),
        (Price(1_000, None, 9_999), 100, 100),
        (Price(1_000, None, 100), 9_999, 100),
    ],
)
def test_points_pay_what_was_asked_up_to_the_share_and_what_is_there(
    price: Price, available: int, pay: int
) -> None:
    assert agreed(price, TERMS, available) == pay


@pytest.mark.parametrize(
    ("price", "available", "refusal"),
    [
        (Price(1_000, 501, None), 9_999, AboveShare),
        (Price(1_000, 99, None), 9_999, BelowMinimum),
        (Price(198, None, 9_999), 9_999, BelowMinimum),
        (Price(1_000, None, 99), 9_999, BelowMinimum),
        (Price(1_000, 101, None), 100, InsufficientPoints),
        (Price(1_000, None, 9_999), 99, InsufficientPoints),
        (Price(1_000, None, 9_999), 0, InsufficientPoints),
    ],
)
def test_points_that_may_not_pay_are_refused_with_the_reason(
    price: Price, available: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        agreed(price, TERMS, available)


@pytest.mark.parametrize("price", [Price(0, None, 500), Price(1, None, 500), Price(100, 0, None)])
def test_points_never_pay_nothing_even_without_a_minimum(price: Price) -> None:
    with pytest.raises(BelowMinimum):
        agreed(price, SpendTerms(1, 0, 5_000), 9_999)


@settings(max_examples=300)
@given(
    lots_of_one_holder(),
    st.sampled_from(sorted(UNITS)),
    st.builds(Rate, st.integers(1, 9), st.integers(1, 9)),
    st.data(),
)
def test_the_lines_of_a_redemption_balance_and_settle(
    lots: list[Lot], unit: str, rate: Rate, data: st.DataObject
) -> None:
    rates = {**RATES, "MALL": rate}
    there = worth(lots, rates)
    if there == 0:
        return
    pay = data.draw(st.integers(1, there))
    taken = slices(lots, rates, pay)
    written = redeemed(taken, unit, rates)
    check_shape(written, unit, pay)
    check_lots(written, {one.id: one for one in lots})
    check_settlement(written, taken, unit)


def check_shape(written: Lines, unit: str, pay: int) -> None:
    """See that amounts are positive, between two accounts, and pay the price at this unit."""
    redeemed_at = ACCOUNTS.of(AccountRole.REDEEMED, unit)
    for line in written.transfers:
        assert line.amount > 0
        assert line.from_account != line.to_account
        assert (line.worth_fen is not None) == (line.to_account == redeemed_at)
    assert sum(line.worth_fen or 0 for line in written.transfers) == pay
    for asset in {asset for _, asset in balances(written.transfers)}:
        assert sum(amount for (_, of), amount in balances(written.transfers).items() if of == asset) == 0


def check_lots(written: Lines, before: dict[str, Lot]) -> None:
    """See that each line of the wallet moves exactly one lot, by as much as the lot says."""
    moved: dict[str, int] = {}
    for line in written.transfers:
        touches = WALLET in (line.from_account, line.to_account)
        assert touches == (line.lot_id is not None)
        if line.lot_id is not None:
            sign = 1 if line.to_account == WALLET else -1
            moved[line.lot_id] = moved.get(line.lot_id, 0) + sign * line.amount
    for one in written.drawn:
        assert one.points_left - before[one.id].points_left == moved[one.id]
    for one in written.opened:
        parent = before[one.parent_id or ""]
        assert one.points_left == moved[one.id] <= one.earned
        assert (one.issuer, one.earned_at, one.available_at, one.expires_at, one.receipt_number) == (
            parent.issuer,
            parent.earned_at,
            parent.available_at,
            parent.expires_at,
            parent.receipt_number,
        )
        assert one.asset == "GRUP"
        assert one.earned > 0
    assert moved.keys() == {one.id for one in (*written.drawn, *written.opened)}


def check_settlement(written: Lines, taken: list[Slice], unit: str) -> None:
    """See that each issuer owes the unit what its slices paid, line by line; nobody owes themselves."""
    owed: dict[str, int] = {}
    for one in taken:
        if one.lot.issuer != unit:
            owed[one.lot.issuer] = owed.get(one.lot.issuer, 0) + one.paid_fen
    folded = {place: amount for place, amount in balances(written.transfers).items() if place[1] == "CNY"}
    expected = {clearing(issuer): -fen * CNY_PER_FEN for issuer, fen in owed.items()}
    if owed:
        expected[clearing(unit)] = sum(owed.values()) * CNY_PER_FEN
    assert folded == expected
    causes = [line.cause for line in written.transfers if line.asset == "CNY"]
    assert len(causes) == len(set(causes))
    for line in written.transfers:
        if line.asset == "CNY":
            assert line.cause is not None
            assert line.amount == (written.transfers[line.cause].worth_fen or 0) * CNY_PER_FEN


def test_own_points_are_redeemed_and_owe_nothing() -> None:
    written = redeemed(slices([lot("a", 500, "hotel")], RATES, 300), "hotel")
    (only,) = written.transfers
    assert (only.asset, only.amount, only.from_account, only.lot_id, only.cause) == (
        "HOTL",
        300,
        WALLET,
        "a",
        None,
    )
    assert [one.points_left for one in written.drawn] == [200]


def test_change_is_a_lot_of_the_same_issuer_spent_before_its_parent() -> None:
    written = redeemed(slices([lot("a", 100, "mall-east")], RATES, 102), "mall-west")
    (change,) = written.opened
    assert (change.asset, change.issuer, change.earned, change.points_left) == ("GRUP", "mall-east", 5, 3)
    exchange = ACCOUNTS.of(AccountRole.EXCHANGE, GROUP)
    folded = balances(written.transfers)
    assert folded[exchange, "MALL"] == 1
    assert folded[exchange, "GRUP"] == -5
    assert folded[WALLET, "GRUP"] == 3
    assert folded[clearing("mall-west")] == 102 * CNY_PER_FEN
    assert change.order < written.drawn[0].order


def test_a_repeat_of_an_order_is_told_from_another_request_by_its_terms() -> None:
    terms = {Price(200, 100, None).terms, Price(200, None, 100).terms, Price(201, 100, None).terms}
    assert len(terms) == 3
