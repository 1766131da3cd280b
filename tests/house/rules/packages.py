"""Packages: every folder says what it is, and every service has a door plate and a way in."""

from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import PRODUCT, Tree

EVERY_SERVICE = ("README.md", "main.py", "settings.py")


def folders_without_a_word(tree: Tree) -> Iterator[Breach]:
    """Find folders with Python that are no package."""
    for source in tree.python(*PRODUCT, "tests"):
        folder = source.path.rpartition("/")[0]
        # Alembic loads its versions by file, and they are no package.
        if f"{folder}/__init__.py" not in tree and not folder.endswith("/versions"):
            yield Breach(source.path, 1, f"{folder} has no __init__.py")


def services_without_a_door(tree: Tree) -> Iterator[Breach]:
    """Find services that lack what every service has."""
    for service in sorted({source.path.split("/")[1] for source in tree.files("services/*/*.py")}):
        for name in EVERY_SERVICE:
            if f"services/{service}/{name}" not in tree:
                yield Breach(f"services/{service}", 1, f"has no {name}")


RULES = (
    Rule("no folder of Python without a word about it", folders_without_a_word, ({"shared/a/b.py": ""},)),
    Rule("no service without its plate and door", services_without_a_door, ({"services/a/b/c.py": ""},)),
)
