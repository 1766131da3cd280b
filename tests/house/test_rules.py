"""The rules of the house, asked of the whole tree; and each rule asked of its canaries."""

import importlib
import pkgutil
from collections.abc import Mapping

import pytest

from tests.house import rules
from tests.house.rule import Rule
from tests.house.tree import Tree, house

RULES: tuple[Rule, ...] = tuple(
    rule
    for module in pkgutil.iter_modules(rules.__path__, "tests.house.rules.")
    for rule in getattr(importlib.import_module(module.name), "RULES", ())
)
CANARIES = [(rule, canary) for rule in RULES for canary in rule.canaries]


@pytest.fixture(scope="module")
def tree() -> Tree:
    """Read the checkout once."""
    return house()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_house_has(rule: Rule, tree: Tree) -> None:
    breaches = [str(breach) for breach in rule.find(tree)]
    assert not breaches, "\n".join([f"the house has {rule.name}, but:", *breaches])


@pytest.mark.parametrize(("rule", "canary"), CANARIES, ids=lambda part: getattr(part, "name", ""))
def test_each_rule_bites_its_canaries(rule: Rule, canary: Mapping[str, str]) -> None:
    assert list(rule.find(Tree(canary))), canary


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_bites_the_innocent(rule: Rule) -> None:
    assert not list(map(str, rule.find(Tree(rule.innocent))))
