"""Places: no committed file knows a registry's address or the workplace it was written in."""

import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Tree

# Written in pieces, or this file would be the first to break its own rules.
REGISTRIES = re.compile(
    "|".join(
        re.escape(host)
        for host in (
            "pypi" + ".org",
            "files.python" + "hosted",
            "registry." + "npmjs",
            "repo1." + "maven",
            "repo." + "maven",
            "crates" + ".io",
            "--index" + "-url",
            "--extra-index" + "-url",
        )
    )
)
PAPERS = "architecture conventions business-rules hostile-world libraries exemplars".split()
WORKPLACE = re.compile(
    "|".join(
        (
            r"(?<![\w.])/wor" + "k/",
            r"\.\./share" + r"d\b(?!/(?:kernel|runtime|web)\b)",
            "/tmp/pla" + r"n\b",
            r"\bissues sho" + r"w\b",
            rf"\b({'|'.join(PAPERS)}|DEVELOPERS)\.md\b",
        )
    )
)


def registries(tree: Tree) -> Iterator[Breach]:
    """Find addresses of package registries: where packages come from is the machine's affair."""
    return _matching(tree, REGISTRIES)


def workplaces(tree: Tree) -> Iterator[Breach]:
    """Find paths and papers that exist only where this was written."""
    return _matching(tree, WORKPLACE)


def _matching(tree: Tree, pattern: re.Pattern[str]) -> Iterator[Breach]:
    for source in tree.files("*"):
        for number, line in enumerate(source.lines, 1):
            if found := pattern.search(line):
                yield Breach(source.path, number, found.group())


RULES = (
    Rule(
        "no address of a registry",
        registries,
        ({"docs/a.md": "see https://py" + "pi.org/x"}, {"requirements.lock": "--index" + "-url x"}),
    ),
    Rule(
        "no path of the workplace",
        workplaces,
        ({"docs/a.md": "as /" + "work/main says"}, {"docs/a.md": "as architecture" + ".md says"}),
        innocent={
            "docs/a.md": "https://example.com/work/a and network/work/b, the architecture",
            "docs/b.md": "[the desk](../shared/runtime/desk.py)",
        },
    ),
)
