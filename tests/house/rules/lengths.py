"""Lengths: a function fits on a screen, a file in a head, a line in a window."""

from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Source, Tree

FUNCTION_LINES, FILE_LINES, LINE_CHARACTERS = 50, 400, 110
CODE = ("*.py", "*.sql", "*.sh", "*.js", "*.css", "*.html", "*.toml", "*.ini", "Makefile")
# A migration holds one whole change of the schema; where it is long, its docstring says why.
EXCUSE = "Long because"


def _code(tree: Tree) -> Iterator[Source]:
    for source in tree.files(*CODE):
        if "/vendored/" not in source.path:
            yield source


def long_functions(tree: Tree) -> Iterator[Breach]:
    """Find functions of more than 50 lines, from `def` to the last."""
    for source in tree.files("*.py"):
        for node in source.functions():
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield Breach(source.path, node.lineno, f"{node.name} has {length} lines")


def long_files(tree: Tree) -> Iterator[Breach]:
    """Find files of more than 400 lines; a migration may be longer where its text says why."""
    for source in _code(tree):
        excused = "/migrations/" in source.path and EXCUSE in source.text
        if len(source.lines) > FILE_LINES and not excused:
            yield Breach(source.path, len(source.lines), f"{len(source.lines)} lines")


def long_lines(tree: Tree) -> Iterator[Breach]:
    """Find lines of more than 110 characters."""
    for source in _code(tree):
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_CHARACTERS:
                yield Breach(source.path, number, f"{len(line)} characters")


RULES = (
    Rule(
        "no function of more than 50 lines",
        long_functions,
        ({"services/a/domain/b.py": "def f():\n" + "    x\n" * 50},),
        innocent={"services/a/domain/b.py": "def f():\n" + "    x\n" * 49},
    ),
    Rule(
        "no file of more than 400 lines",
        long_files,
        ({"shared/a.py": "x\n" * 401}, {"services/a/migrations/b.sql": "x\n" * 401}),
        innocent={"shared/a.py": "x\n" * 400, "services/a/migrations/b.sql": f"-- {EXCUSE} …\n" * 500},
    ),
    Rule("no line of more than 110 characters", long_lines, ({"infra/a.sh": "x" * 111},)),
)
