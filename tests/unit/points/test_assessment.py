"""What a purchase earns under all rules together: bonus, caps of the day and the store, budgets."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.amounts import Points, Rate
from services.points.domain.assessment import Assessment, Purchase, assess
from services.points.domain.campaign import Campaign, alerts
from services.points.domain.cap import CapRule, DayEarning, capped
from services.points.domain.earning import Cut, Earning
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion, Unit
from tests.unit.points.ledger import BEGINNING, version

AT = datetime(2017, 3, 1, 4, tzinfo=UTC)
MALL, HOTEL = Unit("mall", "MALL"), Unit("hotel", "HOTL")
RATES = {"MALL": Rate(5), "HOTL": Rate(1), "GRUP": Rate(1)}
SPRING = {
    "units": ["mall", "hotel"],
    "until": "2017-04-01T00:00:00+08:00",
    "bearer": "unit",
    "bonus_bp": 10_000,
    "budget": 1_000,
}
CAPS = {"points_per_day": 5_000, "exempt": ["hotel"], "receipts_per_store": 2}


def rules(*more: RuleVersion) -> Rulebook:
    """Write a mall (1 for 10 yuan, tiers) and a hotel (3 for 1 yuan) into a rulebook, and more."""
    mall = {"points": 1, "per_fen": 1_000, "pending_days": 0, "expiry_months": 24, "tiers": {"1": 12_000}}
    hotel = {"points": 3, "per_fen": 100, "pending_days": 0, "expiry_months": 24}
    rates = [
        version(RuleKind.RATE, asset, 1, BEGINNING, {"numerator": rate.numerator, "denominator": 1})
        for asset, rate in RATES.items()
    ]
    earning = [
        version(RuleKind.EARN, "mall", 1, BEGINNING, mall),
        version(RuleKind.EARN, "hotel", 1, BEGINNING, hotel),
    ]
    return Rulebook((*rates, *earning, *more))


def campaign(code: str = "spring", **changed: Any) -> RuleVersion:
    """Make a campaign that doubles what receipts earn."""
    body = {name: value for name, value in {**SPRING, **changed}.items() if value is not None}
    return version(RuleKind.CAMPAIGN, code, 1, BEGINNING, body)


def caps(**changed: object) -> RuleVersion:
    """Make the group's caps."""
    return version(RuleKind.CAP, "group", 1, BEGINNING, {**CAPS, **changed})


def bought(
    amount_fen: int,
    *more: RuleVersion,
    unit: Unit = MALL,
    earned: tuple[DayEarning, ...] = (),
    left: dict[str, int] | None = None,
    tier: int = 0,
    lines: dict[str, int] | None = None,
    at: datetime = AT,
) -> Assessment:
    """Assess a purchase; `left` is what budgets have left by campaign, without limit where not said."""
    purchase = Purchase(unit, "s1", amount_fen, at, lines or {}, tier)
    return assess(
        rules(*more),
        purchase,
        earned,
        lambda one, wished: min(wished, (left or {}).get(one.code, wished)),
    )


def test_without_caps_and_campaigns_a_receipt_earns_its_own_points() -> None:
    found = bought(100_000)
    assert (found.earning, found.terms.as_json(), found.bearer) == (Earning(Points(100)), {"rule": 1}, None)


def test_a_bonus_is_a_share_of_the_base_without_the_tier() -> None:
    found = bought(100_000, campaign(), tier=1)
    assert found.earning == Earning(Points(120), Points(100))
    assert (found.bonus_asset, found.bearer) == ("MALL", "mall")
    assert found.terms.given is not None
    assert (found.terms.given.code, found.terms.given.points) == ("spring", 100)


def test_a_bonus_of_the_group_is_in_group_points_at_the_rate_of_the_day() -> None:
    found = bought(100_000, campaign(bearer="group"))
    assert found.earning == Earning(Points(100), Points(500))
    assert (found.bonus_asset, found.bearer) == ("GRUP", "group")
    assert found.terms.as_json()["campaign"]["rate"] == [5, 1]


@pytest.mark.parametrize(
    ("changed", "lines", "tier", "bonus"),
    [
        ({"bonus_bp": 5_000}, {}, 0, 49),
        ({"bonus_bp": None, "bonus_points": 30}, {}, 0, 30),
        ({"bonus_bp": None, "bonus_points": 30, "minimum_fen": 100_000}, {}, 0, 0),
        ({"categories": ["food"]}, {}, 0, 0),
        ({"categories": ["food"]}, {"food": 20_000, "": 79_999}, 0, 20),
        ({"categories": ["food"], "minimum_fen": 20_001}, {"food": 20_000, "": 79_999}, 0, 0),
        ({"tiers": [1, 2]}, {}, 0, 0),
        ({"tiers": [1, 2]}, {}, 1, 99),
        ({"units": ["hotel"]}, {}, 0, 0),
        ({"until": "2017-03-01T12:00:00+08:00"}, {}, 0, 0),
    ],
)
def test_a_campaign_has_conditions(
    changed: dict[str, Any], lines: dict[str, int], tier: int, bonus: int
) -> None:
    assert bought(99_999, campaign(**changed), lines=lines, tier=tier).earning.bonus == bonus


def test_a_receipt_that_earns_nothing_gets_no_bonus() -> None:
    assert bought(999, campaign(bonus_bp=None, bonus_points=30)).earning == Earning(Points(0))


def test_of_two_campaigns_the_more_valuable_one_with_budget_gives_and_only_one() -> None:
    both = (campaign("autumn", bonus_bp=20_000), campaign("spring"))
    first = bought(100_000, *both)
    assert first.earning.bonus == 200
    second = bought(100_000, *both, left={"autumn": 0})
    assert second.earning.bonus == 100
    assert second.terms.given is not None
    assert second.terms.given.code == "spring"
    assert second.terms.cut == ()


def test_a_budget_gives_its_last_points_and_then_nothing_and_the_receipt_earns_its_base() -> None:
    last = bought(100_000, campaign(), left={"spring": 30})
    assert last.earning == Earning(Points(100), Points(30))
    assert last.terms.cut == (Cut("campaign-budget", "bonus", 70),)
    over = bought(100_000, campaign(), left={"spring": 0})
    assert over.earning == Earning(Points(100))
    assert over.terms.cut == (Cut("campaign-budget", "bonus", 100),)


def test_a_day_has_so_many_points_over_all_units_but_the_exempt() -> None:
    earned = (
        DayEarning("mall-west", "s9", "MALL", 900),
        DayEarning("hotel", "h1", "HOTL", 90_000),
        DayEarning("office", "o", "OFFI", 90_000),
    )
    found = bought(200_000, caps(), earned=earned)
    # 900 x 5 of 5,000 are used; an asset without a rate is worth nothing yet.
    assert found.earning == Earning(Points(100))
    assert found.terms.cut == (Cut("points-per-day", "points", 100),)
    assert bought(2_000_000, caps(), unit=HOTEL, earned=earned).earning == Earning(Points(60_000))


def test_what_fits_is_first_the_receipt_and_then_the_bonus() -> None:
    earned = (DayEarning("mall", "s2", "MALL", 800, "GRUP", 300),)
    found = bought(100_000, caps(), campaign(), earned=earned)
    # 700 group points are left: 100 points of the receipt are worth 500, 40 of the bonus 200.
    assert found.earning == Earning(Points(100), Points(40))
    assert found.terms.cut == (Cut("points-per-day", "bonus", 60),)


def test_a_store_has_so_many_earning_receipts_a_day() -> None:
    one, none = DayEarning("mall", "s1", "MALL", 1), DayEarning("mall", "s1", "MALL", 0)
    assert bought(1_000, caps(), earned=(one, none, none)).earning == Earning(Points(1))
    found = bought(100_000, caps(), campaign(), earned=(one, one))
    assert found.earning == Earning(Points(0))
    assert found.terms.cut == (Cut("receipts-per-store", "points", 100),)
    other = DayEarning("mall", "s2", "MALL", 1)
    assert bought(1_000, caps(), earned=(one, other, other)).earning == Earning(Points(1))


def test_before_caps_and_after_a_campaign_nothing_is_cut_and_nothing_given() -> None:
    later = version(RuleKind.CAP, "group", 1, AT + timedelta(seconds=1), CAPS)
    earned = (DayEarning("mall", "s1", "MALL", 5_000),) * 3
    assert bought(100_000, later, earned=earned).earning == Earning(Points(100))
    assert bought(100_000, later, earned=earned, at=AT + timedelta(seconds=1)).earning == Earning(Points(0))


DAY_EARNINGS = st.lists(
    st.builds(
        DayEarning,
        st.sampled_from(("mall", "hotel")),
        st.sampled_from(("s1", "s2")),
        st.sampled_from(("MALL", "HOTL")),
        st.integers(0, 2_000),
    ),
    max_size=6,
)


@given(st.integers(0, 5_000), st.integers(0, 5_000), DAY_EARNINGS, st.integers(1, 7), st.integers(1, 5))
def test_what_is_left_fits_and_one_point_more_would_not(
    points: int, bonus: int, earned: list[DayEarning], numerator: int, denominator: int
) -> None:
    rates = {"MALL": Rate(numerator, denominator), "HOTL": Rate(1), "GRUP": Rate(1)}
    rule = CapRule(1, 5_000, None, frozenset())
    room = rule.room("mall", earned, rates)
    assert room is not None
    wished = Earning(Points(points), Points(bonus))
    left = capped(wished, "MALL", "GRUP", room, rates)
    own, extra = left.earning.points, left.earning.bonus
    used = own * Fraction(numerator, denominator)
    assert used + extra <= room
    assert own == points or used + Fraction(numerator, denominator) > room
    assert extra == bonus or own == 0 or used + extra + 1 > room
    assert own + sum(one.points for one in left.cut if one.of == "points") == points
    assert extra + sum(one.points for one in left.cut if one.of == "bonus") == bonus


@given(st.integers(0, 10**6), st.integers(1, 30_000), st.integers(1, 10**4), st.integers(1, 10**6))
def test_a_share_is_rounded_down_once(amount_fen: int, bonus_bp: int, points: int, per_fen: int) -> None:
    body = {**SPRING, "bonus_bp": bonus_bp}
    earn = {"points": points, "per_fen": per_fen, "pending_days": 0, "expiry_months": 24}
    rule = Rulebook((version(RuleKind.EARN, "mall", 1, BEGINNING, earn),)).earn_rule("mall", AT)
    exact = Fraction(points * amount_fen * bonus_bp, per_fen * 10_000)
    found = Campaign.read("spring", 1, body).bonus(rule, {"": amount_fen})
    assert found == (exact.numerator // exact.denominator if amount_fen else 0)


def test_somebody_is_told_from_four_fifths_of_a_budget_on() -> None:
    assert [alerts(used, 1_001) for used in (0, 800, 801, 1_001)] == [False, False, True, True]
