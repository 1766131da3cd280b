"""One replay from beginning to end: purchases in, report and picture out.

It speaks to a group that already stands; whose stack that is, is the caller's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.replay.client import Importer, Plan
from infra.replay.door import Door, Signer
from infra.replay.picture import draw_settlement
from infra.replay.report import table_of_months, write_report


@dataclass(frozen=True, slots=True)
class Output:
    """Where the results go; None leaves one out."""

    report: Path | None = None
    picture: Path | None = None


def replay(
    address: str,
    signer: Signer,
    first: date,
    until: date,
    output: Output,
    *,
    shift_to: date | None = None,
    screen: Console | None = None,
) -> dict[str, Any]:
    """Replay the purchases of [first, until) through the group at the address and answer the report.

    :param first: first day of a month, as is `until`, which is exclusive.
    :param shift_to: first day of the month into which a single month of purchases is moved.
    :param screen: where the progress bar and the table of months are shown; None is silent.
    :raises ReplayStopped: if the group refuses what it should accept, or does not answer for long.
    :raises ValueError: if the range is not one of whole months.
    """
    plan = checked_plan(first, until, shift_to)
    progress = Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("receipts"),
        TimeElapsedColumn(),
        console=screen,
        disable=screen is None,
    )
    with Door(address, signer) as door, progress:
        report = Importer(door, plan, progress).run()
    if output.report is not None:
        write_report(report, output.report)
    if output.picture is not None:
        output.picture.parent.mkdir(parents=True, exist_ok=True)
        output.picture.write_text(draw_settlement(report["months"]), encoding="utf-8")
    if screen is not None:
        screen.print(table_of_months(report["months"]))
    return report


def checked_plan(first: date, until: date, shift_to: date | None = None) -> Plan:
    """Make a plan of [first, until), so that a wrong range is found before anything is started.

    :raises ValueError: if the range is not one of whole months of 2017.
    """
    if first.day != 1 or until.day != 1 or not first < until:
        raise ValueError("a replay runs from the first of a month to the first of a later one")
    if first.year != 2017 or until > date(2018, 1, 1):
        raise ValueError("the purchases are those of 2017: from 2017-01-01 to 2018-01-01 at most")
    return Plan(first, until, shift_to)
