"""Listeners: what hears an event is named after it."""

import ast
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Tree


def misnamed_listeners(tree: Tree) -> Iterator[Breach]:
    """Find public functions of listeners that are not named `on_` and the event."""
    for source in tree.files("services/*/listeners/*.py"):
        for node in source.syntax.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not node.name.startswith(("on_", "_")):
                yield Breach(source.path, node.lineno, f"{node.name} is not named after an event")


RULES = (
    Rule(
        "listeners named after their event",
        misnamed_listeners,
        ({"services/a/listeners/b.py": "def handle_order(event): ..."},),
        innocent={"services/a/listeners/b.py": "def on_order_paid(event): ...\ndef _key(event): ..."},
    ),
)
