"""Facts are frozen: a decision that could change what it is shown would reach its neighbours."""

import ast
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Tree


def thawed_facts(tree: Tree) -> Iterator[Breach]:
    """Find dataclasses of a domain, of commands or of the kernel that can be changed; books may apply."""
    for source in tree.files("services/*/domain/*.py", "services/*/commands/*.py", "shared/kernel/*.py"):
        for node in source.nodes(ast.ClassDef):
            told = [ast.unparse(one) for one in node.decorator_list]
            if not any(one.partition("(")[0].endswith("dataclass") for one in told):
                continue
            applies = any(isinstance(one, ast.FunctionDef) and one.name == "apply" for one in node.body)
            if not applies and not any("frozen=True" in one for one in told):
                yield Breach(source.path, node.lineno, f"{node.name} is not frozen")


RULES = (
    Rule(
        "frozen facts",
        thawed_facts,
        (
            {"services/a/domain/b.py": "@dataclass\nclass Lot: ..."},
            {"services/a/commands/b.py": "@dataclass(slots=True)\nclass Sing: ..."},
        ),
        innocent={
            "services/a/domain/b.py": "@dataclass(frozen=True)\nclass Lot: ...\n"
            "@dataclass\nclass Books:\n    def apply(self, changes): ..."
        },
    ),
)
