"""Drafts of rules at the door: what no two operators may agree on."""

from typing import Any

import orjson
import pytest

from services.points.api.rules import DraftBody
from services.points.api.splits import SplitBody
from shared.kernel.refusal import Malformed
from shared.web.strict import parse


def drafted(subject: str, **body: int) -> DraftBody:
    """Parse the draft of a rate."""
    return parse(DraftBody, orjson.dumps({"rule": {"kind": "rate", "subject": subject, "body": body}}))


@pytest.mark.parametrize("body", [{"numerator": 2}, {"numerator": 1, "denominator": 2}, {"numerator": 100}])
def test_a_group_point_is_never_worth_anything_but_itself(body: dict[str, int]) -> None:
    """Change is given in group points: at a rate of 2 the change of every redemption would double."""
    with pytest.raises(Malformed) as refused:
        drafted("GRUP", **body)
    assert refused.value.facts["faults"][0]["rule"] == "rate"
    drafted("MALL", **body)


def test_the_rate_of_the_group_point_may_be_stated() -> None:
    drafted("GRUP", numerator=1)


def of_group(kind: str, **body: object) -> DraftBody:
    """Parse the draft of a rule of the group."""
    return parse(DraftBody, orjson.dumps({"rule": {"kind": kind, "subject": "group", "body": body}}))


@pytest.mark.parametrize("points", [[], [0], [1, -1], [1.5], ["1"], [True], [1] * 367, 5])
def test_a_streak_brings_whole_points_on_at_least_one_day(points: object) -> None:
    with pytest.raises(Malformed):
        of_group("check-in", points=points)
    of_group("check-in", points=[1, 2, 3])


@pytest.mark.parametrize("most_fen", [0, -1, 1.5, "10", 1_000_000_001])
def test_a_grant_has_a_limit(most_fen: object) -> None:
    with pytest.raises(Malformed):
        of_group("grant", most_fen=most_fen)
    of_group("grant", most_fen=1_000)


EARN = {"points": 1, "per_fen": 1_000}


def draft(kind: str, subject: str, body: dict[str, Any], **more: Any) -> DraftBody:
    """Parse a draft of that kind."""
    rule = {"kind": kind, "subject": subject, "body": body, **more}
    return parse(DraftBody, orjson.dumps({"rule": rule}))


@pytest.mark.parametrize(
    "body",
    [
        EARN,
        {
            **EARN,
            "categories": {"food": {"points": 1, "per_fen": 5_000}},
            "tiers": {"1": 12_000, "3": 20_000},
        },
    ],
)
def test_an_earn_rule_may_have_categories_and_tiers(body: dict[str, Any]) -> None:
    assert draft("earn", "hotel", body).rule.body.model_dump(exclude_unset=True) == body


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiers": {}},
        {"tiers": {"10": 10_000}},
        {"tiers": {"one": 10_000}},
        {"tiers": {"1": 0}},
        {"tiers": {"1": 100_001}},
        {"tiers": {"1": "12000"}},
        {"tiers": {"1": 1.2}},
        {"tier": 2},
        {"categories": {}},
        {"categories": {"Food": {"points": 1, "per_fen": 1}}},
        {"categories": {"": {"points": 1, "per_fen": 1}}},
        {"categories": {"food": {"points": 1}}},
        {"categories": {"food": {"points": 0, "per_fen": 1}}},
        {"categories": {"food": {"points": 1, "per_fen": 1, "cap": 3}}},
        {"categories": {f"c{place}": {"points": 1, "per_fen": 1} for place in range(51)}},
    ],
)
def test_an_earn_rule_with_anything_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        draft("earn", "hotel", {**EARN, **wrong})


@pytest.mark.parametrize(
    "body",
    [{}, {"points_per_day": 5_000, "receipts_per_store": 10, "exempt": ["residential", "hotel"]}],
)
def test_caps_are_the_groups(body: dict[str, Any]) -> None:
    draft("cap", "group", body)
    for subject, wrong in (
        ("hotel", body),
        ("group", {**body, "points_per_day": 0}),
        ("group", {**body, "points_per_week": 1}),
        ("group", {**body, "exempt": ["No unit"]}),
    ):
        with pytest.raises(Malformed):
            draft("cap", subject, wrong)


@pytest.mark.parametrize(
    ("body", "split"),
    [
        ({"amount_fen": 500}, ()),
        ({"amount_fen": 500, "category": "food"}, (("food", 500),)),
        ({"amount_fen": 500, "lines": [{"amount_fen": 500}]}, ()),
        (
            {
                "amount_fen": 500,
                "lines": [
                    {"amount_fen": 100},
                    {"category": "food", "amount_fen": 150},
                    {"category": "food", "amount_fen": 250},
                ],
            },
            (("", 100), ("food", 400)),
        ),
    ],
)
def test_a_till_says_one_category_or_lines_that_come_to_the_amount(
    body: dict[str, Any], split: tuple[tuple[str, int], ...]
) -> None:
    assert parse(SplitBody, orjson.dumps(body)).split == split


@pytest.mark.parametrize(
    "body",
    [
        {"amount_fen": 500, "category": "Food"},
        {"amount_fen": 500, "category": ""},
        {"amount_fen": 500, "lines": []},
        {"amount_fen": 500, "lines": [{"category": "food", "amount_fen": 499}]},
        {"amount_fen": 500, "category": "food", "lines": [{"category": "food", "amount_fen": 500}]},
        {"amount_fen": 0, "lines": [{"category": "food", "amount_fen": 0}]},
    ],
)
def test_lines_that_do_not_come_to_the_amount_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse(SplitBody, orjson.dumps(body))


CAMPAIGN = {
    "name": {"zh": "春季", "en": "Spring"},
    "units": ["hotel"],
    "until": "2027-06-01T00:00:00+08:00",
    "bearer": "unit",
    "budget": 100_000,
    "bonus_bp": 10_000,
}


@pytest.mark.parametrize(
    "changed",
    [
        {"bonus_bp": None},
        {"bonus_points": 5},
        {"budget": 0},
        {"budget": None},
        {"units": []},
        {"bearer": "member"},
        {"until": "2027-06-01"},
        {"tiers": [10]},
        {"categories": []},
        {"minimum_fen": 0},
        {"name": None},
        {"stops_at": 80},
    ],
)
def test_a_campaign_is_whole_or_refused(changed: dict[str, Any]) -> None:
    draft("campaign", "spring-2027", CAMPAIGN)
    body = {name: value for name, value in {**CAMPAIGN, **changed}.items() if value is not None}
    with pytest.raises(Malformed):
        draft("campaign", "spring-2027", body)


def test_a_campaign_ends_after_it_begins_and_has_a_code() -> None:
    with pytest.raises(Malformed):
        draft("campaign", "spring-2027", CAMPAIGN, valid_from=CAMPAIGN["until"])
    with pytest.raises(Malformed):
        draft("campaign", "Spring 2027", CAMPAIGN)


OFFER = {
    "name": {"zh": "打车券", "en": "taxi coupon"},
    "partner": "taxi",
    "unit": "group",
    "price_fen": 2_000,
}


def test_an_offer_says_what_it_leaves_out_by_its_defaults() -> None:
    body = draft("offer", "taxi-20", OFFER).rule.body
    assert (body.asked_s, body.on_sale, body.per_day) == (600, True, None)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "wrong",
    [
        {"price_fen": 0},
        {"price_fen": 1.5},
        {"price_fen": 2**53},
        {"per_day": 0},
        {"asked_s": 0},
        {"asked_s": 86_401},
        {"partner": "Taxi"},
        {"unit": ""},
        {"on_sale": "yes"},
        {"name": {"zh": "打车券"}},
        {"code": "RIDE"},
    ],
)
def test_an_offer_has_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        draft("offer", "taxi-20", {**OFFER, **wrong})
