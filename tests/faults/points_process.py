"""Points processes of a test's own on one seeded ledger: started, killed, started again.

They are reached over HTTP alone, by an importer whose key they have heard of. Refuses to know the stack.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson

from infra.embedded.ports import free_port
from infra.embedded.settings import CHECKOUT
from services.points.commands.edit_client import EditClient
from shared.runtime.fault import FELL
from shared.runtime.topics import PARTITIONS, topic_of
from shared.web.keys import new_private_key, public_key_text
from shared.web.signatures import RequestSigner
from tests import stack
from tests.journeys.caller import Caller, by_signature
from tests.service.points.ledger_house import NOON, LedgerHouse, answer_of, asked

PRIVATE = new_private_key()
SIGNER = RequestSigner("importer", PRIVATE)
START_S = 60.0


def receipt(number: str, receipt_no: str, amount_fen: int = 20_000) -> dict[str, Any]:
    """Make the body of a receipt of the office; it earns a point per 200 fen, to be spent at once."""
    return {
        "unit": "office",
        "store": "1",
        "receipt_no": receipt_no,
        "number": number,
        "amount_fen": amount_fen,
        "purchased_at": NOON.isoformat(),
        "at": NOON.isoformat(),
    }


def redemption(number: str, order_no: str, pay_fen: int = 300) -> dict[str, Any]:
    """Make the body of a redemption at the office, of a price twice as high."""
    return {
        "unit": "office",
        "order_no": order_no,
        "number": number,
        "price_fen": pay_fen * 2,
        "pay_fen": pay_fen,
        "at": NOON.isoformat(),
    }


@dataclass
class Process:
    """One process; `caller` is the importer at its address."""

    popen: subprocess.Popen[bytes]
    address: str
    log: Path
    web: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=30.0, trust_env=False))

    @property
    def caller(self) -> Caller:
        """Be the importer."""
        return Caller(self.address, self.web, by_signature(SIGNER))

    def ready(self) -> bool:
        """Tell whether the process says that it is ready."""
        with suppress(httpx2.TransportError):
            return self.web.get(f"{self.address}/readyz").status_code == 200
        return False

    def await_ready(self) -> None:
        """Wait until it is ready; one that was to fall may have fallen by then."""
        deadline = time.monotonic() + START_S
        while not self.ready():
            if self.popen.poll() == FELL:
                return
            assert self.popen.poll() is None, self.log.read_text(encoding="utf-8", errors="replace")[-4000:]
            assert time.monotonic() < deadline, "it is not ready in time"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.popen.kill()
        self.popen.wait()


class PointsHouse:
    """A seeded ledger with an importer, and the settings of processes on it."""

    def __init__(self, database: stack.Database, folder: Path) -> None:
        self.ledger = LedgerHouse(database)
        self.folder = folder
        self.prefix = stack.topic_prefix()
        self.topic = topic_of(self.prefix, "points")
        stack.add_topics([self.topic, topic_of(self.prefix, "member")], PARTITIONS)
        importer = EditClient(asked(), "importer", "importer", None, public_key_text(PRIVATE), revoked=False)
        answer_of(self.ledger.obey(importer)[0])
        self._count = 0

    @contextmanager
    def process(self, role: str = "both", **settings: str) -> Iterator[Process]:
        """Run a process on this ledger until the block ends; settings by their names without prefix."""
        self._count += 1
        port, log = free_port(), self.folder / f"points-{self._count}.log"
        given = {**self._settings(port), **{name.upper(): text for name, text in settings.items()}}
        environment = {**os.environ, **{f"POINTS_{name}": text for name, text in given.items()}}
        with log.open("ab") as out:
            arguments = [sys.executable, "-m", "services.points", "--role", role]
            popen = subprocess.Popen(arguments, env=environment, stdout=out, stderr=out, cwd=CHECKOUT)
        process = Process(popen, f"http://127.0.0.1:{port}", log)
        try:
            process.await_ready()
            yield process
        finally:
            process.kill()
            process.web.close()

    def _settings(self, port: int) -> dict[str, str]:
        urls = self.ledger.database.urls
        return {
            **{f"DATABASE_URL_{duty.upper()}": url for duty, url in urls.items() if duty != "owner"},
            "KAFKA_BOOTSTRAP": stack.kafka(),
            "TOPIC_PREFIX": self.prefix,
            "HTTP_PORT": str(port),
            "SECRET": "a secret of this test",
            "CLOCK": "off",
        }


def asked_until_told(process: Process, path: str, body: object, key: str) -> httpx2.Response | None:
    """Ask under one key, again while that is what helps; None once the process has fallen."""
    while True:
        try:
            answer = process.caller.post(path, body, key)
        except httpx2.TransportError:
            process.popen.wait(30)
            return None
        if answer.status_code != 503 and answer.json().get("retryable") is not True:
            return answer
        time.sleep(0.05)


def story(answer: httpx2.Response) -> dict[str, Any]:
    """Give an answer's body without what names the single request."""
    told: dict[str, Any] = orjson.loads(answer.content)
    return {name: value for name, value in told.items() if name != "instance"}
