"""Names: the words of the trade, none that fit everything, no abbreviation but `id`."""

import ast
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.rules.words import words
from tests.house.tree import PRODUCT, Source, Tree

FIT_EVERYTHING = frozenset(
    ("util utils utility utilities helper helpers manager managers common base data info misc stuff").split()
)
ABBREVIATIONS = frozenset(
    (
        "acc acct addr amt arr attr auth avg btn buf calc cb cfg cmd cnt coll conf conn cpn ctx cur "
        "curr db def del desc dest diff dir dt env err evt exc ext fn fmt func gen hdr hdl idx img "
        "impl init inst lang len lib lst mem mgr mod msg num obj ord param params pct pkg pos pref "
        "prev proc pw pwd qty recv ref reg rel repo req res resp ret sec seq sess src srv stat stmt "
        "str svc sync tbl tmp tot ts tx txn usr val var ver wal"
    ).split()
) - frozenset(["seq", "sync", "lang"])
# Names that somebody else gives: Alembic looks for env.py, pytest for its own; data is what CloudEvents calls
# the body of an event and PostgreSQL and Kafka the folder they live in.
GIVEN = frozenset("env conftest tmp_path tmp_path_factory EventData data_folder".split())


def _named(source: Source) -> Iterator[tuple[int, str]]:
    if source.stem not in ("__init__", "__main__"):
        yield 1, source.stem
    for node in (*source.nodes(ast.ClassDef), *source.functions()):
        if not (node.name.startswith("__") and node.name.endswith("__")):
            yield node.lineno, node.name
    for argument in source.nodes(ast.arg):
        yield argument.lineno, argument.arg


def _told(tree: Tree, refused: frozenset[str], *, arguments: bool) -> Iterator[Breach]:
    for source in tree.python(*PRODUCT, "tests"):
        names = {node.arg for node in source.nodes(ast.arg)} if not arguments else set()
        for line, name in _named(source):
            found = refused.intersection(words(name))
            if found and name not in names and name not in GIVEN and not name.startswith("test_"):
                yield Breach(source.path, line, f"{name} says {', '.join(sorted(found))}")


def names_that_fit_everything(tree: Tree) -> Iterator[Breach]:
    """Find modules, classes and functions with a word that would fit any other as well."""
    return _told(tree, FIT_EVERYTHING, arguments=False)


def abbreviations(tree: Tree) -> Iterator[Breach]:
    """Find modules, classes, functions and arguments with a shortened word."""
    return _told(tree, ABBREVIATIONS, arguments=True)


def folders_that_fit_everything(tree: Tree) -> Iterator[Breach]:
    """Find folders whose name says nothing."""
    for source in tree.python(*PRODUCT, "tests"):
        found = FIT_EVERYTHING.intersection(words("/".join(source.path.split("/")[:-1])))
        if found:
            yield Breach(source.path, 1, f"its folder says {', '.join(sorted(found))}")


def short_test_names(tree: Tree) -> Iterator[Breach]:
    """Find tests whose name is no sentence (at least four words after `test`)."""
    for source in tree.python("tests"):
        for node in source.functions():
            if node.name.startswith("test_") and len(node.name.split("_")) < 4:
                yield Breach(source.path, node.lineno, f"{node.name} is no sentence")


RULES = (
    Rule(
        "no name that fits everything",
        names_that_fit_everything,
        (
            {"shared/web/utils.py": ""},
            {"shared/web/a.py": "class LotManager: ..."},
            {"services/a/domain/b.py": "def load_data(): ..."},
        ),
        innocent={"shared/runtime/database.py": "def f(): data = 1"},
    ),
    Rule("no folder that fits everything", folders_that_fit_everything, ({"shared/common/words.py": ""},)),
    Rule(
        "no abbreviation but id",
        abbreviations,
        (
            {"shared/runtime/db.py": ""},
            {"shared/a.py": "def f(req): ..."},
            {"shared/a.py": "class TxLog: ..."},
        ),
        innocent={"services/a/migrations/env.py": "def find(id): ..."},
    ),
    Rule("tests that are sentences", short_test_names, ({"tests/unit/test_a.py": "def test_lot(): ..."},)),
)
