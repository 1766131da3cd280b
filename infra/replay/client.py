"""The importer: it brings the households, sends purchases in order, closes each month and reads the report.

Everything it does has a key that follows from the data, so it keeps no notes: started again after a kill it
asks the months how far they are, sends an open month from its beginning and gets the first answers.
It adds nothing up: the report is what the group says after the seal.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import orjson
from rich.progress import Progress

from infra.replay import dataset
from infra.replay.ahead import one_ahead
from infra.replay.door import CONFLICT, OK, Door, ReplayStopped, said
from infra.replay.items import Batch, batches, is_redemption
from infra.replay.report import month_entry, wallet_entries
from shared.kernel.calendar import SHANGHAI, month_after

PERSONS_AT_ONCE = 1_000
NUMBERS_AT_ONCE = 1_000
PAGE = 100
# The business says no to these, and the report counts them.
REFUSALS = ("below-minimum", "insufficient-points")
LINKS_PATIENCE_S = 120.0
ITEMS_PATIENCE_S = 120.0
SEAL_PATIENCE_S = 300.0
LOOK_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """Which purchases are replayed: [first, until), firsts of months, one month moved elsewhere if asked."""

    first: date
    until: date
    shift_to: date | None = None

    def months(self) -> Iterator[tuple[date, date]]:
        """Yield each month of purchases and the month in which it is booked."""
        month = self.first
        while month < self.until:
            yield month, self.shift_to or month
            month = month_after(month)

    def booked_from(self) -> datetime:
        """Give the first moment of the first booked month."""
        return _midnight(self.shift_to or self.first)

    def booked_until(self) -> datetime:
        """Give the moment at which the last booked month is over."""
        return _midnight(month_after(self.shift_to) if self.shift_to else self.until)


class Importer:
    """One run of a plan through the group's public doors."""

    def __init__(self, door: Door, plan: Plan, progress: Progress | None = None) -> None:
        """Prepare a run; without a progress bar it is silent."""
        self._door = door
        self._plan = plan
        self._progress = progress or Progress(disable=True)
        self._bar = self._progress.add_task("households", total=None)

    def run(self) -> dict[str, Any]:
        """Replay the plan and answer the report.

        :raises ReplayStopped: if the group refuses what it should accept, or does not answer for long.
        """
        self._door.introduce("/points/v1/months")
        self._register()
        self._progress.update(self._bar, total=dataset.count_receipts(self._plan.first, self._plan.until))
        for month, booked in self._plan.months():
            self._replay_month(month, f"{booked:%Y-%m}", _midnight(month_after(booked)))
        self._progress.update(self._bar, description="report")
        report = {"months": self._read_months(), "wallets": wallet_entries(self._read_wallets())}
        self._progress.update(self._bar, description="done")
        return report

    def _register(self) -> None:
        """Register every household with its number at all units, and wait until points knows them all."""
        households = iter(dataset.households(self._plan.first, self._plan.until))
        at = self._plan.booked_from().isoformat()
        known: list[dict[str, str]] = []
        while chunk := list(islice(households, PERSONS_AT_ONCE)):
            persons = [
                {
                    "reference": str(household),
                    "numbers": dict.fromkeys(dataset.UNITS, str(household)),
                    "at": at,
                }
                for household in chunk
            ]
            body = orjson.dumps({"persons": persons})
            key = f"replay:persons:{hashlib.sha256(body).hexdigest()[:32]}"
            results = self._sent("/member/v1/persons/bulk", body, key)
            for household, result in zip(chunk, results, strict=True):
                _expect_success(f"household {household}", result)
            known += [{"unit": unit, "number": str(number)} for number in chunk for unit in dataset.UNITS]
        self._await_links(known)

    def _await_links(self, numbers: list[dict[str, str]]) -> None:
        """Wait until points has heard of every number, asking again only for those it has not."""
        missing, heard_at = numbers, time.monotonic()
        while missing:
            still = list(self._unlinked(missing))
            if len(still) < len(missing):
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > LINKS_PATIENCE_S:
                example = still[0]
                raise ReplayStopped(
                    f"points has not heard of {len(still)} numbers, {example['number']} at {example['unit']}"
                    f" among them, and of no new one for {LINKS_PATIENCE_S:.0f} s"
                )
            missing = still
            self._progress.update(self._bar, description=f"linking, {len(missing)} to go")
            if missing:
                time.sleep(LOOK_AGAIN_S)

    def _unlinked(self, numbers: Sequence[dict[str, str]]) -> Iterator[dict[str, str]]:
        """Yield those of the numbers that have no member in points yet."""
        for start in range(0, len(numbers), NUMBERS_AT_ONCE):
            asked = numbers[start : start + NUMBERS_AT_ONCE]
            found = self._door.ask("/points/v1/numbers/lookup", orjson.dumps({"numbers": asked}))["data"]
            linked = {(row["unit"], row["number"]) for row in found if row["member"] is not None}
            yield from (number for number in asked if (number["unit"], number["number"]) not in linked)

    def _replay_month(self, month: date, booked: str, end: datetime) -> None:
        """Open a month, send what was bought in it, close it and wait for its statements."""
        self._progress.update(self._bar, description=booked)
        state = (self._door.get(f"/points/v1/months/{booked}") or {}).get("state")
        if state is None:
            self._door.post(f"/points/v1/months/{booked}/open", b"{}", f"replay:{booked}:open")
        if state in (None, "open"):
            bought = dataset.receipts(month, month_after(month), self._plan.shift_to)
            for batch in one_ahead(batches(booked, bought)):
                self._send(batch)
                self._progress.advance(self._bar, batch.receipts)
            body = orjson.dumps({"at": end.isoformat()})
            self._door.post(f"/points/v1/months/{booked}/close", body, f"replay:{booked}:close")
        else:
            self._progress.advance(self._bar, dataset.count_receipts(month, month_after(month)))
        self._await_seal(booked)

    def _send(self, batch: Batch) -> None:
        """Send one batch and look at every answer; a redemption that was refused is an answer."""
        results = self._sent("/points/v1/batches", batch.body, batch.key)
        for key, result in zip(batch.keys, results, strict=True):
            if not (is_redemption(key) and _is_refusal(result)):
                _expect_success(key, result)

    def _sent(self, path: str, body: bytes, key: str) -> list[Any]:
        """Send many in one call, and the same call again while it holds an item that asks for that."""
        give_up_at = time.monotonic() + ITEMS_PATIENCE_S
        while True:
            results: list[Any] = self._door.post(path, body, key)["results"]
            waiting = [result for result in results if _is_retryable(result)]
            if not waiting:
                return results
            if time.monotonic() > give_up_at:
                raise ReplayStopped(
                    f"{key}: {len(waiting)} items are still asked to wait: {said(waiting[0]['body'])}"
                )
            time.sleep(LOOK_AGAIN_S)

    def _await_seal(self, booked: str) -> None:
        """Wait until the month is sealed and its statements are issued."""
        give_up_at = time.monotonic() + SEAL_PATIENCE_S
        while not _is_settled(month := self._month(booked)):
            if time.monotonic() > give_up_at:
                raise ReplayStopped(
                    f"month {booked} is {month['state']} after {SEAL_PATIENCE_S:.0f} s, not sealed"
                )
            self._progress.update(self._bar, description=f"{booked} {month['state']}")
            time.sleep(LOOK_AGAIN_S)

    def _month(self, booked: str) -> dict[str, Any]:
        """Read a month that must exist."""
        month: dict[str, Any] | None = self._door.get(f"/points/v1/months/{booked}")
        if month is None:
            raise ReplayStopped(f"month {booked} was opened and is not there")
        return month

    def _read_months(self) -> list[dict[str, Any]]:
        """Read every month of the plan as the group has sealed it."""
        return [month_entry(self._month(f"{booked:%Y-%m}")) for _, booked in self._plan.months()]

    def _read_wallets(self) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Read who has which points at the end, page by page."""
        query = {"at": self._plan.booked_until().isoformat(), "limit": str(PAGE)}
        while True:
            page = self._door.get("/points/v1/balances", **query)
            if page is None:
                raise ReplayStopped("points does not show balances to this client")
            for wallet in page["data"]:
                yield _household(wallet), wallet["balances"]
            if not (cursor := page["cursor"]["next"]):
                return
            query["cursor"] = cursor


def _midnight(day: date) -> datetime:
    """Give the first moment of a day in Asia/Shanghai, with its offset."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _household(wallet: Mapping[str, Any]) -> str:
    """Name a wallet's household by its member number, which is the same at every unit."""
    numbers = {wallet["number"]} if wallet.get("number") else set((wallet.get("numbers") or {}).values())
    if len(numbers) != 1:
        raise ReplayStopped(f"{wallet.get('member')} has not one member number but {sorted(numbers)}")
    return str(numbers.pop())


def _is_settled(month: Mapping[str, Any]) -> bool:
    """Tell whether nothing of the month can move any more and its statements are out."""
    return month["state"] not in ("open", "draining") and bool(month.get("statements_issued", True))


def _is_retryable(result: Mapping[str, Any]) -> bool:
    """Tell whether an item asks for another try."""
    return result["status"] > CONFLICT - 1 and bool((result["body"] or {}).get("retryable"))


def _is_refusal(result: Mapping[str, Any]) -> bool:
    """Tell whether the business said no for one of the two reasons that a replay counts."""
    return result["status"] == CONFLICT and (result["body"] or {}).get("code") in REFUSALS


def _expect_success(what: str, result: Mapping[str, Any]) -> None:
    """Stop the replay at an item that should have been accepted."""
    if not OK <= result["status"] < OK + 100:
        raise ReplayStopped(f"{what} was answered {result['status']}: {said(result['body'] or {})}")
