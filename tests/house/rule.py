"""What a rule of the house is: a name, a reason, a search, and canaries that prove it bites."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.house.tree import Tree


@dataclass(frozen=True, slots=True)
class Breach:
    """One place that breaks a rule."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `name` completes "the house has…"; each canary is a small tree that must be found in breach.

    `innocent` is a tree that must pass, where a rule could bite too much.
    """

    name: str
    find: Callable[[Tree], Iterable[Breach]]
    canaries: tuple[Mapping[str, str], ...]
    innocent: Mapping[str, str] = field(default_factory=dict)
