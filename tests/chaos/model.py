"""The books that clients keep: what they were answered, added up, independent of any code of the ledger.

A wish is written down before it is sent, its answer once there is one; so a client that is killed knows what
it wanted and asks again under the same key. Refuses to believe anything but an answer that stands.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client is about to ask: which verb, signed by whom, where, with what body."""

    verb: str
    signer: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """A wish with the answer that stands; `key` is the one it was asked under."""

    key: str
    wish: Wish
    status: int
    answer: Mapping[str, Any]

    @property
    def succeeded(self) -> bool:
        """Tell whether the ledger did it; else it said no."""
        return self.status < 300


@dataclass(slots=True)
class Books:
    """What all answers come to: points per person and asset, at hand and on hold, fen owed between units.

    `person` says whose a row of a table is, by the table and the row's id.
    """

    points: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    owed_fen: Counter[tuple[str, str]] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    person: dict[tuple[str, str], str] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)

    def keep(self, table: str, name: str, person: str = "") -> bool:
        """Note that the ledger must have a row of that id in that table; tell whether it is a new one."""
        if (table, name) in self.person:
            return False
        self.person[table, name] = person
        self.rows[table] += 1
        return True


class Diary:
    """One client's file of wishes and answers, a line each, in the order in which they came."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.done: list[Done] = []
        self.pending: tuple[str, Wish] | None = None
        for line in self._lines():
            self._take(line)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def want(self, key: str, wish: Wish) -> None:
        """Write down a wish before it is sent."""
        self._write({"key": key, "wish": wish})

    def close(self, status: int, answer: Mapping[str, Any]) -> None:
        """Write down the answer to the wish that is pending."""
        self._write({"status": status, "answer": answer})

    def _write(self, line: Mapping[str, Any]) -> None:
        # One call a line: a client that is killed leaves whole lines, or one torn at the very end.
        os.write(self._file, orjson.dumps(line) + b"\n")
        self._take(orjson.loads(orjson.dumps(line)))

    def _take(self, line: Mapping[str, Any]) -> None:
        if "wish" in line:
            self.pending = (line["key"], Wish(**line["wish"]))
        elif self.pending is not None:
            self.done.append(Done(*self.pending, line["status"], line["answer"]))
            self.pending = None

    def _lines(self) -> Iterator[Mapping[str, Any]]:
        if not self._path.exists():
            return
        *whole, torn = self._path.read_bytes().split(b"\n")
        if torn:
            # Never sent, or sent and not noted: in both cases it is asked (again) under the same key.
            self._path.write_bytes(b"".join(line + b"\n" for line in whole))
        yield from (orjson.loads(line) for line in whole)
