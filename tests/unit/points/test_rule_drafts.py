"""Drafts of rules at the door: what no two operators may agree on."""

import orjson
import pytest

from services.points.api.rules import DraftBody
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
