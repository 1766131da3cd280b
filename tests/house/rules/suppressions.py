"""Suppressions: what is silenced says what, nothing is skipped, nothing is left for later."""

import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import PRODUCT, Source, Tree

# Written in pieces, or this file would be the first to break its own rules.
BARE = re.compile(r"#\s*" + r"type:\s*" + r"ignore(?!\[)|#\s*" + r"noqa(?!: [A-Z])|#\s*mypy:\s*ignore-errors")
SKIPS = re.compile(
    r"pytest\.(mark\.)?" + r"(skip|skipif|xfail|importorskip)\b|unittest\.skip|" + r"Skip" + r"Test\b"
)
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")


def bare_suppressions(tree: Tree) -> Iterator[Breach]:
    """Find suppressions that do not name what they suppress."""
    return _matching(tree.python(*PRODUCT, "tests"), BARE)


def skipped_tests(tree: Tree) -> Iterator[Breach]:
    """Find tests that may be skipped: a missing component fails the run."""
    return _matching(tree.python("tests"), SKIPS)


def left_for_later(tree: Tree) -> Iterator[Breach]:
    """Find notes to do it later."""
    return _matching(tree.files("*.py", "*.sql", "*.sh", "Makefile", "*.toml", "*.yml"), LATER)


def _matching(sources: Iterator[Source], pattern: re.Pattern[str]) -> Iterator[Breach]:
    for source in sources:
        for number, line in enumerate(source.lines, 1):
            if found := pattern.search(line):
                yield Breach(source.path, number, found.group().strip())


RULES = (
    Rule(
        "no suppression without a code",
        bare_suppressions,
        ({"shared/a.py": "x = 1  # type" + ": ignore"}, {"tests/a.py": "x = 1  # no" + "qa"}),
        innocent={"shared/a.py": "x = 1  # type" + ": ignore[misc]\ny = 1  # no" + "qa: E501"},
    ),
    Rule(
        "no skipped test",
        skipped_tests,
        (
            {"tests/unit/test_a.py": "@pytest.mark." + "skip\ndef test_it(): ..."},
            {"tests/unit/test_a.py": "pytest." + "importorskip('kafka')"},
        ),
    ),
    Rule("nothing left for later", left_for_later, ({"shared/a.py": "# TO" + "DO: mend"},)),
)
