"""What stays out of a room though no import contract can see it: sessions, floats, clocks, environments."""

import ast
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Source, Tree

SESSIONS = frozenset({"Session", "sessionmaker", "relationship", "scoped_session", "AsyncSession"})
ORM = ("sqlalchemy.", "sqlmodel.", "orm.")
CLOCK = "shared/runtime/clock.py"
CLOCK_READERS = frozenset(
    (
        "datetime.now datetime.utcnow datetime.today date.today datetime.datetime.now "
        "datetime.datetime.utcnow datetime.date.today time.time time.time_ns time.localtime "
        "time.gmtime uuid.uuid1 uuid.uuid4 uuid4 uuid_utils.uuid7 uuid7"
    ).split()
)
ENVIRONMENT = frozenset({"os.environ", "os.getenv", "os.putenv", "environ"})


def sessions(tree: Tree) -> Iterator[Breach]:
    """Find an ORM session or relationship anywhere but in queries: its identity map outlives a lock."""
    for source in tree.python("services", "shared"):
        if "/queries/" in source.path:
            continue
        for line, name in _mentioned(source):
            # A session of a person who signed in is another thing: only the ORM's own is meant.
            if name.startswith(ORM) and name.rpartition(".")[2] in SESSIONS:
                yield Breach(source.path, line, f"{name} outside queries")


def floats(tree: Tree) -> Iterator[Breach]:
    """Find floats near value: literals, the type, and true division."""
    for source in tree.files("services/*/domain/*.py", "services/*/commands/*.py", "shared/kernel/*.py"):
        for node in source.all_nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
                yield Breach(source.path, node.lineno, f"the literal {node.value!r}")
            elif isinstance(node, ast.Name) and node.id == "float":
                yield Breach(source.path, node.lineno, "the type float")
            elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
                yield Breach(source.path, node.lineno, "true division")


def clocks(tree: Tree) -> Iterator[Breach]:
    """Find who reads the clock or draws an id: only shared/runtime/clock.py may; durations are monotonic."""
    for source in tree.python("services", "shared", "contracts"):
        if source.path != CLOCK:
            for line, name in _mentioned(source):
                if name in CLOCK_READERS:
                    yield Breach(source.path, line, f"{name} is for {CLOCK}")


def environments(tree: Tree) -> Iterator[Breach]:
    """Find who reads the environment: settings are read by main and passed on."""
    for source in tree.python("services", "shared", "contracts"):
        for line, name in _mentioned(source):
            if name in ENVIRONMENT:
                yield Breach(source.path, line, f"{name}: settings come from main")


def _mentioned(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.all_nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Attribute | ast.Name):
            yield node.lineno, ast.unparse(node)


RULES = (
    Rule(
        "no ORM session outside queries",
        sessions,
        (
            {"services/a/store/b.py": "from sqlmodel import Session"},
            {"services/a/commands/b.py": "import sqlalchemy.orm\nsqlalchemy.orm.sessionmaker()"},
            {"services/a/store/tables.py": "from sqlmodel import Relationship, relationship"},
        ),
        innocent={
            "services/a/queries/b.py": "from sqlmodel import Session",
            "services/a/domain/b.py": "from services.a.domain.session import Session\nSession()",
        },
    ),
    Rule(
        "no float near value",
        floats,
        (
            {"services/a/domain/b.py": "x = 0.5"},
            {"services/a/domain/b.py": "def f(x: float): ..."},
            {"shared/kernel/b.py": "x = a / b"},
            {"shared/kernel/b.py": "x /= b"},
        ),
        innocent={"shared/kernel/b.py": "x = a // b", "services/a/api/b.py": "x = 0.5"},
    ),
    Rule(
        "one clock",
        clocks,
        (
            {"services/a/jobs/b.py": "from datetime import datetime\ndatetime.now(UTC)"},
            {"shared/runtime/b.py": "import time\ntime.time()"},
            {"services/a/api/b.py": "import uuid\nuuid.uuid4()"},
        ),
        innocent={CLOCK: "datetime.now(UTC)", "shared/runtime/b.py": "import time\ntime.monotonic()"},
    ),
    Rule(
        "settings only from main",
        environments,
        ({"services/a/store/b.py": "import os\nos.environ['X']"}, {"shared/runtime/b.py": "os.getenv('X')"}),
    ),
)
