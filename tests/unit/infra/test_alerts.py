"""Alerts ask for what processes measure, at routes that exist, and a guide says what to do about each."""

import re

import orjson

from infra.docs.code import import_all
from services.member.main import openapi_app as member_app
from services.points.main import openapi_app as points_app
from shared.runtime.metrics import REGISTRY, exposition
from tests.house.tree import ROOT

RULES = (ROOT / "infra/prometheus/alerts.yml").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/guides/in-production.md").read_text(encoding="utf-8")


def test_every_alert_is_explained_and_no_other() -> None:
    named = re.findall(r"- alert: (\w+)", RULES)
    explained = re.findall(r"^\| `([A-Z]\w+)` \|", GUIDE, re.MULTILINE)
    assert named == explained
    assert len(named) == RULES.count("expr:") == RULES.count("summary:")


def test_alerts_ask_for_what_is_measured() -> None:
    import_all("shared.runtime")
    measured = {
        f"{family.name}_total" if family.type == "counter" else family.name for family in REGISTRY.collect()
    }
    asked = set(re.findall(r"tongfen_\w+", RULES))
    assert asked
    assert asked <= measured


def test_what_alerts_ask_the_growth_of_stands_at_nought_from_the_start() -> None:
    for openapi_app in (member_app, points_app):
        openapi_app()
    samples = [sample for family in REGISTRY.collect() for sample in family.samples]
    denied = {
        (sample.labels["route"], sample.labels["why"])
        for sample in samples
        if sample.name == "tongfen_denied_total"
    }
    watched = re.findall(r'tongfen_denied_total\{route=~"([^"]+)", why="(\w+)"', RULES)
    assert watched
    for pattern, why in watched:
        found = [route for route, because in denied if because == why and re.fullmatch(pattern, route)]
        assert len(found) == pattern.count("|") + 1, pattern
    errands = {
        (sample.labels["kind"], sample.labels["outcome"])
        for sample in samples
        if sample.name == "tongfen_errands_total"
    }
    assert {("send-text", "given-up"), ("ask-partner", "given-up")} <= errands


def test_alerts_name_routes_that_exist() -> None:
    documents = [orjson.loads(path.read_bytes()) for path in (ROOT / "contracts/openapi").glob("*.json")]
    routes = [route for document in documents for route in document["paths"]]
    for pattern in re.findall(r'route=~"([^"]+)"', RULES):
        places = [re.fullmatch(pattern, route) for route in routes]
        assert sum(place is not None for place in places) == pattern.count("|") + 1, pattern


def test_nothing_is_exposed_that_only_says_when_a_series_began() -> None:
    import_all("shared.runtime")
    assert b"_total" in exposition()
    assert b"_created" not in exposition()
