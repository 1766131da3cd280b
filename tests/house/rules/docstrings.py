"""Docstrings: every module says what it is for; every public thing says what it does, as an order obeyed."""

import ast
import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import PRODUCT, Source, Tree

Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
# "This will Take waiting commands…" reads on; "This will Returns…" does not.
NOT_AN_ORDER = re.compile(r"(This|The|A|An|It|Return the|[A-Z][a-z]+(?<![sui])s)\b")
NOUNS_OF_VERBS = frozenset(
    ("Address Bias Canvas Chaos Discuss Express Focus Pass Process Guess Press").split()
)
SENTENCE_END = (".", "?", "!", ":", "…", "`")


def missing_in_modules(tree: Tree) -> Iterator[Breach]:
    """Find Python files without a docstring."""
    for source in tree.python(*PRODUCT, "tests"):
        if not ast.get_docstring(source.syntax):
            yield Breach(source.path, 1, "the module does not say what it is for")


def missing_in_public(tree: Tree) -> Iterator[Breach]:
    """Find public classes, functions and methods without a docstring; tests speak by their name."""
    for source in tree.python(*PRODUCT, "tests"):
        for node, owner in _public(source):
            if not ast.get_docstring(node) and not _given(node, owner):
                yield Breach(source.path, node.lineno, f"{node.name} has no docstring")


def misshapen(tree: Tree) -> Iterator[Breach]:
    """Find docstrings whose first paragraph is no sentence: a capital, words, a full stop."""
    for source in tree.python(*PRODUCT, "tests"):
        nodes: list[tuple[ast.Module | Documented, str]] = [(source.syntax, "the module")]
        nodes += [(node, node.name) for node, _ in _public(source)]
        for node, name in nodes:
            first = (ast.get_docstring(node) or "").partition("\n\n")[0].strip()
            if (first and not (first[0].isupper() or first[0] in "`[/")) or (
                first and first[-1] not in "".join(SENTENCE_END)
            ):
                yield Breach(
                    source.path, getattr(node, "lineno", 1), f"{name}: «{first[:60]}» is no sentence"
                )


def not_orders(tree: Tree) -> Iterator[Breach]:
    """Find functions whose docstring does not complete "This will …"; properties are nouns."""
    for source in tree.python(*PRODUCT, "tests"):
        for node, _ in _public(source):
            if isinstance(node, ast.ClassDef) or _property(node):
                continue
            told = ast.get_docstring(node) or ""
            first = told.split(" ")[0]
            if NOT_AN_ORDER.match(told) and first not in NOUNS_OF_VERBS:
                yield Breach(
                    source.path, node.lineno, f"{node.name}: «{told[:40]}…» does not complete This will"
                )


def _public(source: Source) -> Iterator[tuple[Documented, str | None]]:
    for node in source.syntax.body:
        if not isinstance(node, Documented) or node.name.startswith(("_", "test_")):
            continue
        yield node, None
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Documented) and not inner.name.startswith(("_", "test_")):
                    yield inner, node.name


def _given(node: Documented, owner: str | None) -> bool:
    # What overrides or overloads is described where it was first declared.
    names = {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
    return owner is not None and bool(names & {"override", "overload", "typing.override", "typing.overload"})


def _property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
    return any(name.endswith(("property", "fixture")) for name in names)


RULES = (
    Rule("no module without a docstring", missing_in_modules, ({"shared/a.py": "x = 1"},)),
    Rule(
        "nothing public without a docstring",
        missing_in_public,
        (
            {"shared/a.py": "def f(): ..."},
            {"shared/a.py": "class A: ..."},
            {"shared/a.py": 'class A:\n    """A."""\n    def f(self): ...'},
        ),
        innocent={"tests/unit/test_a.py": "def test_a_lot_is_kept(): ..."},
    ),
    Rule(
        "docstrings that begin with a sentence",
        misshapen,
        ({"shared/a.py": '"""words of the house."""'}, {"shared/a.py": 'def f():\n    """Take it"""'}),
        innocent={"shared/a.py": '"""Words.\n\n- a list\n"""'},
    ),
    Rule(
        "functions described as an order",
        not_orders,
        (
            {"shared/a.py": 'def f():\n    """This takes it."""'},
            {"shared/a.py": 'def f():\n    """Returns it."""'},
            {"shared/a.py": 'class A:\n    """It."""\n    def f(self):\n        """The way."""'},
        ),
        innocent={
            "shared/a.py": 'def f():\n    """Pass it on."""\n\nclass A:\n    """A."""\n'
            '    @property\n    def f(self):\n        """The way."""'
        },
    ),
)
