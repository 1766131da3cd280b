"""The gateway before a process that hangs up: who is asked again, and who is told so at once."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from infra.embedded.caddy import CLIENT_ADDRESS, Caddy, Setup
from infra.embedded.ports import LOOPBACK, free_port
from shared.kernel.refusal import NotFound, Refusal
from shared.web.problems import MEDIA_TYPE, Away, problem_document
from shared.web.strict import BODY_MAX, TooLarge

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
AS_TOLD = (
    "admin endpoint disabled",
    "HTTP/2 skipped because it requires TLS",
    "HTTP/3 skipped because it requires TLS",
    "exiting; byeee!! 👋",
)
"""What the gateway warns of although it was told to do just that.

Told to speak HTTP/1 alone it would be silent about the others, and hang up on a header of a megabyte.
"""
KEYED = {"Idempotency-Key": "once"}
SIGNED = {**KEYED, "Signature-Input": 'a=("@method")'}


@dataclass
class Falling:
    """A process that hangs up once it has read a request, and answers the next one."""

    listener: socket.socket
    asked: int = 0
    falls: int = 0
    bodies: list[int] = field(default_factory=list)
    head: bytes = b""

    def serve(self) -> None:
        """Take one connection after the other, until the listener is closed."""
        while True:
            try:
                caller, _ = self.listener.accept()
            except OSError:
                return
            with caller:
                self._serve(caller)

    def _serve(self, caller: socket.socket) -> None:
        head, _, body = caller.recv(65_536).partition(b"\r\n\r\n")
        length = next(
            (int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")), 0
        )
        while len(body) < length and (more := caller.recv(65_536)):
            body += more
        self.asked += 1
        self.head = head
        self.bodies.append(len(body))
        if self.falls > 0:
            self.falls -= 1
            return
        caller.sendall(ANSWER)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Falling, httpx2.Client]]:
    """Put the gateway before one process; lend whoever asks through it."""
    place = tmp_path_factory.mktemp("gateway")
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(8)
        falling = Falling(listener)
        threading.Thread(target=falling.serve, daemon=True).start()
        port = listener.getsockname()[1]
        gateway = Caddy(Setup(place, free_port(), place / "gateway.log", {"points": port}))
        gateway.prepare()
        gateway.start()
        try:
            with httpx2.Client(base_url=gateway.address, timeout=30.0, trust_env=False) as web:
                yield falling, web
        finally:
            gateway.close()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("method", "headers", "size", "status"),
    [
        ("GET", {}, 0, 200),
        ("POST", KEYED, 20, 200),
        ("POST", KEYED, 999_999, 200),
        ("POST", {}, 20, 503),
        ("POST", SIGNED, 20, 503),
        ("POST", KEYED, BODY_MAX, 503),
    ],
)
def test_what_happens_once_whoever_repeats_it_is_asked_again_and_nothing_else(
    house: tuple[Falling, httpx2.Client], method: str, headers: dict[str, str], size: int, status: int
) -> None:
    falling, web = house
    falling.asked, falling.falls, falling.bodies = 0, 1, []
    answer = web.request(method, "/points/v1/things", headers=headers, content=b"x" * size or None)
    assert answer.status_code == status, answer.text
    assert falling.bodies == [size] * (2 if status == 200 else 1)
    falling.falls = 0


def test_whose_address_it_is_the_gateway_says_and_not_the_caller(
    house: tuple[Falling, httpx2.Client],
) -> None:
    falling, web = house
    claimed = "203.0.113.7"
    said = {CLIENT_ADDRESS: claimed, "X-Forwarded-For": claimed, "X-Real-Ip": claimed, "Forwarded": claimed}
    assert web.get("/points/v1/things", headers=said).status_code == 200
    told = dict(line.lower().split(b": ", 1) for line in falling.head.split(b"\r\n")[1:])
    own = LOOPBACK.encode()
    assert (told[CLIENT_ADDRESS.lower().encode()], told[b"x-forwarded-for"]) == (own, own)
    assert claimed.encode() not in falling.head


@pytest.mark.parametrize("services", [{"points": 1}, {"member": 1, "points": 2, "benefits": 3}], ids=len)
def test_the_gateway_objects_to_nothing_in_its_recipe(tmp_path: Path, services: dict[str, int]) -> None:
    gateway = Caddy(Setup(tmp_path, free_port(), tmp_path / "gateway.log", services))
    gateway.prepare()
    gateway.start()
    gateway.close()
    said = [json.loads(line) for line in (tmp_path / "gateway.log").read_text().splitlines()]
    assert "serving initial configuration" in {line["msg"] for line in said}
    assert [line["msg"] for line in said if line["level"] != "info" and line["msg"] not in AS_TOLD] == []


@pytest.mark.parametrize("headers", [{}, KEYED, SIGNED])
@pytest.mark.parametrize("size", [BODY_MAX + 1, 10_000_000])
def test_a_body_that_is_too_large_is_told_so_at_once(
    house: tuple[Falling, httpx2.Client], headers: dict[str, str], size: int
) -> None:
    _, web = house
    began = time.monotonic()
    answer = web.post("/points/v1/things", headers=headers, content=b"x" * size)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    # Not after the time in which the gateway looks for another process.
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize(("asked", "tag"), [("en-GB, zh;q=0.5", "en"), ("zh-CN, en", "zh-CN"), ("", "zh-CN")])
@pytest.mark.parametrize(
    ("path", "size", "falls", "refusal"),
    [
        ("/nowhere/v1", 0, 0, NotFound()),
        ("/points/v1/things", BODY_MAX + 1, 0, TooLarge(limit_bytes=BODY_MAX)),
        # More falls than asks: what is left of a body too large may use one up.
        ("/points/v1/things", 20, 9, Away()),
    ],
    ids=lambda one: getattr(one, "code", None),
)
def test_what_the_gateway_refuses_by_itself_says_what_to_do_next_as_a_service_would(
    house: tuple[Falling, httpx2.Client],
    path: str,
    size: int,
    falls: int,
    refusal: Refusal,
    asked: str,
    tag: str,
) -> None:
    falling, web = house
    falling.falls = falls
    answer = web.post(path, headers={"Accept-Language": asked}, content=b"x" * size)
    falling.falls = 0
    instance = answer.json()["instance"]
    expected = problem_document(refusal, tag.partition("-")[0], instance)
    assert answer.json() == expected
    assert UUID(instance) != UUID(web.get("/nowhere/v1").json()["instance"])
    assert answer.status_code == expected["status"]
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.headers["Content-Language"] == tag
    assert ("Retry-After" in answer.headers) is refusal.retryable
