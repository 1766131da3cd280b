"""Debt: new points pay it first, as a redemption at the creditor; exactly as much as is owed, never more."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.account import AccountRole
from services.points.domain.amounts import CNY_PER_FEN, Fen
from services.points.domain.debt import Debt, borrowed
from services.points.domain.repayment import repayments
from tests.unit.points.ledger import ACCOUNTS, RATES, UNITS, WALLET, balances, clearing, lot

DEBT = 10**15


def debt(issuer: str, fen: int, place: int = 0) -> Debt:
    """Make a debt of the wallet to an issuer."""
    return Debt(DEBT + place, "wallet", issuer, Fen(fen))


def names() -> Iterator[str]:
    """Give ids for lots of change."""
    return (f"change{place}" for place in itertools.count())


def test_a_new_lot_of_the_hotel_repays_a_debt_to_the_mall_as_a_redemption_there() -> None:
    """A guest owes mall-east ¥2.00 and earns 300 HOTL at the hotel.

    | account | HOTL | CNY |
    | --- | ---: | ---: |
    | wallet | −200 | |
    | redeemed: mall-east | 200 | |
    | clearing: hotel | | −¥2.00 |
    | clearing: mall-east | | ¥2.00 |
    | debts: mall-east | | −¥2.00 |
    | debt of the wallet | | ¥2.00 |
    """
    (one,), (left,) = repayments(
        [lot("new", 300, "hotel")], [debt("mall-east", 200)], RATES, ACCOUNTS, WALLET, names()
    )
    assert (one.fen, one.debt.fen, left.points_left) == (200, 0, 100)
    assert balances(one.transfers) == {
        (WALLET, "HOTL"): -200,
        (ACCOUNTS.of(AccountRole.REDEEMED, "mall-east"), "HOTL"): 200,
        clearing("hotel"): -200 * CNY_PER_FEN,
        clearing("mall-east"): 200 * CNY_PER_FEN,
        (ACCOUNTS.of(AccountRole.DEBTS, "mall-east"), "CNY"): -200 * CNY_PER_FEN,
        (DEBT, "CNY"): 200 * CNY_PER_FEN,
    }


def test_change_of_one_debt_pays_the_next_and_points_without_a_rate_pay_nothing() -> None:
    new = lot("new", 2, "mall-east")
    found, left = repayments(
        [new], [debt("office", 3), debt("hotel", 4, 1)], RATES, ACCOUNTS, WALLET, names()
    )
    assert [(one.debt.issuer, one.fen) for one in found] == [("office", 3), ("hotel", 4)]
    assert {one.id: one.points_left for one in left} == {"new": 0, "change0": 0, "change1": 3}
    assert repayments([new], [debt("office", 3)], {}, ACCOUNTS, WALLET, names()) == ((), (new,))


def test_an_own_debt_is_repaid_without_settlement() -> None:
    (one,), _ = repayments([lot("new", 9, "office")], [debt("office", 3)], RATES, ACCOUNTS, WALLET, names())
    assert not balances(one.transfers).get(clearing("office"))


def test_nobody_repays_more_than_is_owed() -> None:
    with pytest.raises(ValueError, match="cannot be repaid"):
        debt("office", 3).repaid(4)


@settings(max_examples=300)
@given(
    st.integers(1, 300),
    st.sampled_from(sorted(UNITS)),
    st.lists(st.tuples(st.sampled_from(sorted(UNITS)), st.integers(1, 400)), max_size=4),
)
def test_what_is_earned_is_repaid_or_kept_and_what_was_owed_is_repaid_or_owed(
    points: int, issuer: str, owed: list[tuple[str, int]]
) -> None:
    new = lot("new", points, issuer)
    debts = [debt(creditor, fen, place) for place, (creditor, fen) in enumerate(owed)]
    found, left = repayments([new], debts, RATES, ACCOUNTS, WALLET, names())
    earned = RATES[new.asset].worth(points)
    repaid = sum(one.fen for one in found)
    assert repaid == min(earned, sum(fen for _, fen in owed))
    assert sum(RATES[one.asset].worth(one.points_left) for one in left) == earned - repaid
    posted = [borrowed(one, one.fen, ACCOUNTS) for one in debts]
    posted += [line for one in found for line in one.transfers]
    folded = balances(posted)
    for one in (*debts, *(each.debt for each in found)):
        last = next((each.debt for each in found if each.debt.account == one.account), one)
        assert folded.get((one.account, "CNY"), 0) == -last.fen * CNY_PER_FEN
    assert sum(folded.get(clearing(unit), 0) for unit in UNITS) == 0
