"""Exchange: value in is value out, fee and residual; nobody gains by any sequence; issuers settle."""

import itertools
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.account import GROUP, AccountRole
from services.points.domain.amounts import Rate
from services.points.domain.exchange import (
    LARGEST,
    ExchangeTooLarge,
    GivesNothing,
    Locked,
    TooFewPoints,
    Worked,
    agreed,
    fewest,
    lines,
    portions,
    worked,
)
from services.points.domain.journal import Lines
from services.points.domain.lot import Lot
from tests.unit.points.ledger import ACCOUNTS, UNITS, WALLET, balances, clearing, lot

RATES = st.builds(Rate, st.integers(1, 40), st.integers(1, 12))
MALL, HOTL = Rate(5), Rate(1)


@st.composite
def terms(draw: st.DrawFn) -> Locked:
    """Draw two assets with their values, sometimes a direct rate no better than theirs, and a fee."""
    value_in, value_out = draw(RATES), draw(RATES)
    cross = Fraction(value_in.numerator, value_in.denominator) / Fraction(
        value_out.numerator, value_out.denominator
    )
    dearer = cross * Fraction(draw(st.integers(1, 10)), 10)
    pair = draw(st.sampled_from([None, Rate(dearer.numerator, dearer.denominator)]))
    return Locked("HOTL", "MALL", value_in, value_out, pair, draw(st.sampled_from([0, 0, 1, 150, 2_000])))


@st.composite
def purses(draw: st.DrawFn) -> list[Lot]:
    """Draw lots of one asset by several issuers, in the order of spending."""
    drawn = draw(
        st.lists(st.tuples(st.integers(1, 60), st.sampled_from(sorted(UNITS))), min_size=1, max_size=9)
    )
    return [
        lot(f"lot{place}", points, issuer, asset="HOTL", number=str(place))
        for place, (points, issuer) in enumerate(drawn)
    ]


def value(rate: Rate) -> Fraction:
    """Give what a point is worth, exactly."""
    return Fraction(rate.numerator, rate.denominator)


@given(terms(), st.integers(0, 10_000))
def test_value_in_is_value_out_and_fee_and_residual_and_the_house_never_loses(
    locked: Locked, points: int
) -> None:
    found = worked(locked, points)
    given_fen = found.value_fen - found.fee_fen - found.residual_fen
    assert min(found.fee_fen, found.residual_fen, found.given) >= 0
    assert given_fen >= found.given * value(locked.value_out)
    assert found.value_fen <= points * value(locked.value_in)
    if not locked.pair:
        assert found.residual_fen < value(locked.value_out) + 1, "nothing but rounding"


@given(terms(), st.integers(1, 500))
def test_the_fewest_points_bring_what_is_wanted_and_one_less_does_not(locked: Locked, wanted: int) -> None:
    points = fewest(locked, wanted)
    assert worked(locked, points).given >= wanted
    assert worked(locked, points - 1).given < wanted


@settings(max_examples=300)
@given(
    st.lists(RATES, min_size=6, max_size=6),
    st.integers(1, 5_000),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 100)), max_size=30),
)
def test_no_sequence_of_exchanges_ever_gains(
    rates: list[Rate], start: int, steps: list[tuple[int, int, int]]
) -> None:
    values = dict(enumerate(rates))
    purse = Counter({0: start})

    def worth() -> Fraction:
        return sum((points * value(values[asset]) for asset, points in purse.items()), Fraction(0))

    first = worth()
    for from_asset, to_asset, share in steps:
        if from_asset == to_asset or not purse[from_asset]:
            continue
        points = max(1, purse[from_asset] * share // 100)
        before = worth()
        found = worked(Locked("A", "B", values[from_asset], values[to_asset]), points)
        purse[from_asset] -= points
        purse[to_asset] += found.given
        assert worth() <= before
    assert worth() <= first
    assert purse[0] <= first / value(values[0]), "not one point more of what one came with"


@given(terms(), purses(), st.integers(1, 540))
def test_lots_give_together_what_the_quote_said_and_every_new_lot_keeps_its_issuer(
    locked: Locked, lots: list[Lot], points: int
) -> None:
    points = min(points, sum(one.points_left for one in lots))
    whole = worked(locked, points)
    found = portions(lots, locked, whole)
    assert sum(one.points for one in found) == points
    assert sum(one.given for one in found) == whole.given
    assert sum(one.worth_fen for one in found) == whole.value_fen
    assert sum(one.given_fen for one in found) == whole.value_fen - whole.fee_fen - whole.residual_fen
    assert min(min(one.worth_fen, one.given, one.given_fen) for one in found) >= 0
    written = booked(locked, lots, whole)
    assert [new.issuer for new in written.opened] == [one.lot.issuer for one in found if one.given]
    parents = {one.id: one for one in lots}
    for new in written.opened:
        parent = parents[str(new.parent_id)]
        assert (new.earned_at, new.expires_at, new.issuer) == (
            parent.earned_at,
            parent.expires_at,
            parent.issuer,
        )


def booked(locked: Locked, lots: list[Lot], whole: Worked) -> Lines:
    """Write the lines for lots of one wallet."""
    names = (f"new{place}" for place in itertools.count())
    return lines(portions(lots, locked, whole), locked, whole, ACCOUNTS, {"wallet": WALLET}, names)


@given(terms(), purses())
def test_after_an_exchange_every_issuer_has_paid_for_what_it_is_rid_of(
    locked: Locked, lots: list[Lot]
) -> None:
    whole = worked(locked, sum(one.points_left for one in lots))
    written = booked(locked, lots, whole)
    folded = balances(written.transfers)
    assert sum(amount for (_, asset), amount in folded.items() if asset == "CNY") == 0
    kept = whole.fee_fen + whole.residual_fen
    assert folded.get(clearing(GROUP), 0) == kept * 100
    for unit in UNITS:
        came = sum(
            (one.worth_fen or 0)
            for one in written.transfers
            if _is_of(lots, one.lot_id, unit) and one.worth_fen
        )
        stays = sum(
            (line.worth_fen or 0) for line in written.transfers if _new_of(written, line.lot_id, unit)
        )
        assert folded.get(clearing(unit), 0) == (stays - came) * 100
    house = {AccountRole.FEE: whole.fee_fen, AccountRole.RESIDUAL: whole.residual_fen}
    for role, fen in house.items():
        assert folded.get((ACCOUNTS.of(role, GROUP), "GRUP"), 0) == fen


def _is_of(lots: list[Lot], name: str | None, unit: str) -> bool:
    return any(one.id == name and one.issuer == unit for one in lots)


def _new_of(written: Lines, name: str | None, unit: str) -> bool:
    return any(one.id == name and one.issuer == unit for one in written.opened)


def test_a_residual_of_three_fen_can_be_explained() -> None:
    """1,003 hotel points are worth 1,003 fen: 200 mall points at 5 fen, and 3 fen that make no mall point."""
    locked = Locked("HOTL", "MALL", HOTL, MALL)
    assert worked(locked, 1_003) == Worked(1_003, 1_003, 0, 200, 3)  # type: ignore[arg-type]
    written = booked(locked, [lot("old", 1_003, "hotel", asset="HOTL")], worked(locked, 1_003))
    assert [(line.asset, line.amount, line.worth_fen) for line in written.transfers] == [
        ("HOTL", 1_003, 1_003),
        ("MALL", 200, 1_000),
        ("GRUP", 3, None),
        ("CNY", 300, None),
    ]


def test_small_lots_of_many_issuers_make_whole_points_together() -> None:
    units = ["residential", "mall-east", "mall-west", "hotel", "office", "residential"]
    lots = [lot(f"lot{place}", 3, unit, asset="GRUP") for place, unit in enumerate(units)]
    whole = worked(Locked("GRUP", "MALL", Rate(1), MALL), 18)
    assert (whole.given, whole.residual_fen) == (3, 3)
    written = booked(Locked("GRUP", "MALL", Rate(1), MALL), lots, whole)
    assert [(new.issuer, new.earned) for new in written.opened] == [
        ("residential", 1),
        ("mall-west", 1),
        ("office", 1),
    ]


def test_a_fee_is_rounded_up_and_taken_before_the_rate() -> None:
    found = worked(Locked("MALL", "HOTL", MALL, HOTL, fee_bp=150), 7)
    assert (found.value_fen, found.fee_fen, found.given, found.residual_fen) == (35, 1, 34, 0)


def test_a_wish_is_refused_where_it_brings_nothing_or_is_not_there() -> None:
    locked = Locked("HOTL", "MALL", HOTL, MALL)
    with pytest.raises(GivesNothing) as nothing:
        agreed(locked, 4, None, 100)
    assert nothing.value.facts["least"] == 5
    with pytest.raises(TooFewPoints) as few:
        agreed(locked, None, 21, 100)
    assert few.value.facts == {"asset": "HOTL", "available": 100, "wanted": 105}
    assert agreed(locked, None, 20, 100).points == 100
    # What is worth more than was asked for is not kept back.
    assert agreed(Locked("MALL", "HOTL", MALL, HOTL), None, 3, 1).given == 5
    with pytest.raises(ExchangeTooLarge):
        agreed(locked, None, 10**12, 100)


@pytest.mark.parametrize(
    ("value_in", "wanted", "points"),
    [(Rate(1), 9 * 10**11, 9 * 10**11), (Rate(1), LARGEST, LARGEST), (Rate(10_000), 9 * 10**11, 9 * 10**7)],
)
def test_whoever_wants_as_many_as_one_exchange_gives_is_not_told_it_is_too_large(
    value_in: Rate, wanted: int, points: int
) -> None:
    """Doubling towards what is wanted passes the largest exchange, and what is wanted does not."""
    locked = Locked("HOTL", "GRUP", value_in, Rate(1))
    assert agreed(locked, None, wanted, LARGEST) == worked(locked, points)
    with pytest.raises(ExchangeTooLarge):
        agreed(locked, None, LARGEST + 1, 2 * LARGEST)
