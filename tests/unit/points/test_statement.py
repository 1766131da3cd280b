"""Statements from folds: rounded once, nets to zero, and nothing stated that does not add up."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.statement import (
    Counts,
    CrookedFold,
    Flow,
    MonthFold,
    Position,
    carried,
    claims,
    nets,
    rounded,
    statements,
    summary,
)

UNITS = ("hotel", "mall-east", "office")
PAIRS = st.sampled_from([(one, other) for one in UNITS for other in UNITS if one != other])
JANUARY = date(2017, 1, 1)


def flow(source: str, target: str, asset: str, amount: int, **facts: object) -> Flow:
    """Make a flow between `role:unit` and `role:unit`."""
    from_role, _, from_unit = source.partition(":")
    to_role, _, to_unit = target.partition(":")
    known = {"issuer": None, "origin": None, "caused": False, "lasting": True, "worth_fen": 0} | facts
    return Flow(
        from_role=from_role,
        to_role=to_role,
        from_unit=from_unit or None,
        to_unit=to_unit or None,
        asset=asset,
        amount=amount,
        issuer=known["issuer"],  # type: ignore[arg-type]  # a test's facts are not typed one by one
        origin=known["origin"],  # type: ignore[arg-type]  # as above
        caused=bool(known["caused"]),
        lasting=bool(known["lasting"]),
        worth_fen=int(str(known["worth_fen"])),
    )


def fold(*flows: Flow, opening: tuple[Position, ...] = (), closing: tuple[Position, ...] = ()) -> MonthFold:
    """Make a month of these flows between two snapshots."""
    return MonthFold(JANUARY, UNITS, flows, opening, closing, {"hotel": Counts(2, 1, 0)})


@given(st.dictionaries(PAIRS, st.integers(1, 10**15)))
def test_rounding_loses_less_than_a_fen_in_all_and_less_than_a_fen_a_claim(
    amounts: dict[tuple[str, str], int],
) -> None:
    found = rounded(amounts)
    assert sum(found.owed_fen.values()) * 100 + found.rounding_cny == sum(amounts.values())
    assert 0 <= found.rounding_cny < 100
    for pair, amount in amounts.items():
        assert abs(found.owed_fen.get(pair, 0) * 100 - amount) < 100


@given(st.dictionaries(PAIRS, st.integers(1, 10**15)))
def test_rounded_up_is_who_had_the_largest_remainder(amounts: dict[tuple[str, str], int]) -> None:
    found = rounded(amounts)
    up = [amounts[pair] % 100 for pair in amounts if found.owed_fen.get(pair, 0) * 100 > amounts[pair]]
    kept = [amounts[pair] % 100 for pair in amounts if found.owed_fen.get(pair, 0) * 100 <= amounts[pair]]
    assert not up or not kept or min(up) >= max(kept)


@given(st.dictionaries(PAIRS, st.integers(0, 10**9)))
def test_whole_fen_are_never_rounded(whole: dict[tuple[str, str], int]) -> None:
    found = rounded({pair: fen * 100 for pair, fen in whole.items()})
    assert found.rounding_cny == 0
    assert found.owed_fen == {pair: fen for pair, fen in whole.items() if fen}


@given(st.lists(st.tuples(PAIRS, st.integers(1, 10**12)), max_size=30))
def test_nets_sum_to_zero_whatever_was_owed(owed: list[tuple[tuple[str, str], int]]) -> None:
    flows = [flow(f"clearing:{a}", f"clearing:{b}", "CNY", amount) for (a, b), amount in owed]
    assert sum(nets(UNITS, claims(flows)).values()) == 0


def test_a_claim_on_a_unit_that_nobody_knows_is_a_crooked_fold() -> None:
    with pytest.raises(CrookedFold):
        nets(("hotel",), claims([flow("clearing:hotel", "clearing:ghost", "CNY", 100)]))


def test_points_that_do_not_add_up_are_not_stated() -> None:
    issued = flow("issued:hotel", "wallet", "HOTL", 30, issuer="hotel")
    with pytest.raises(CrookedFold, match="HOTL of hotel: 30 - 0 is not 29"):
        statements(fold(issued, closing=(Position("hotel", "HOTL", 29, 29),)))


def test_what_a_month_closes_with_is_carried_over_from_the_one_before() -> None:
    opening = (Position("hotel", "HOTL", 100, 60), Position("office", "OFFI", 5, 5))
    moved = (
        flow("issued:hotel", "wallet", "HOTL", 30, issuer="hotel"),
        flow("wallet", "held", "HOTL", 50, issuer="hotel"),
        flow("held", "redeemed:office", "HOTL", 40, issuer="hotel"),
        flow("wallet", "expired:hotel", "HOTL", 40, issuer="hotel", lasting=False),
        flow("exchange:group", "wallet", "GRUP", 7, issuer="office"),
        flow("wallet", "redeemed:hotel", "OFFI", 5, issuer="office"),
        flow("clearing:hotel", "clearing:office", "CNY", 4_000),
    )
    assert carried(opening, moved) == (
        Position("hotel", "HOTL", 50, 50),
        Position("office", "GRUP", 7, 7),
        Position("office", "OFFI", 0, 0),
    )


def test_a_month_without_anything_is_stated_with_zeros() -> None:
    (hotel, *_) = statements(fold())
    assert (hotel["unit"], hotel["net_fen"], hotel["points"]) == ("hotel", 0, {})
    assert summary(fold())["net_fen"] == {}


def test_own_points_are_redeemed_and_not_owed() -> None:
    month = fold(
        flow("issued:hotel", "wallet", "HOTL", 300, issuer="hotel"),
        flow("wallet", "redeemed:hotel", "HOTL", 120, issuer="hotel", worth_fen=120),
        closing=(Position("hotel", "HOTL", 180, 180),),
    )
    (hotel, *_) = statements(month)
    assert hotel["points"]["HOTL"]["redeemed_here_fen"] == 120
    assert hotel["redeemed_here"] == {"hotel": {"HOTL": {"points": 120, "fen": 120}}}
    assert summary(month)["redeemed_fen"] == {"hotel": 120}
    assert summary(month)["owed_fen"] == {}


def test_points_that_expire_with_the_month_are_closing_but_not_outstanding() -> None:
    held = Position("hotel", "HOTL", 50, 20)
    month = fold(opening=(held,), closing=(held,))
    assert statements(month)[0]["points"]["HOTL"]["closing"] == 50
    assert summary(month)["outstanding"] == {"HOTL": 20}
