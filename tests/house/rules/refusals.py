"""Refusals: a stable code that is the class's name, both languages, and never the name of an error."""

import ast
import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.rules.words import kebab
from tests.house.tree import Source, Tree

CHINESE = re.compile("[\u4e00-\u9fff]")
FACT = re.compile(r"\{(\w+)\}")
SENTENCES = ("title", "advice")


def misspoken(tree: Tree) -> Iterator[Breach]:
    """Find refusals whose code is not their name, or that speak one language only."""
    for source in tree.python("services", "shared"):
        for node in source.nodes(ast.ClassDef):
            given = _attributes(node)
            if "code" in given and "title" in given:
                yield from _faults(source, node, given)


def named_like_errors(tree: Tree) -> Iterator[Breach]:
    """Find classes named …Error: a refusal is named after the reason, an outage after what is away."""
    for source in tree.python("services", "shared", "contracts"):
        for node in source.nodes(ast.ClassDef):
            if node.name.endswith(("Error", "Exception")):
                yield Breach(source.path, node.lineno, f"{node.name} is named like an error")


def _attributes(node: ast.ClassDef) -> dict[str, ast.expr]:
    return {
        target.id: statement.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _faults(source: Source, node: ast.ClassDef, given: dict[str, ast.expr]) -> Iterator[Breach]:
    code = ast.literal_eval(given["code"])
    if code != kebab(node.name):
        yield Breach(source.path, node.lineno, f"{node.name} has the code {code}, not {kebab(node.name)}")
    for place in SENTENCES:
        spoken = _spoken(given.get(place))
        if spoken is None:
            yield Breach(source.path, node.lineno, f"{node.name} has no {place} of two literal sentences")
        elif not CHINESE.search(spoken[0]) or CHINESE.search(spoken[1]) or not spoken[1]:
            yield Breach(source.path, node.lineno, f"{node.name}.{place} is not Chinese, then English")
        elif set(FACT.findall(spoken[0])) != set(FACT.findall(spoken[1])):
            yield Breach(source.path, node.lineno, f"{node.name}.{place} tells different facts in zh and en")


def _spoken(value: ast.expr | None) -> tuple[str, str] | None:
    if not isinstance(value, ast.Call) or len(value.args) != 2:
        return None
    try:
        zh, en = (ast.literal_eval(argument) for argument in value.args)
    except ValueError:
        return None
    return str(zh), str(en)


def _refusal(name: str, code: str, title: str, advice: str) -> dict[str, str]:
    text = f"class {name}(Refusal):\n    code = '{code}'\n    title = {title}\n    advice = {advice}\n"
    return {"services/a/domain/b.py": text}


_TITLE, _ADVICE = "Words('积分不足', 'Too few points')", "Words('尚缺 {lacking}。', '{lacking} are lacking.')"

RULES = (
    Rule(
        "refusals that say their name in two languages",
        misspoken,
        (
            _refusal("InsufficientPoints", "too_few", _TITLE, _ADVICE),
            _refusal("InsufficientPoints", "insufficient-points", "Words('', 'Too few')", _ADVICE),
            _refusal("InsufficientPoints", "insufficient-points", _TITLE, "Words('缺 {a}', 'lacks {b}')"),
            _refusal("InsufficientPoints", "insufficient-points", "'Too few points'", _ADVICE),
        ),
        innocent=_refusal("InsufficientPoints", "insufficient-points", _TITLE, _ADVICE),
    ),
    Rule(
        "no class named like an error",
        named_like_errors,
        ({"services/a/domain/b.py": "class LotError(Exception): ..."},),
    ),
)
