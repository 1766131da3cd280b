"""Brings a sheet in: its file in order, a thousand lines a request, each under a key of its own.

Whoever starts again after a cut asks for the same lines under the same keys, and nothing comes in twice.
Refuses a file that is not the one two persons agreed on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from infra.opening.sheet_file import Line, checked, lines_of
from infra.replay.door import Door

BATCH = 1_000
PATIENCE_S = 120.0
PAUSE_S = 0.2
CREATED = 201


class NotThatFile(Exception):
    """The file is not the one that was announced and approved; the message says what differs."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that did not come in, and why."""

    place: int
    reference: str
    code: str
    told: str


@dataclass(slots=True)
class Brought:
    """What a load came to: lines taken now, lines that were there already, and those that were refused."""

    taken: int = 0
    there: int = 0
    refused: list[Refused] = field(default_factory=list)


def bring_in(
    door: Door, sheet_id: str, path: Path, progress: Callable[[int], None] = lambda _: None
) -> Brought:
    """Bring every line of the file in.

    :param progress: told how many lines have an answer.
    :raises NotThatFile: if digest, lines or points differ from the sheet's, or a line is wrong.
    :raises ReplayStopped: if the group does not answer for long.
    """
    sheet = door.get(f"/points/v1/openings/{sheet_id}")
    _compare(sheet, path)
    result, answered = Brought(), 0
    lines = (one for one in lines_of(path) if isinstance(one, Line))
    for number, chunk in enumerate(_chunks(lines)):
        _bring_chunk(door, sheet_id, chunk, number, result)
        answered += len(chunk)
        progress(answered)
    return result


def _compare(sheet: dict[str, Any] | None, path: Path) -> None:
    if sheet is None:
        raise NotThatFile("there is no such sheet")
    if sheet["approved_by"] is None:
        raise NotThatFile(f"nobody has approved the sheet yet; {sheet['asked_by']} announced it")
    found = checked(path)
    if not found.sound:
        raise NotThatFile("the file has faults; `tongfen opening check` names them")
    told = (found.unit, found.digest, found.lines, found.points)
    if told != (sheet["unit"], sheet["digest"], sheet["lines"], sheet["points"]):
        raise NotThatFile(
            f"the sheet has {sheet['lines']} lines and {sheet['points']} points of {sheet['unit']}"
            f" under {sheet['digest'][:12]}, the file {found.lines}, {found.points}, {found.unit},"
            f" {found.digest[:12]}"
        )


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while chunk := list(islice(lines, BATCH)):
        yield chunk


def _bring_chunk(door: Door, sheet_id: str, chunk: Sequence[Line], number: int, result: Brought) -> None:
    """Send a chunk until each of its lines has an answer that stands."""
    waiting, deadline, attempt = list(chunk), time.monotonic() + PATIENCE_S, 0
    while waiting:
        body = orjson.dumps({"items": [_item(sheet_id, line) for line in waiting]})
        answer = door.post("/points/v1/batches", body, f"opening:{sheet_id}:{number}:{attempt}")
        again = [
            line
            for line, one in zip(waiting, answer["results"], strict=True)
            if not _settled(line, one, result)
        ]
        if again and time.monotonic() > deadline:
            result.refused += [
                Refused(line.place, line.reference, "busy", "no answer in time") for line in again
            ]
            return
        if again:
            time.sleep(PAUSE_S)
        waiting, attempt = again, attempt + 1


def _settled(line: Line, answer: dict[str, Any], result: Brought) -> bool:
    body = answer["body"]
    if answer["status"] == CREATED:
        result.there += answer["replayed"]
        result.taken += not answer["replayed"]
    elif body.get("retryable"):
        return False
    else:
        told = str(body.get("detail") or body.get("title") or "")
        result.refused.append(Refused(line.place, line.reference, str(body.get("code")), told))
    return True


def _item(sheet_id: str, line: Line) -> dict[str, Any]:
    item: dict[str, Any] = {
        "kind": "opening",
        "key": f"opening:{sheet_id}:{line.reference}",
        "sheet": sheet_id,
        "unit": line.unit,
        "number": line.number,
        "points": line.points,
        "reference": line.reference,
        "expires_at": line.expires_at.isoformat(),
    }
    return item if line.earned_at is None else {**item, "earned_at": line.earned_at.isoformat()}
