"""What a request costs at a door, in memory and without a socket, beside a bare FastAPI POST.

Run it: `python -m tests.bench.door_cost`. One JSON object a line; microseconds, the best of seven rounds.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import ASGIApp

from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.runtime.logs import configure_logs
from shared.web.arrival import Arrival
from shared.web.clients import Client, ClientsInMemory
from shared.web.keys import new_private_key
from shared.web.rates import Quota, Rates
from shared.web.signatures import RequestSigner, RequestVerifier
from shared.web.strict import read
from shared.web.tokens import TokenReader, mint_token
from tests.key_book import KeysInMemory
from tests.unit.web.errand import GOOD, Stub

ROUNDS = 7
PATH = "/test/v1/redemptions"
KEY = new_private_key()


class Bare(BaseModel):
    """What the bare route takes."""

    unit: str
    order_no: str
    price_fen: int
    note: str | None = None


class Given(BaseModel):
    """What the bare route gives."""

    id: str
    points: int


def bare() -> FastAPI:
    """Make the application to be measured against: one POST and nothing else."""
    application = FastAPI()

    @application.post(PATH, status_code=201)
    async def redeem(_wanted: Bare) -> Given:
        return Given(id="x", points=5)

    return application


def scope(headers: dict[str, str]) -> dict[str, Any]:
    """Write the scope of the good write."""
    named = {"host": "t", "content-type": "application/json", "content-length": str(len(GOOD)), **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


async def never() -> dict[str, Any]:
    """Give the good body at once."""
    return {"type": "http.request", "body": GOOD, "more_body": False}


async def nowhere(_message: Any) -> None:
    """Send into nothing."""


def requests(application: ASGIApp, headers: dict[str, str], count: int = 1000) -> float:
    """Measure one request, in microseconds."""

    async def rounds() -> float:
        best = float("inf")
        for _ in range(ROUNDS):
            began = perf_counter()
            for _ in range(count):
                await application(scope(headers), never, nowhere)
            best = min(best, perf_counter() - began)
        return best / count * 1e6

    return asyncio.run(rounds())


def calls(call: Callable[[], object], count: int = 100) -> float:
    """Measure one call, in microseconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = perf_counter()
        for _ in range(count):
            call()
        best = min(best, perf_counter() - began)
    return best / count * 1e6


def say(id: str, what: str, cost_us: float, beside_us: float | None = None) -> None:
    """Print one figure."""
    ratio = round(cost_us / beside_us, 2) if beside_us else None
    sys.stdout.write(json.dumps({"id": id, "what": what, "us": round(cost_us, 1), "ratio": ratio}) + "\n")


def signatures(name: str, body: bytes, signer: RequestSigner, verifier: RequestVerifier) -> None:
    """Measure signing and verifying a request with that body."""
    url = f"http://t{PATH}"
    arrival = Arrival(scope(signer.headers("POST", url, body, "k")), never)
    size = f"{len(body)} bytes"
    say(f"sign-{name}", f"sign a request of {size}", calls(lambda: signer.headers("POST", url, body, "k")))
    say(f"verify-{name}", f"verify one of {size}", calls(lambda: verifier.verify(arrival, body, write=True)))


def main() -> None:
    """Measure and print."""
    keys = KeysInMemory()
    keys.publish("k1", KEY.public_key(), now() + timedelta(days=1))
    clients = ClientsInMemory({"importer": Client("importer", Role.IMPORTER, None, KEY.public_key())})
    token = mint_token(KEY, "k1", Principal("mem_1", Role.MEMBER), now(), timedelta(hours=1))
    plenty = Rates(Quota("known", 10**9, 10), Quota("strangers", 10**9, 10))
    reader, verifier = TokenReader(keys), RequestVerifier(clients)
    service = Stub().application(tokens=reader, rates=plenty)
    item = {"kind": "receipt", "unit": "mall-east", "number": "R20170101-00001", "amount_fen": 123_456}
    batch = json.dumps(
        {"items": [{**item, "at": "2017-01-01T10:00:00+08:00", "store": "s" * 60}] * 1000}
    ).encode()
    with Path("/dev/null").open("wb") as nothing:
        configure_logs("bench", nothing)
        bare_us = requests(bare(), {})
        say("bare", "bare FastAPI POST", bare_us)
        proven = {"authorization": f"Bearer {token}", "idempotency-key": "k", "accept-language": "en"}
        say("door", "keyed write with a token, all of a door", requests(service, proven), bare_us)
    say("token", "verify a token for the first time", calls(lambda: TokenReader(keys).read(token)))
    say("token-again", "a token that is remembered", calls(lambda: reader.read(token), 1000))
    say("json", "check a small body", calls(lambda: read(GOOD), 1000))
    say("json-batch", f"check a batch of 1,000 items, {len(batch)} bytes", calls(lambda: read(batch), 10))
    signatures("small", GOOD, RequestSigner("importer", KEY), verifier)
    signatures("batch", batch, RequestSigner("importer", KEY), verifier)


if __name__ == "__main__":
    main()
