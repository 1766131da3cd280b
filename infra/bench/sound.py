"""The auditor's word on the books that the benchmark leaves: what is fast and wrong is not fast."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from infra.bench.line import Line
from infra.bench.room import Room
from services.points.jobs.audit import AUDIT_OPTIONS, audit_all
from shared.runtime.database import connect


def sound(room: Room) -> Iterator[Line]:
    """Audit everything that was written, by the doors and past them."""
    with room.steps.step("The auditor has read all of it"):
        began = time.monotonic()
        with closing(connect(room.stack.databases["points"]["auditor"], AUDIT_OPTIONS)) as connection:
            report = audit_all(connection)
    figures: dict[str, Any] = {"rows": report.rows, "seconds": round(time.monotonic() - began, 1)}
    for place, finding in enumerate(report.findings[:3]):
        figures[f"finding_{place + 1}"] = f"{finding.invariant}: {finding.row}"
    what = "findings of the auditor in the books that all this leaves"
    yield Line("sound", what, float(len(report.findings)), figures, unit="findings", most=0)
