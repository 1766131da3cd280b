"""Says whether a report agrees with the independent computation, and where it does not.

It only compares: both sides were computed elsewhere.

Run it: `python -m tests.replay.agreement out/replay.json`
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tests.replay import oracle

SHOWN = 20


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Yield every place at which two reports say different things, as `place: theirs instead of ours`."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key), theirs.get(key), f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif ours != theirs:
        yield f"{place.lstrip('.')}: {json.dumps(theirs)} instead of {json.dumps(ours)}"


def range_of(report: dict[str, Any]) -> tuple[date, date]:
    """Read from a report which months it is about: [first, until)."""
    first, last = (date.fromisoformat(f"{report['months'][place]['month']}-01") for place in (0, -1))
    return first, oracle.first_of_next_month(last)


def main() -> int:
    """Compare the report that was named, byte for byte; the exit code is 0 where they agree."""
    written = Path(sys.argv[1]).read_bytes()
    report = json.loads(written)
    first, until = range_of(report)
    expected = oracle.compute(first, until)
    if written == oracle.canonical(expected):
        receipts = sum(month["receipts"] for month in expected["months"])
        digest = hashlib.sha256(written).hexdigest()
        print(f"Agrees byte for byte with the independent computation: [{first}, {until}),")
        print(f"{receipts:,} receipts, {len(expected['wallets']):,} wallets, SHA-256 {digest}.")
        return 0
    found = list(differences(expected, report)) or ["the same figures, written differently"]
    print(f"Does not agree with the independent computation, in {len(found)} places:")
    print("\n".join(f"  {line}" for line in found[:SHOWN]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
