"""The crowd: many clients in one process that may be killed at any moment and goes on where it was.

    python -m tests.chaos.load <address> <folder of keys> <folder of diaries> <tag>

Each client asks one thing at a time, again and again under the same key until an answer stands. All end once
a file `over` lies in the folder and everything begun is answered; with 1 if the ledger ever answered what
nobody may be answered (a defect of ours).
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import orjson

from infra.seed.keys import signer_of
from shared.web.signatures import RequestSigner
from tests.chaos.model import Diary, Wish
from tests.chaos.verbs import VERBS

CLIENTS = 64
OWN, SHARED = 3, 8
"""Persons that only one client spends for, and persons that all spend for at the same time."""

OVER = "over"
PAUSE_S = 0.05
TIMEOUT_S = 20.0
PASSING = (429, 502, 503, 504)
STANDING = (200, 201, 202, 409, 410)
"""What stands once it is answered: done, or a no of the business."""


def persons(tag: str) -> list[str]:
    """Name every person of a run: their number, which is the same at all units."""
    own = [f"{tag}-{client}-{one}" for client in range(CLIENTS) for one in range(OWN)]
    return [*own, *(f"{tag}-ALL-{one}" for one in range(SHARED))]


class Client:
    """One client: its diary, and a connection of its own."""

    def __init__(self, number: int, address: str, keys: Path, folder: Path, tag: str) -> None:
        self.defects: list[str] = []
        self._number = number
        self._address = address
        self._keys = keys
        self._over = folder / OVER
        self._tag = tag
        self._diary = Diary(folder / f"{number:02d}.jsonl")
        self._signers: dict[str, RequestSigner] = {}
        self._web = httpx2.Client(timeout=TIMEOUT_S, trust_env=False)

    def run(self) -> None:
        """Ask until it is over; what was begun is brought to its end."""
        while True:
            if self._diary.pending is None:
                if self._over.exists() or self.defects:
                    return
                self._diary.want(*self._wish())
            assert self._diary.pending is not None
            if not self._answered(*self._diary.pending):
                return

    def _wish(self) -> tuple[str, Wish]:
        key = f"{self._tag}-{self._number}-n{len(self._diary.done)}"
        chance = random.Random(key)
        while True:
            name = chance.choices(list(VERBS), [verb.weight for verb in VERBS.values()])[0]
            person = f"{self._tag}-{self._number}-{chance.randrange(OWN)}"
            if chance.random() < 0.3:
                person = f"{self._tag}-ALL-{chance.randrange(SHARED)}"
            wish = VERBS[name].wish(key, person, chance, self._diary.done)
            if wish is not None:
                return key, wish

    def _answered(self, key: str, wish: Wish) -> bool:
        body = orjson.dumps(wish.body)
        while True:
            try:
                answer = self._sent(wish, body, key)
            except httpx2.TransportError:
                time.sleep(PAUSE_S)
                continue
            told = _told(answer)
            if answer.status_code in PASSING or told.get("retryable") is True:
                time.sleep(PAUSE_S)
                continue
            if answer.status_code not in STANDING:
                self.defects.append(f"{key} {wish.path}: {answer.status_code} {answer.text[:300]}")
                return False
            self._diary.close(answer.status_code, told)
            return True

    def _sent(self, wish: Wish, body: bytes, key: str) -> httpx2.Response:
        if wish.signer not in self._signers:
            self._signers[wish.signer] = signer_of(self._keys, wish.signer)
        url = f"{self._address}{wish.path}"
        headers = self._signers[wish.signer].headers("POST", url, body, key)
        return self._web.post(url, content=body, headers={**headers, "Content-Type": "application/json"})


def _told(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        told: Mapping[str, Any] = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {"detail": answer.text[:200]}
    return told


def main() -> int:
    """Run the crowd."""
    address, keys, folder, tag = sys.argv[1:]
    clients = [Client(number, address, Path(keys), Path(folder), tag) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    defects = [line for client in clients for line in client.defects]
    print("\n".join(defects), file=sys.stderr)
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
