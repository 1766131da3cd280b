"""A file of opening balances, line by line: what each says, or what is wrong with it, with its line number.

UTF-8 and GB18030 are told apart by reading. Refuses what a spreadsheet would take for a formula, and to mend
anything: a line is right as it stands, or named.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path

from shared.kernel.calendar import midnight
from shared.kernel.number import normal

REQUIRED = ("unit", "number", "points", "reference", "expires_at")
COLUMNS = (*REQUIRED, "earned_at")
NUMBER_MAX, POINTS_MAX = 64, 1_000_000_000
FAULTS_SHOWN = 20
_DRAWERS = 256
FORMULA = ("=", "+", "-", "@")
_POINTS = re.compile("[0-9]{1,10}")
_YEARS = range(1900, 2201)
"""Those that a door takes."""


class Unreadable(Exception):
    """The file as a whole cannot be read; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: points of a unit's member number under the unit's own reference; `place` counts from 1."""

    place: int
    unit: str
    number: str
    points: int
    reference: str
    expires_at: datetime
    earned_at: datetime | None

    @property
    def canonical(self) -> str:
        """The line in the one form over which the sheet's digest is made."""
        earned = "" if self.earned_at is None else self.earned_at.isoformat()
        cells = (
            self.unit,
            self.number,
            str(self.points),
            self.reference,
            self.expires_at.isoformat(),
            earned,
        )
        return "\t".join(cells) + "\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line."""

    place: int
    told: str


@dataclass(slots=True)
class Checked:
    """A file that was read to its end: its unit, sums and digest, and what was wrong with it."""

    unit: str | None = None
    lines: int = 0
    points: int = 0
    digest: str = ""
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0

    @property
    def sound(self) -> bool:
        """Tell whether every line is right, and there is one."""
        return not self.faults and self.lines > 0


def checked(path: Path, at: datetime | None = None) -> Checked:
    """Read the file to its end without keeping it, and say what it comes to.

    :param at: also name lines whose points are over at that moment, or earned after it: a door refuses them.
    :raises Unreadable: if it is neither UTF-8 nor GB18030, or has not the columns it needs.
    """
    found, digest, seen = Checked(), sha256(), _Seen()
    faults: list[Fault] = []
    more = 0
    for one in lines_of(path):
        fault = one if isinstance(one, Fault) else _beside_others(one, found.unit, at)
        if fault is not None:
            if len(faults) < FAULTS_SHOWN:
                faults.append(fault)
            else:
                more += 1
            continue
        assert isinstance(one, Line)
        seen.add(one.reference)
        found.unit = one.unit
        found.lines += 1
        found.points += one.points
        digest.update(one.canonical.encode())
    found.digest = digest.hexdigest()
    doubled = _doubled(path, seen.twice())
    faults += islice(doubled, FAULTS_SHOWN)
    found.faults = sorted(faults, key=lambda fault: fault.place)[:FAULTS_SHOWN]
    found.more_faults = more + len(faults) - len(found.faults) + sum(1 for _ in doubled)
    return found


class _Seen:
    """Which references a file has, as eight bytes each, in drawers that are looked through one by one.

    Five million of them are forty megabytes; their texts would be half a gigabyte.
    """

    def __init__(self) -> None:
        self._drawers = [array("Q") for _ in range(_DRAWERS)]

    def add(self, reference: str) -> None:
        """Take note of a reference."""
        mark = _mark(reference)
        self._drawers[mark % _DRAWERS].append(mark)

    def twice(self) -> set[int]:
        """Give the marks that were added more than once."""
        return {
            mark
            for drawer in self._drawers
            if len(set(drawer)) < len(drawer)
            for mark, times in Counter(drawer).items()
            if times > 1
        }


def _mark(reference: str) -> int:
    return int.from_bytes(blake2b(normal(reference).encode(), digest_size=8).digest(), "big")


def _doubled(path: Path, marks: set[int]) -> Iterator[Fault]:
    """Read the file again, if need be, and name each line whose reference stands in one before it."""
    names: set[str] = set()
    for one in lines_of(path) if marks else ():
        if isinstance(one, Line) and _mark(one.reference) in marks:
            name = normal(one.reference)
            if name in names:
                yield Fault(one.place, f"reference {one.reference} stands in the file twice")
            names.add(name)


def _beside_others(line: Line, unit: str | None, at: datetime | None) -> Fault | None:
    """Hold a line against those before it, and against the moment: one unit a file."""
    if unit is not None and line.unit != unit:
        return Fault(line.place, f"unit {line.unit} in a file of {unit}; one unit a file")
    if at is not None and not (line.earned_at or at) <= at < line.expires_at:
        return Fault(line.place, "its points are over already, or not earned yet")
    return None


def lines_of(path: Path) -> Iterator[Line | Fault]:
    """Read the file line by line.

    :raises Unreadable: if it is neither UTF-8 nor GB18030, or has not the columns it needs.
    """
    with path.open(encoding=encoding_of(path), newline="") as file:
        rows = csv.reader(file, strict=True)
        header = _header(rows)
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as fault:
                yield Fault(rows.line_num, f"not a line of a table: {fault}")
                continue
            if cells:
                yield _line(rows.line_num, header, cells)


def encoding_of(path: Path) -> str:
    """Tell in which encoding the file is written.

    :raises Unreadable: if it is neither UTF-8 nor GB18030.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable(f"{path.name} is neither UTF-8 nor GB18030")


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
    except csv.Error as fault:
        raise Unreadable(f"the first line is no line of a table: {fault}") from fault
    missing = [name for name in REQUIRED if name not in header]
    strange = [name for name in header if name not in COLUMNS]
    if missing or strange or len(set(header)) != len(header):
        told = (
            f"lacks {', '.join(missing)}"
            if missing
            else f"has unknown or doubled columns: {', '.join(header)}"
        )
        raise Unreadable(
            f"the first line {told}; it must name {', '.join(COLUMNS)} (the last may be left out)"
        )
    return header


def _line(place: int, header: list[str], cells: list[str]) -> Line | Fault:
    if len(cells) != len(header):
        return Fault(place, f"{len(cells)} cells instead of {len(header)}")
    row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    told = _wrong_texts((row["unit"], row["number"], row["reference"]))
    if told is not None:
        return Fault(place, told)
    if not (_POINTS.fullmatch(row["points"]) and 1 <= int(row["points"]) <= POINTS_MAX):
        return Fault(place, f"points must be a whole number from 1 to {POINTS_MAX}")
    try:
        expires_at, earned_at = _moment(row["expires_at"]), _earned(row)
    except (ValueError, OverflowError):
        return Fault(place, "a date must be YYYY-MM-DD, or a time with offset, in the years 1900 to 2200")
    return Line(
        place, row["unit"], row["number"], int(row["points"]), row["reference"], expires_at, earned_at
    )


def _wrong_texts(texts: Iterable[str]) -> str | None:
    for text in texts:
        # The one spelling may be longer than what was typed, and a number is known by its one spelling.
        if not 1 <= len(normal(text)) <= NUMBER_MAX or len(text) > NUMBER_MAX:
            return f"unit, number and reference have 1 to {NUMBER_MAX} characters"
        if any(unicodedata.category(character)[0] == "C" for character in text):
            return "a text holds a control character"
        if text.startswith(FORMULA):
            return f"{text} would be taken for a formula by a spreadsheet"
    return None


def _earned(row: Mapping[str, str]) -> datetime | None:
    text = row.get("earned_at", "")
    return _moment(text) if text else None


def _moment(text: str) -> datetime:
    """Read a date as its beginning in Asia/Shanghai, or a time with offset."""
    if int(text[:4]) not in _YEARS:
        raise ValueError("no door takes that year")
    if len(text) == len("2026-01-31"):
        return midnight(date.fromisoformat(text))
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.astimezone(UTC)
