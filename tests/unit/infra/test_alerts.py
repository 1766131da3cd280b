"""Alerts ask for what processes measure, at routes that exist, and a guide says what to do about each."""

import re

import orjson

from infra.docs.code import import_all
from shared.runtime.metrics import REGISTRY
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


def test_alerts_name_routes_that_exist() -> None:
    documents = [orjson.loads(path.read_bytes()) for path in (ROOT / "contracts/openapi").glob("*.json")]
    routes = [route for document in documents for route in document["paths"]]
    for pattern in re.findall(r'route=~"([^"]+)"', RULES):
        places = [re.fullmatch(pattern, route) for route in routes]
        assert sum(place is not None for place in places) == pattern.count("|") + 1, pattern
