"""The code as the documents see it: which services there are, and what their modules declare.

Refuses to run a migration: what Alembic loads is not imported here.
"""

import importlib
import importlib.util
import pkgutil
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def services() -> list[str]:
    """List the services of the house, sorted."""
    return sorted(path.parent.name for path in ROOT.glob("services/*/__init__.py"))


def found(module: str) -> ModuleType | None:
    """Import a module, or give None where there is none of that name."""
    parent = module.rpartition(".")[0]
    if importlib.util.find_spec(parent) is None or importlib.util.find_spec(module) is None:
        return None
    return importlib.import_module(module)


def import_all(*packages: str) -> list[ModuleType]:
    """Import every module of these packages but for migrations, so that all they declare is known."""
    roots = [importlib.import_module(package) for package in packages]
    return [
        importlib.import_module(entry.name)
        for root in roots
        for entry in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
        if ".migrations" not in entry.name
    ]


def first_sentence(text: str | None) -> str:
    """Give the first paragraph of a docstring on one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split())
