"""Round trips: found where there is one, by a search that has nothing in common with the product's."""

import itertools
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.amounts import Rate
from services.points.domain.arbitrage import (
    ProfitableRoundTrip,
    best_way,
    check_trips,
    find_profit,
    ways,
)
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion, merged
from tests.unit.points.ledger import BEGINNING

ASSETS = ("RESI", "MALL", "OFFI", "HOTL", "PROP", "GRUP")
DAY = timedelta(days=1)
RATES = st.builds(Rate, st.integers(1, 9), st.integers(1, 9))
PAIRS = st.dictionaries(
    st.tuples(st.sampled_from(ASSETS), st.sampled_from(ASSETS)).filter(lambda pair: pair[0] != pair[1]),
    RATES,
    max_size=6,
)


def worlds() -> st.SearchStrategy[dict[str, Rate]]:
    """Draw a rate for each of the six assets; the group point is worth itself."""
    drawn = st.fixed_dictionaries({asset: RATES for asset in ASSETS if asset != "GRUP"})
    return drawn.map(lambda found: {**found, "GRUP": Rate(1)})


def profitable(rates: dict[str, Rate], pairs: dict[tuple[str, str], Rate]) -> list[tuple[str, ...]]:
    """Walk every simple cycle over all assets and list those that gain."""
    open_ways = ways(rates, pairs)
    gaining = []
    for size in range(2, len(ASSETS) + 1):
        for first, *rest in itertools.permutations(ASSETS, size):
            trip = (first, *rest, first)
            if first == min(trip) and all(step in open_ways for step in itertools.pairwise(trip)):
                factor = Fraction(1)
                for step in itertools.pairwise(trip):
                    factor *= open_ways[step]
                if factor > 1:
                    gaining.append(trip)
    return gaining


@settings(max_examples=60, deadline=None)
@given(worlds(), PAIRS)
def test_a_round_trip_is_found_exactly_where_a_cycle_gains(
    rates: dict[str, Rate], pairs: dict[tuple[str, str], Rate]
) -> None:
    found = find_profit(ways(rates, pairs))
    gaining = profitable(rates, pairs)
    assert (found is not None) == bool(gaining)
    if found is not None:
        factor = Fraction(1)
        for step in itertools.pairwise(found.assets):
            factor *= ways(rates, pairs)[step]
        assert found.factor == factor > 1
        assert found.assets[0] == found.assets[-1]
        assert len(found.assets) == min(len(trip) for trip in gaining)


@given(worlds(), PAIRS)
def test_rates_alone_never_gain_and_a_pair_does_only_if_cheaper_than_the_way_around(
    rates: dict[str, Rate], pairs: dict[tuple[str, str], Rate]
) -> None:
    assert find_profit(ways(rates, {})) is None

    def value(asset: str) -> Fraction:
        return Fraction(rates[asset].numerator, rates[asset].denominator)

    cheaper = [
        (from_asset, to_asset)
        for (from_asset, to_asset), rate in pairs.items()
        if Fraction(rate.numerator, rate.denominator) > value(from_asset) / value(to_asset)
    ]
    assert (find_profit(ways(rates, pairs)) is not None) == bool(cheaper)
    for from_asset, to_asset in itertools.permutations(ASSETS, 2):
        if not cheaper:
            assert best_way(ways(rates, pairs), from_asset, to_asset) == value(from_asset) / value(to_asset)


def published(*rates: tuple[str, int, int], day: int = 0, number: int = 1) -> list[RuleVersion]:
    """Publish rates (GRUP for one point), and pairs under both names."""
    return [
        RuleVersion(
            RuleKind.PAIR if "-" in subject else RuleKind.RATE,
            subject,
            number,
            BEGINNING + day * DAY,
            {"numerator": numerator, "denominator": denominator},
        )
        for subject, numerator, denominator in rates
    ]


GROUP_RATES = published(("MALL", 5, 1), ("HOTL", 1, 1), ("GRUP", 1, 1))


def test_a_pair_that_gains_is_refused_with_its_cycle_and_factor() -> None:
    book = merged(Rulebook(), [*GROUP_RATES, *published(("HOTL-MALL", 1, 4), day=3)])
    with pytest.raises(ProfitableRoundTrip) as refused:
        check_trips(book, book.versions[-1])
    facts = refused.value.facts
    assert set(facts["cycle"]) == {"MALL", "GRUP", "HOTL"}
    assert (facts["numerator"], facts["denominator"]) == (5, 4)
    assert facts["at"] == (BEGINNING + 3 * DAY).isoformat()


def test_a_dearer_pair_may_be_published_and_a_later_rate_must_not_make_it_cheaper() -> None:
    book = merged(Rulebook(), [*GROUP_RATES, *published(("HOTL-MALL", 1, 6))])
    check_trips(book, book.versions[-1])
    later = published(("MALL", 7, 1), day=9, number=2)
    with pytest.raises(ProfitableRoundTrip):
        check_trips(merged(book, later), later[0])


def test_a_pair_is_tried_at_every_moment_from_its_beginning_on() -> None:
    coming = published(("MALL", 7, 1), day=9, number=2)
    book = merged(Rulebook(), [*GROUP_RATES, *coming, *published(("HOTL-MALL", 1, 6), day=1)])
    with pytest.raises(ProfitableRoundTrip) as refused:
        check_trips(book, book.versions[-1])
    assert refused.value.facts["at"] == (BEGINNING + 9 * DAY).isoformat()
    check_trips(merged(book, published(("HOTL-MALL", 1, 8), day=1, number=2)), book.versions[-1])


def test_a_pair_of_an_asset_without_a_rate_opens_no_way() -> None:
    book = merged(Rulebook(), [*GROUP_RATES, *published(("PROP-MALL", 9, 1))])
    check_trips(book, book.versions[-1])
