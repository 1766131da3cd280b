"""Which passages an address leads to: looked up by its parts, those in the places of values left out.

Refuses to choose: where several patterns match, FastAPI decides, which knows the order of declaration.
"""

from collections.abc import Mapping
from typing import NamedTuple

from shared.web.door import Passage

_Places = tuple[int, ...]
_NO_VALUES: Mapping[str, str] = {}


class _Pattern(NamedTuple):
    """What all passages of one address share: the names of the values in it; and these by their method."""

    names: tuple[str, ...]
    passages: dict[str, Passage]


class Addresses:
    """The addresses of all doors, without values and with."""

    def __init__(self) -> None:
        self._plain: dict[str, dict[str, Passage]] = {}
        self._patterns: dict[int, dict[_Places, dict[str, _Pattern]]] = {}

    def add(self, passage: Passage) -> None:
        """Know a passage by its address.

        :raises ValueError: if the same place has another name than for another method.
        """
        parts = passage.path.split("/")
        places = tuple(place for place, part in enumerate(parts) if part.startswith("{"))
        if not places:
            self._plain.setdefault(passage.path, {})[passage.method] = passage
            return
        names = tuple(parts[place][1:-1] for place in places)
        known = self._patterns.setdefault(len(parts), {}).setdefault(places, {})
        pattern = known.setdefault(_fixed(parts, places), _Pattern(names, {}))
        if pattern.names != names:
            raise ValueError(f"{passage.path}: elsewhere the same place is called {pattern.names}")
        pattern.passages[passage.method] = passage

    def find(self, path: str) -> tuple[Mapping[str, Passage], Mapping[str, str]] | None:
        """Find passages by method and the values in the address; None if it leads nowhere, or in doubt."""
        plain = self._plain.get(path)
        if plain is not None:
            return plain, _NO_VALUES
        parts = path.split("/")
        found = None
        for places, known in self._patterns.get(len(parts), {}).items():
            pattern = known.get(_fixed(parts, places))
            if pattern is None or not all(parts[place] for place in places):
                continue
            if found is not None:
                return None
            values = {name: parts[place] for name, place in zip(pattern.names, places, strict=True)}
            found = pattern.passages, values
        return found


def _fixed(parts: list[str], places: _Places) -> str:
    """Give what of an address is always the same."""
    kept = parts.copy()
    for place in places:
        kept[place] = ""
    return "/".join(kept)
