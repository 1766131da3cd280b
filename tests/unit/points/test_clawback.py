"""Clawback: the receipt's lot first, then others of its issuer, then value, then debt: just what is due."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.account import AccountRole
from services.points.domain.amounts import Points, Rate
from services.points.domain.clawback import Claim, clawback_lines, met, reachable
from services.points.domain.lot import Lot
from tests.unit.points.ledger import ACCOUNTS, LATE, RATES, WALLET, balances, lot

SOON = LATE - timedelta(days=1)


def claim(points: int, issuer: str = "mall-east", asset: str = "MALL", *of: str) -> Claim:
    """Make a claim of so many points, which came in the lot `coat` unless other lots are named."""
    return Claim(issuer, asset, Points(points), of or ("coat",))


def test_the_receipts_own_lot_gives_first_then_the_issuers_others_then_change_then_debt() -> None:
    lots = [
        lot("older", 3, "mall-east", number="1"),
        lot("change", 12, "mall-east", asset="GRUP", number="2", parent="older"),
        lot("coat", 4, "mall-east", number="9"),
        lot("west", 50, "mall-west"),
        lot("office", 50, "office"),
    ]
    back = met(claim(10), reachable(lots, "mall-east", SOON), RATES)
    assert [(one.lot.id, one.points, one.worth_fen) for one in back.forfeits] == [
        ("coat", 4, None),
        ("older", 3, None),
        ("change", 12, 12),
    ]
    assert back.debt_fen == 3 * 5 - 12
    folded = balances(clawback_lines(back, ACCOUNTS, {"wallet": WALLET}))
    assert folded[ACCOUNTS.of(AccountRole.ISSUED, "mall-east"), "MALL"] == 7


def test_pending_points_are_taken_expired_ones_are_not() -> None:
    pending = lot("pending", 5, "mall-east", available_at=LATE - timedelta(hours=1))
    expired = lot("expired", 5, "mall-east", expires_at=SOON)
    back = met(claim(8), reachable([pending, expired], "mall-east", SOON), RATES)
    assert [(one.lot.id, one.points) for one in back.forfeits] == [("pending", 5)]
    assert back.debt_fen == 15


def test_what_lacks_is_owed_at_todays_rate_rounded_up() -> None:
    rates = {**RATES, "MALL": Rate(2, 3)}
    assert [met(claim(points), [], rates).debt_fen for points in (1, 2, 3, 4)] == [1, 2, 2, 3]


def test_other_assets_give_only_whole_points_worth_no_more_than_is_due() -> None:
    lots = [lot("dear", 10, "office"), lot("rest", 10, "office", asset="GRUP")]
    rates = {**RATES, "OFFI": Rate(7, 2)}
    back = met(claim(18, "office", "HOTL"), lots, rates)
    assert [(one.lot.id, one.points, one.worth_fen) for one in back.forfeits] == [
        ("dear", 4, 14),
        ("rest", 4, 4),
    ]
    assert back.debt_fen == 0


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from(("MALL", "GRUP", "HOTL")), st.booleans()), max_size=6
    ),
    st.integers(1, 200),
    st.sampled_from((Rate(5), Rate(1), Rate(2, 3), Rate(7, 2))),
)
def test_a_claim_is_met_exactly_in_points_value_and_debt(
    held: list[tuple[int, str, bool]], points: int, rate: Rate
) -> None:
    lots: list[Lot] = [
        lot(f"lot{place}", left, "mall-east" if own else "office", asset=asset, number=str(place))
        for place, (left, asset, own) in enumerate(held)
    ]
    rates = {**RATES, "MALL": rate}
    back = met(claim(points), reachable(lots, "mall-east", SOON), rates)
    same = sum(one.points for one in back.forfeits if one.worth_fen is None)
    value = sum(one.worth_fen or 0 for one in back.forfeits)
    lacking = points - same
    assert lacking >= 0
    assert value + back.debt_fen == -(-lacking * rate.numerator // rate.denominator)
    assert all(one.lot.issuer == "mall-east" for one in back.forfeits)
    assert all(0 < one.points <= one.lot.points_left for one in back.forfeits)
    assert len({one.lot.id for one in back.forfeits}) == len(back.forfeits)
    if lacking:
        assert same == sum(
            one.points_left for one in lots if (one.issuer, one.asset) == ("mall-east", "MALL")
        )
