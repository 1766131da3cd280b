"""Sleeps: a test awaits a condition; it may pause between two looks, and says what any other sleep is for."""

import ast
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Tree


def sleeps_outside_a_loop(tree: Tree) -> Iterator[Breach]:
    """Find sleeps of tests that are no pause between two looks at a condition."""
    for source in tree.python("tests"):
        paused = {
            inner
            for loop in source.all_nodes
            if isinstance(loop, ast.While | ast.For | ast.AsyncFor)
            for inner in ast.walk(loop)
        }
        for node in source.nodes(ast.Call):
            if ast.unparse(node.func).rpartition(".")[2] != "sleep" or node in paused:
                continue
            hopes = isinstance(node.args[0], ast.Constant) and node.args[0].value != 0
            if hopes and "#" not in source.lines[node.lineno - 1]:
                yield Breach(
                    source.path, node.lineno, "sleeps: await a condition, or comment what it stands for"
                )


RULES = (
    Rule(
        "no test that sleeps and hopes",
        sleeps_outside_a_loop,
        ({"tests/unit/test_a.py": "import time\ntime.sleep(1)"},),
        innocent={
            "tests/unit/test_a.py": "while not done():\n    time.sleep(0.02)\n"
            "def stall(seconds):\n    time.sleep(seconds)\ntime.sleep(3)  # as long as the table is held"
        },
    ),
)
