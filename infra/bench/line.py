"""One line of the benchmark: what was measured, the goal it is held against, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

RATIO = "x"


@dataclass(frozen=True, slots=True)
class Line:
    """One measure. `value` is what people compare: a ratio (unit `x`), or an amount of its unit.

    `least` and `most` are the goal, one of the two at most; None while there is none.
    """

    id: str
    what: str
    value: float | None
    figures: Mapping[str, Any] = field(default_factory=dict)
    unit: str = RATIO
    least: float | None = None
    most: float | None = None

    @property
    def reached(self) -> bool | None:
        """Tell whether the goal is reached; None where there is no goal or no value."""
        if self.value is None or (self.least is None and self.most is None):
            return None
        value = round(self.value, 3)
        return value >= self.least if self.least is not None else value <= (self.most or 0)

    @property
    def goal(self) -> str:
        """The goal in a few signs, like `≥ 0.5 x`."""
        if self.least is not None:
            return f"≥ {self.least:,g} {self.unit}"
        return "" if self.most is None else f"≤ {self.most:,g} {self.unit}"

    def as_json(self) -> dict[str, Any]:
        """Give the line as one JSON object."""
        return {
            "id": self.id,
            "what": self.what,
            "value": None if self.value is None else round(self.value, 3),
            "unit": self.unit,
            "least": self.least,
            "most": self.most,
            "reached": self.reached,
            **self.figures,
        }


def middle(values: Sequence[float]) -> float:
    """Give the median, to one decimal."""
    return round(median(values), 1)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Give the median of ours beside the median of theirs."""
    return median(ours) / median(theirs)


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value below which that share (0 to 1) of all values lies, to one decimal."""
    ordered = sorted(values)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1)
