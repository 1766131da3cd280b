"""Commands: one file holds one command, and file, function and class share its name."""

import ast
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.rules.words import snake
from tests.house.tree import Source, Tree


def misnamed_commands(tree: Tree) -> Iterator[Breach]:
    """Find command files whose class or function is missing, or named otherwise, or not alone."""
    for source in tree.files("services/*/commands/*.py"):
        if source.stem != "__init__":
            yield from _misnamed(source)


def _misnamed(source: Source) -> Iterator[Breach]:
    classes = [node for node in source.syntax.body if isinstance(node, ast.ClassDef) and _is_command(node)]
    functions = {node.name for node in source.syntax.body if isinstance(node, ast.FunctionDef)}
    if not classes:
        yield Breach(source.path, 1, "holds no command (a class with `needs`)")
    for node in classes:
        name = snake(node.name)
        if not source.stem.startswith("edit_") and name != source.stem:
            yield Breach(source.path, node.lineno, f"the command {node.name} belongs in {name}.py")
        if name not in functions:
            yield Breach(source.path, node.lineno, f"{node.name} is decided by no function {name}()")


def _is_command(node: ast.ClassDef) -> bool:
    return any(isinstance(inner, ast.FunctionDef) and inner.name == "needs" for inner in node.body)


_SING = "class Sing:\n    def needs(self): ...\n"

RULES = (
    Rule(
        "one command a file, under its own name",
        misnamed_commands,
        (
            {"services/a/commands/sing.py": "def sing(): ..."},
            {"services/a/commands/sing.py": _SING},
            {"services/a/commands/hum.py": f"{_SING}def sing(): ..."},
            {"services/a/commands/edit_song.py": _SING},
        ),
        innocent={
            "services/a/commands/sing.py": f"{_SING}def sing(): ...",
            "services/a/commands/edit_song.py": f"{_SING}def sing(): ...",
        },
    ),
)
