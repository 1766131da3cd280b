"""The settlement picture: it stands alone, says the right amounts, and keeps everything inside its frame."""

import itertools
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from infra.replay.claims import UNITS_IN_ORDER, claims_of
from infra.replay.picture import draw_settlement, yuan

HALF_YEAR = Path(__file__).parents[2] / "replay" / "expected" / "2017-01-01_2017-07-01.json"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def months() -> list[dict[str, Any]]:
    """Take the months of the first half of 2017."""
    kept: list[dict[str, Any]] = json.loads(HALF_YEAR.read_bytes())["months"]
    return kept


def words_of(picture: str) -> list[str]:
    """List every text of the picture."""
    return [node.text or "" for node in ET.fromstring(picture).iter(f"{SVG}text")]


def test_it_says_who_pays_and_who_receives(months: list[dict[str, Any]]) -> None:
    words = words_of(draw_settlement(months))
    assert "付 pays ¥610.21" in words
    assert "收 receives ¥294.36" in words
    assert "清算 Clearing ¥865.70" in words
    assert "业务单元结算 Settlement between business units · 2017-01 – 2017-06" in words


def test_every_claim_between_two_units_is_in_the_picture(months: list[dict[str, Any]]) -> None:
    words = words_of(draw_settlement(months))
    for fen in claims_of(months).owed_fen.values():
        assert yuan(fen) in words


def test_it_needs_nothing_from_outside_and_is_the_same_every_time(months: list[dict[str, Any]]) -> None:
    picture = draw_settlement(months)
    assert picture == draw_settlement(list(reversed(months)))
    assert not re.search(r"<script|<image|href|@import|url\(", picture)
    assert re.findall(r"https?://[^\"]+", picture) == ["http://www.w3.org/2000/svg"]


def test_every_box_and_text_lies_inside_the_frame(months: list[dict[str, Any]]) -> None:
    root = ET.fromstring(draw_settlement(months))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for node in [*root.iter(f"{SVG}text"), *root.iter(f"{SVG}rect")]:
        assert 0 <= float(node.get("x", "0")) + float(node.get("width", "0")) <= width
        assert 0 <= float(node.get("y", "0")) + float(node.get("height", "0")) <= height


def test_the_units_of_one_side_never_overlap() -> None:
    owed = {"hotel": {"office": 1_000_000, "property": 3, "mall-east": 1, "mall-west": 2, "residential": 1}}
    picture = draw_settlement([a_month(owed)])
    receivers = [
        float(node.attrib["y"])
        for node in ET.fromstring(picture).iter(f"{SVG}text")
        if (node.text or "").startswith("收 receives")
    ]
    assert len(receivers) == 5
    assert all(later - earlier >= 40 for earlier, later in itertools.pairwise(receivers))


def test_a_month_without_claims_says_that_there_is_nothing_to_pay() -> None:
    assert "无需付款 Nothing to pay" in words_of(draw_settlement([a_month({})]))


def test_nets_sum_to_zero_and_own_points_are_owed_by_nobody(months: list[dict[str, Any]]) -> None:
    claims = claims_of(months)
    assert sum(claims.net_fen(unit) for unit in UNITS_IN_ORDER) == 0
    own = sum(claims.own_fen(unit) for unit in UNITS_IN_ORDER)
    assert own + claims.gross_fen == sum(claims.redeemed_fen.values())


@pytest.mark.parametrize(
    ("fen", "written"), [(0, "¥0.00"), (5, "¥0.05"), (-191, "−¥1.91"), (123_456_789, "¥1,234,567.89")]
)
def test_yuan_are_written_with_thousands_and_two_places(fen: int, written: str) -> None:
    assert yuan(fen) == written


def test_no_month_is_no_settlement() -> None:
    with pytest.raises(ValueError, match="at least one month"):
        draw_settlement([])


def a_month(owed: dict[str, dict[str, int]]) -> dict[str, Any]:
    """Make a month in which units came to owe each other these fen."""
    return {"month": "2026-10", "receipts": 1, "redemptions": 1, "owed_fen": owed, "redeemed_fen": {}}
