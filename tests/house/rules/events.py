"""Events: the catalogue says each one's type and key, and nobody announces what it does not list."""

import ast
import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.rules.words import words
from tests.house.tree import Source, Tree

CATALOGUE = "contracts/catalogue.py"
TYPE = re.compile(r"^[a-z]+\.[a-z_]+\.[a-z_]+$")


def unkeyed_events(tree: Tree) -> Iterator[Breach]:
    """Find event classes that do not say their type or their key, or are not named after their type."""
    if CATALOGUE not in tree:
        return
    for event_type, reference, line in _catalogue(tree[CATALOGUE]):
        module, _, name = reference.rpartition(".")
        node = _class(tree, f"contracts/{module}.py", name)
        if node is None:
            yield Breach(CATALOGUE, line, f"{event_type}: there is no {reference}")
            continue
        told = ast.get_docstring(node) or ""
        if f"`{event_type}`" not in told:
            yield Breach(f"contracts/{module}.py", node.lineno, f"{name} does not say its type {event_type}")
        if not re.search(r"\b[Kk]ey( and seq)?: ", told):
            yield Breach(f"contracts/{module}.py", node.lineno, f"{name} does not say its key")
        if "".join(words(name)) != "".join(words(event_type.partition(".")[2])):
            yield Breach(CATALOGUE, line, f"{name} is not named after {event_type}")


def uncatalogued_announcements(tree: Tree) -> Iterator[Breach]:
    """Find announcements whose type is no literal of the catalogue, or is another service's."""
    known = {event for event, _, _ in _catalogue(tree[CATALOGUE])} if CATALOGUE in tree else set()
    for source in tree.python("services"):
        own = source.path.split("/")[1]
        for node in source.nodes(ast.Call):
            if not ast.unparse(node.func).endswith("Announcement"):
                continue
            event_type = _type_of(node, source, tree)
            if event_type is None:
                yield Breach(source.path, node.lineno, "announces a type that is no literal")
            elif event_type not in known or event_type.partition(".")[0] != own:
                yield Breach(source.path, node.lineno, f"{event_type} is not in the catalogue of {own}")


def _catalogue(source: Source) -> Iterator[tuple[str, str, int]]:
    for node in source.nodes(ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and TYPE.match(key.value):
                yield key.value, ast.unparse(value), key.lineno


def _class(tree: Tree, path: str, name: str) -> ast.ClassDef | None:
    found = tree[path].nodes(ast.ClassDef) if path in tree else iter(())
    return next((node for node in found if node.name == name), None)


def _type_of(call: ast.Call, source: Source, tree: Tree) -> str | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "type"]
    value = (call.args + named)[0] if call.args or named else None
    if isinstance(value, ast.Name):
        value = _constant(value.id, source, tree)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _constant(wanted: str, source: Source, tree: Tree) -> ast.expr | None:
    for name, given in _constants(source):
        if name == wanted:
            return given
    for node in source.nodes(ast.ImportFrom):
        path = f"{(node.module or '').replace('.', '/')}.py"
        if any((alias.asname or alias.name) == wanted for alias in node.names) and path in tree:
            return _constant(wanted, tree[path], tree)
    return None


def _constants(source: Source) -> Iterator[tuple[str, ast.expr]]:
    for node in source.syntax.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


_LISTED = {CATALOGUE: "EVENTS = {'points.lot.earned': points.LotEarned}"}
_TOLD = 'class LotEarned:\n    """`points.lot.earned`: there is a lot. Key: the holder."""'

RULES = (
    Rule(
        "events that say their key",
        unkeyed_events,
        (
            _LISTED,
            {**_LISTED, "contracts/points.py": 'class LotEarned:\n    """`points.lot.earned`: a lot."""'},
            {**_LISTED, "contracts/points.py": 'class LotEarned:\n    """A lot. Key: the holder."""'},
            {CATALOGUE: "EVENTS = {'points.lot.earned': points.Earned}", "contracts/points.py": _TOLD},
        ),
        innocent={**_LISTED, "contracts/points.py": _TOLD},
    ),
    Rule(
        "announcements of the catalogue alone",
        uncatalogued_announcements,
        (
            {**_LISTED, "services/points/commands/a.py": "Announcement('points.lot.lost', key, 1)"},
            {**_LISTED, "services/member/commands/a.py": "Announcement('points.lot.earned', key, 1)"},
            {**_LISTED, "services/points/commands/a.py": "Announcement(type=kind(), key=key)"},
        ),
        innocent={
            **_LISTED,
            "services/points/domain/b.py": "EARNED = 'points.lot.earned'",
            "services/points/commands/a.py": "T = 'points.lot.earned'\nAnnouncement(T, key, 1)",
            "services/points/commands/c.py": "from services.points.domain.b import EARNED\n"
            "Announcement(EARNED, key, 1)",
        },
    ),
)
