"""One line of the benchmark: a ratio, and the absolute figures behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One measure. `ratio` is what people compare; `goal` is None while there is none."""

    id: str
    what: str
    ratio: float | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    goal: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the line as one JSON object."""
        reached = None if self.goal is None or self.ratio is None else self.ratio >= self.goal
        ratio = None if self.ratio is None else round(self.ratio, 3)
        return {
            "id": self.id,
            "what": self.what,
            "ratio": ratio,
            "goal": self.goal,
            "reached": reached,
            **self.figures,
        }


def middle(values: Sequence[float]) -> float:
    """Give the median, to one decimal."""
    return round(median(values), 1)
