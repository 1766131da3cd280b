"""Categories, tiers and returns: rounded down once, and many small returns take what one takes."""

from fractions import Fraction

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.amounts import Points, Rate
from services.points.domain.earning import (
    CategoryExceeded,
    CategoryNeeded,
    Cut,
    Earning,
    EarnRate,
    EarnRule,
    Given,
    Split,
    Terms,
    less,
)
from services.points.domain.rulebook import Rulebook, RuleKind
from tests.unit.points.ledger import BEGINNING, version

FOOD = {"food": EarnRate(1, 5_000)}
TIERS = {1: 12_000, 2: 15_000, 3: 20_000}
MALL = EarnRule(1, 1, 1_000, None, 7, 24, FOOD, TIERS)

RATES = st.builds(EarnRate, st.integers(1, 1_000), st.integers(1, 10**6))
SPLITS = st.dictionaries(st.sampled_from(("", "food", "books", "wine")), st.integers(0, 10**9), min_size=1)


@st.composite
def rules(draw: st.DrawFn) -> EarnRule:
    """Draw a rule with some categories and tiers."""
    own = draw(RATES)
    cap = draw(st.none() | st.integers(1, 10**7))
    categories = draw(st.dictionaries(st.sampled_from(("food", "books")), RATES))
    tiers = draw(st.dictionaries(st.integers(0, 9), st.integers(1, 50_000)))
    return EarnRule(1, own.points, own.per_fen, cap, 0, 24, categories, tiers)


@pytest.mark.parametrize(
    ("lines", "tier", "points"),
    [
        ({"food": 4_999}, 0, 0),
        ({"food": 5_000}, 0, 1),
        # 4,000 at 1 for 5,000 and 200 at 1 for 1,000 are 0.8 + 0.2: rounded once, not each.
        ({"food": 4_000, "": 200}, 0, 1),
        ({"shoes": 10_000}, 0, 10),
        ({"": 10_000}, 1, 12),
        # 0.99 x 1.2 is 1.188: the tier multiplies what has not been rounded yet.
        ({"": 990}, 1, 1),
        ({"": 990}, 0, 0),
        ({"": 10_000}, 3, 20),
        # A tier above the last listed one counts as that.
        ({"": 10_000}, 7, 20),
    ],
)
def test_categories_earn_at_their_rates_and_the_tier_multiplies(lines: Split, tier: int, points: int) -> None:
    assert MALL.earned(sum(lines.values()), lines, tier) == points


def test_the_cap_of_a_receipt_holds_after_the_tier() -> None:
    house = EarnRule(1, 5_000, 100_000_000, 50_000, 0, 24, {}, {1: 12_000})
    assert house.earned(600_000_000, tier=1) == 36_000
    assert house.earned(900_000_000, tier=1) == 50_000


@given(rules(), SPLITS, st.integers(0, 9))
def test_points_are_the_exact_sum_times_the_tier_rounded_down_once(
    rule: EarnRule, split: Split, tier: int
) -> None:
    exact = sum(
        (Fraction(rule.rate_of(one).points * fen, rule.rate_of(one).per_fen) for one, fen in split.items()),
        Fraction(0),
    )
    whole = exact * rule.tier_bp(tier) / 10_000
    expected = whole.numerator // whole.denominator
    assert rule.earned(sum(split.values()), split, tier) == (
        expected if rule.cap is None else min(expected, rule.cap)
    )


@given(
    st.integers(0, 10**12), st.integers(1, 10**4), st.integers(1, 10**9), st.none() | st.integers(1, 10**6)
)
def test_a_rule_without_the_new_parts_means_what_it_meant(
    amount_fen: int, points: int, per_fen: int, cap: int | None
) -> None:
    rule = EarnRule(1, points, per_fen, cap, 0, 24)
    expected = points * amount_fen // per_fen
    assert rule.earned(amount_fen, {"food": amount_fen}, 3) == rule.earned(amount_fen)
    assert rule.earned(amount_fen) == (expected if cap is None else min(expected, cap))


def test_terms_are_kept_as_they_were() -> None:
    given_ = Given("spring", 2, "group", Points(30), Rate(5, 1))
    whole = Terms(3, {"food": 12_000, "": 300}, 2, given_, (Cut("points-per-day", "points", 7),))
    assert Terms.read(orjson.loads(orjson.dumps(whole.as_json()))) == whole
    assert Terms(1).as_json() == {"rule": 1}
    assert Terms.read({"rule": 1}) == Terms(1)


def test_what_comes_off_a_receipt_comes_off_one_category() -> None:
    assert less({"": 500}, 200) == {"": 300}
    assert less({"food": 500, "": 100}, 100, "") == {"food": 500, "": 0}
    with pytest.raises(CategoryNeeded):
        less({"food": 500, "": 100}, 100)
    with pytest.raises(CategoryNeeded):
        less({"food": 500}, 100, "shoes")
    with pytest.raises(CategoryExceeded):
        less({"food": 500}, 501)


def book(rule: EarnRule, **campaign: object) -> Rulebook:
    """Write a rule (and a campaign of the unit) into a rulebook."""
    body = {
        "points": rule.points,
        "per_fen": rule.per_fen,
        "cap": rule.cap,
        "pending_days": 0,
        "expiry_months": 24,
        "categories": {
            code: {"points": one.points, "per_fen": one.per_fen} for code, one in rule.categories.items()
        },
        "tiers": {str(tier): basis_points for tier, basis_points in rule.tiers.items()},
    }
    versions = [version(RuleKind.EARN, "mall", rule.version, BEGINNING, body)]
    if campaign:
        terms = {
            "units": ["mall"],
            "until": "2030-01-01T00:00:00Z",
            "bearer": "unit",
            "budget": 1,
            **campaign,
        }
        versions.append(version(RuleKind.CAMPAIGN, "spring", 1, BEGINNING, terms))
    return Rulebook(tuple(versions))


@given(rules(), SPLITS, st.integers(0, 3), st.integers(0, 20_000), st.data())
def test_many_small_returns_take_what_one_takes_and_never_more_than_was_given(
    rule: EarnRule, split: Split, tier: int, bonus_bp: int, data: st.DataObject
) -> None:
    rulebook = book(rule, bonus_bp=bonus_bp)
    given_ = Given("spring", 1, "mall", Points(data.draw(st.integers(0, 10**6))))
    terms = Terms(1, split, tier, given_)
    points = data.draw(st.integers(0, int(rule.earned(sum(split.values()), split, tier))))
    had = Earning(Points(points), given_.points)
    left, taken = terms.split(sum(split.values())), Earning(Points(0))
    before = rulebook.still_earned("mall", terms, left, had)
    for _ in range(data.draw(st.integers(1, 6))):
        category = data.draw(st.sampled_from(sorted(split)))
        left = less(left, data.draw(st.integers(0, left[category])), category)
        after = rulebook.still_earned("mall", terms, left, had)
        assert after.points <= before.points <= had.points
        assert after.bonus <= before.bonus <= had.bonus
        taken = Earning(
            Points(taken.points + before.points - after.points),
            Points(taken.bonus + before.bonus - after.bonus),
        )
        before = after
    whole = rulebook.still_earned("mall", terms, terms.split(0), had)
    at_once = rulebook.still_earned("mall", terms, left, had)
    assert (taken.points, taken.bonus) == (whole.points - at_once.points, whole.bonus - at_once.bonus)
    nothing = rulebook.still_earned("mall", terms, dict.fromkeys(split, 0), had)
    assert nothing == Earning(Points(0))
