"""Round trips: whether points come back as more than they were by going around over published rates.

Exact fractions, all moments from a version's beginning on. The way over the group point is always open (the
change of a redemption takes it too), so a direct pair may be dearer than that way and never cheaper.
Refuses to know fees: whoever must pay one gains even less.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from services.points.domain.amounts import Rate
from services.points.domain.journal import GROUP_POINT
from services.points.domain.rulebook import Rulebook, RuleVersion
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

Ways = Mapping[tuple[str, str], Fraction]
"""How many points of the second asset one point of the first becomes."""


class ProfitableRoundTrip(Refusal):
    """Under this version points would come back as more than they were."""

    kind = Kind.CONFLICT
    code = "profitable-round-trip"
    title = Words("该汇率可被循环套利", "A round trip would profit")
    advice = Words(
        "自 {at} 起按 {trip} 兑换一圈，1 积分变为 {numerator}/{denominator} 积分。请调低该汇率后重新起草。",
        "From {at} on, one point sent around {trip} comes back as {numerator}/{denominator}. Draft a version"
        " that gives less.",
    )


@dataclass(frozen=True, slots=True)
class Trip:
    """A way from an asset back to itself, and what one point has become."""

    assets: tuple[str, ...]
    factor: Fraction


def ways(rates: Mapping[str, Rate], pairs: Mapping[tuple[str, str], Rate]) -> Ways:
    """Give every direct way: to and from the group point at each asset's rate, and the pairs."""
    found: dict[tuple[str, str], Fraction] = {}
    for asset, rate in rates.items():
        if asset != GROUP_POINT:
            found[asset, GROUP_POINT] = Fraction(rate.numerator, rate.denominator)
            found[GROUP_POINT, asset] = Fraction(rate.denominator, rate.numerator)
    for (from_asset, to_asset), pair in pairs.items():
        if from_asset in rates and to_asset in rates:
            given = Fraction(pair.numerator, pair.denominator)
            found[from_asset, to_asset] = max(given, found.get((from_asset, to_asset), given))
    return found


def find_profit(open_ways: Ways) -> Trip | None:
    """Give one of the shortest round trips that profit, the one that profits most, or None.

    Whoever goes round twice comes by the same place twice, so trips of as many steps as there are assets are
    all there are.
    """
    assets = sorted({asset for way in open_ways for asset in way})
    reached = {(start, start): Trip((start,), Fraction(1)) for start in assets}
    for _ in assets:
        reached = _one_step_on(reached, open_ways)
        closed = [trip for (start, end), trip in reached.items() if start == end and trip.factor > 1]
        if closed:
            return max(closed, key=lambda trip: (trip.factor, [-ord(one[0]) for one in trip.assets]))
    return None


def _one_step_on(reached: Mapping[tuple[str, str], Trip], open_ways: Ways) -> dict[tuple[str, str], Trip]:
    further: dict[tuple[str, str], Trip] = {}
    for (start, place), trip in reached.items():
        for (from_asset, to_asset), factor in open_ways.items():
            if from_asset == place:
                longer = Trip((*trip.assets, to_asset), trip.factor * factor)
                known = further.get((start, to_asset))
                if known is None or longer.factor > known.factor:
                    further[start, to_asset] = longer
    return further


def best_way(open_ways: Ways, from_asset: str, to_asset: str) -> Fraction:
    """Give the most that one point of an asset becomes in another, 0 where no way leads there."""
    assets = {asset for way in open_ways for asset in way}
    reached = {(from_asset, from_asset): Trip((from_asset,), Fraction(1))}
    best = Fraction(0)
    for _ in assets:
        reached = _one_step_on(reached, open_ways)
        found = reached.get((from_asset, to_asset))
        best = max(best, found.factor if found else best)
    return best


def check_trips(rulebook: Rulebook, version: RuleVersion) -> None:
    """Let a rate or a pair take effect in a rulebook that has it already.

    :raises ProfitableRoundTrip: if a round trip would profit when it begins, or when a later version does.
    """
    for moment in moments(rulebook, version.valid_from):
        trip = find_profit(ways(rulebook.rates(moment), rulebook.pairs(moment)))
        if trip is not None:
            raise ProfitableRoundTrip(
                at=moment.isoformat(),
                trip=" → ".join(trip.assets),
                cycle=list(trip.assets),
                numerator=trip.factor.numerator,
                denominator=trip.factor.denominator,
            )


def moments(rulebook: Rulebook, since: datetime) -> Iterable[datetime]:
    """Give that moment and every later one at which a rate or a pair changes, in order."""
    return sorted({since, *(begin for begin in rulebook.rate_changes if begin > since)})
