"""Decisions: one page each, in one shape, listed, and the rule that keeps each is really there."""

import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Tree

INDEX = "docs/decisions/README.md"
PARTS = ("Status: ", "## Context", "## Decision", "## Consequences", "## Enforced by")
PAGE_LINES = 50
NAMED = re.compile(r"`([\w./-]+/[\w./-]*\w)`")


def shapeless_decisions(tree: Tree) -> Iterator[Breach]:
    """Find decisions that lack a part, take more than a page, or are not listed."""
    index = tree[INDEX].text if INDEX in tree else ""
    for source in tree.files("docs/decisions/[0-9]*.md"):
        lost = [part for part in PARTS if f"\n{part}" not in source.text]
        if lost:
            yield Breach(source.path, 1, f"lacks {', '.join(lost)}")
        if len(source.lines) > PAGE_LINES:
            yield Breach(source.path, len(source.lines), "takes more than a page")
        if f"({source.path.rpartition('/')[2]})" not in index:
            yield Breach(source.path, 1, f"is not listed in {INDEX}")


def unkept_decisions(tree: Tree) -> Iterator[Breach]:
    """Find decisions said to be kept by a file that is not there."""
    paths = {source.path for source in tree.files("*")}
    for source in tree.files("docs/decisions/[0-9]*.md"):
        before, _, told = source.text.partition("## Enforced by")
        line = before.count("\n") + 1
        for name in NAMED.findall(told):
            if not any(path == name or path.startswith(f"{name.rstrip('/')}/") for path in paths):
                yield Breach(source.path, line, f"there is no {name}")


_PAGE = "# 0001 A\n\n" + "\n".join(f"{part}…" for part in PARTS)

RULES = (
    Rule(
        "decisions of one page in one shape",
        shapeless_decisions,
        (
            {"docs/decisions/0001-a.md": _PAGE},
            {"docs/decisions/0001-a.md": _PAGE + "\n" * 60, INDEX: "[0001](0001-a.md)"},
            {"docs/decisions/0001-a.md": "# 0001 A\n\nStatus: …", INDEX: "[0001](0001-a.md)"},
        ),
        innocent={"docs/decisions/0001-a.md": _PAGE, INDEX: "[0001](0001-a.md)"},
    ),
    Rule(
        "decisions kept by rules that are there",
        unkept_decisions,
        ({"docs/decisions/0001-a.md": "## Enforced by\n`tests/house/rules/attic.py`"},),
        innocent={"docs/decisions/0001-a.md": "## Enforced by\n`tests/a.py` · `tests/`", "tests/a.py": ""},
    ),
)
