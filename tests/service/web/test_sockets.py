"""The application behind a real server: what a client can do to a socket, and how a process ends politely."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple, cast

import pytest
import uvicorn

from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.application import Application
from shared.web.callers import Callers
from shared.web.clients import Client, ClientsInMemory
from shared.web.door import ANYONE, Call, Door, Given, Services
from shared.web.keys import new_private_key
from shared.web.serving import configured
from shared.web.signatures import RequestSigner, RequestVerifier
from shared.web.strict import BODY_MAX, Inbound, Nothing
from shared.web.whole_answers import WholeAnswers

KEY = new_private_key()
ALIVE = b'{"alive":true,"checks":{}}'
_UP_S = 10


class Wire:
    """A transport that remembers what was written to it at once."""

    written: list[bytes] = []  # noqa: RUF012 - of all connections of a test

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, told: bytes) -> None:
        """Write, and remember it."""
        self.written.append(told)
        self._transport.write(told)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Watched(WholeAnswers):
    """The server's protocol on a wire that remembers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection."""
        super().connection_made(cast(asyncio.Transport, Wire(transport)))


class ItemsWanted(Inbound):
    """A batch of anything."""

    items: list[int]


class Running(NamedTuple):
    """A server under way."""

    application: Application
    server: uvicorn.Server
    thread: threading.Thread
    port: int
    entered: threading.Event
    release: threading.Event

    def connect(self) -> closing[HTTPConnection]:
        """Open a connection, to be closed at the end of a block."""
        return closing(HTTPConnection("127.0.0.1", self.port, timeout=_UP_S))

    def send(self, raw: bytes) -> bytes:
        """Send raw bytes and read what comes back until the server closes or pauses."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=_UP_S) as plug:
            plug.sendall(raw)
            plug.settimeout(2)
            return plug.recv(65_536)


def _door(entered: threading.Event, release: threading.Event) -> Door:
    door = Door("/test/v1", "test")

    @door.post("/batches", takes=ItemsWanted, gives=None, roles=(Role.IMPORTER,))
    async def batch(asked: Asked, taken: ItemsWanted, call: Call) -> Given:
        """Take a batch."""
        return Answer(json=json.dumps({"taken": len(taken.items)}).encode())

    @door.get("/slow", takes=Nothing, gives=None, roles=ANYONE)
    async def slow(asked: Asked, taken: Nothing, call: Call) -> Given:
        """Answer when the test lets it."""
        entered.set()
        await asyncio.to_thread(release.wait, _UP_S)
        return {"finished": True}

    return door


@pytest.fixture
def running() -> Iterator[Running]:
    """Run a server on a free port in a thread."""
    entered, release = threading.Event(), threading.Event()
    clients = ClientsInMemory({"importer": Client("importer", Role.IMPORTER, None, KEY.public_key())})
    services = Services(Callers(signatures=RequestVerifier(clients)))
    application = Application("Test", "1", [_door(entered, release)], services=services)
    plug = socket.create_server(("127.0.0.1", 0))
    config = configured(application, "127.0.0.1", 0)
    config.http = Watched
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [plug]}, daemon=True)
    thread.start()
    Wire.written.clear()
    yield Running(application, server, thread, plug.getsockname()[1], entered, release)
    release.set()
    server.should_exit = True
    thread.join(_UP_S)
    assert not thread.is_alive()


def test_a_signed_batch_of_a_thousand_passes_over_the_wire(running: Running) -> None:
    body = json.dumps({"items": list(range(1000))}).encode()
    url = f"http://127.0.0.1:{running.port}/test/v1/batches"
    headers = RequestSigner("importer", KEY).headers("POST", url, body, "batch-1")
    headers["Content-Type"] = "application/json"
    with running.connect() as connection:
        connection.request("POST", "/test/v1/batches", body, headers)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"taken": 1000})
        connection.request("POST", "/test/v1/batches", body + b" ", headers)
        assert connection.getresponse().status == 401


def test_an_answer_leaves_in_one_write(running: Running) -> None:
    with running.connect() as connection:
        for _ in range(2):
            connection.request("GET", "/livez")
            assert connection.getresponse().read() == ALIVE
    assert [told.endswith(b"\r\n\r\n" + ALIVE) for told in Wire.written] == [True, True]


def test_who_asks_twice_in_one_breath_is_answered_twice_in_order(running: Running) -> None:
    asked = b"GET /%s HTTP/1.1\r\nHost: t\r\n%s\r\n"
    first, second = asked % (b"livez", b""), asked % (b"nowhere", b"Connection: close\r\n")
    with socket.create_connection(("127.0.0.1", running.port), timeout=_UP_S) as plug:
        plug.sendall(first + second)
        told = b"".join(iter(lambda: plug.recv(65_536), b""))
    assert told.count(b"HTTP/1.1 ") == 2
    assert told.index(b"HTTP/1.1 200 ") < told.index(b"HTTP/1.1 404 ")


def test_who_says_no_more_still_gets_the_whole_answer(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=_UP_S) as plug:
        plug.sendall(b"GET /livez HTTP/1.1\r\nHost: t\r\n\r\n")
        plug.shutdown(socket.SHUT_WR)
        told = b"".join(iter(lambda: plug.recv(65_536), b""))
    assert told.startswith(b"HTTP/1.1 200 ")
    assert told.endswith(ALIVE)


def test_ten_megabytes_are_refused_with_and_without_a_length(running: Running) -> None:
    declared = (
        b"POST /test/v1/batches HTTP/1.1\r\nHost: t\r\nContent-Length: 10485760\r\n"
        b"Content-Type: application/json\r\n\r\n{"
    )
    assert running.send(declared).startswith(b"HTTP/1.1 413 ")
    chunk = b"%x\r\n%s\r\n" % (65_536, b" " * 65_536)
    chunked = b"POST /test/v1/batches HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
    enough = BODY_MAX // 65_536 + 1
    assert running.send(chunked + chunk * enough).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /livez HTTP/1.1\r\nHost: t\r\nX-Request-Id: a\rb\r\n\r\n",
        b"GET /livez\x00 HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET /%00%ff%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET /test/v1/slow?%00 HTTP/1.1\r\nHost: t\r\n\r\n",
        b"POST /test/v1/batches HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n",
        b"POST /test/v1/batches HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /test/v1/batches HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /livez HTTP/1.1\r\nHost: t\r\nX-Request-Id: " + b"a" * 10_000 + b"\r\n\r\n",
        b"GET " + b"/a" * 30_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n",
        b"\x16\x03\x01 not http at all\r\n\r\n",
    ],
)
def test_no_bytes_on_a_socket_are_a_defect(running: Running, raw: bytes) -> None:
    answer = running.send(raw)
    assert not answer.startswith(b"HTTP/1.1 5")
    assert b"Set-Cookie:x" not in answer
    assert running.send(b"GET /livez HTTP/1.1\r\nHost: t\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_who_is_being_answered_when_the_process_ends_gets_the_answer(running: Running) -> None:
    answers: list[tuple[int, str | None]] = []

    def ask() -> None:
        with running.connect() as connection:
            connection.request("GET", "/test/v1/slow")
            answer = connection.getresponse()
            answers.append((answer.status, answer.getheader("connection")))

    asking = threading.Thread(target=ask)
    asking.start()
    assert running.entered.wait(_UP_S)
    running.application.drain()
    with running.connect() as connection:
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 503
    running.server.should_exit = True
    running.release.set()
    asking.join(_UP_S)
    running.thread.join(_UP_S)
    assert answers == [(200, "close")]
    assert not running.thread.is_alive()
