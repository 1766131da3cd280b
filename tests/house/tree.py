"""The committed tree as texts in memory, so that a rule reads the house and its canaries alike.

Refuses to import what it reads: a rule about style must not depend on whether the code runs.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
TEXTS = (
    ".py .sql .md .toml .ini .cfg .yml .yaml .json .lock .sh .mako .txt .html .css .js .svg "
    ".properties .conf .importlinter .example .typed"
).split()
NAMED = ("Makefile", "LICENSE", "Caddyfile", ".gitignore", ".importlinter", ".env.example")
PRODUCT = ("services", "shared", "contracts", "infra")
NOT_OURS = ("__pycache__", "out", "node_modules", "build", "dist")
Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file: its path from the root with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def syntax(self) -> ast.Module:
        """The parsed Python of this file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of this file, without their ends."""
        return self.text.splitlines()

    @property
    def stem(self) -> str:
        """The file's name without folder and ending."""
        return self.path.rpartition("/")[2].partition(".")[0]

    @cached_property
    def all_nodes(self) -> tuple[ast.AST, ...]:
        """The syntax nodes of this file in the order of a walk, which costs more than any rule that asks."""
        return tuple(ast.walk(self.syntax))

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        """Go through the syntax nodes of this kind."""
        return (node for node in self.all_nodes if isinstance(node, kind))

    def functions(self) -> Iterator[Function]:
        """Go through all functions and methods, whatever they stand in."""
        return (node for node in self.all_nodes if isinstance(node, Function))


class Tree:
    """A set of files that a rule looks at: the house, or a canary of a few lines."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._sources = {path: Source(path, texts[path]) for path in sorted(texts)}

    def __getitem__(self, path: str) -> Source:
        return self._sources[path]

    def __contains__(self, path: str) -> bool:
        return path in self._sources

    def files(self, *patterns: str) -> Iterator[Source]:
        """Walk over the files whose path fits one of the patterns (`*` also crosses folders)."""
        for path, source in self._sources.items():
            if any(fnmatch(path, pattern) for pattern in patterns):
                yield source

    def python(self, *tops: str) -> Iterator[Source]:
        """Walk over the Python files below these folders."""
        return self.files(*(f"{top}/*.py" for top in tops))


def house() -> Tree:
    """Read the whole checkout but for what is not committed."""
    return Tree(dict(_texts(ROOT)))


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            if not _foreign(entry.name):
                yield from _texts(entry)
        elif entry.suffix in TEXTS or entry.name in NAMED:
            yield entry.relative_to(ROOT).as_posix(), entry.read_text(encoding="utf-8")


def _foreign(name: str) -> bool:
    hidden = name.startswith(".") and name not in (".ci", ".github")
    return hidden or name in NOT_OURS or name.endswith(".egg-info")
