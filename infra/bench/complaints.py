"""What points answered beside success while something was measured: read from its own logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

_FAILED = 400
_SAID_MOST = 200


class Complaints:
    """The answers that were no success, from now on.

    :param logs: those of the processes that answer.
    """

    def __init__(self, logs: Sequence[Path]) -> None:
        self._from = {log: log.stat().st_size if log.exists() else 0 for log in logs}

    def told(self) -> str:
        """Say which there were, the most frequent first: `503 unavailable 3 times`; nothing if none."""
        return ", ".join(f"{what} {times} times" for what, times in self._counted().most_common(5))

    def times(self) -> int:
        """Count them all."""
        return self._counted().total()

    def beside(self, fault: Exception) -> dict[str, str]:
        """Give what a line says of a measure that failed: what stood in the way, and what was answered."""
        said = " ".join(str(fault).split())[:_SAID_MOST]
        return {"said": said, "answered": self.told() or "nothing else"}

    def _counted(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for line in self._lines():
            # A line per request: only those that say so are worth parsing.
            if b'"status":' in line:
                counted.update(_complaint(line))
        return counted

    def _lines(self) -> Iterator[bytes]:
        for log, began in self._from.items():
            if log.exists():
                with log.open("rb") as lines:
                    lines.seek(began)
                    yield from lines


def _complaint(line: bytes) -> list[str]:
    """Read one line: what was answered if it was no success; a line cut off by a kill says nothing."""
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return []
    status = told.get("status")
    if not isinstance(status, int) or status < _FAILED:
        return []
    return [f"{status} {told.get('code')}"]
