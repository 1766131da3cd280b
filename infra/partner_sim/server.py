"""The stand-in's door: signed questions about coupons, and the faults that a test has ordered.

Refuses an unsigned question. Faults are ordered over HTTP as well: it is a stand-in, on loopback alone.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infra.partner_sim.book import CouponBook, OtherTerms
from shared.kernel.principal import Role
from shared.kernel.refusal import Unauthenticated
from shared.web.arrival import Arrival
from shared.web.clients import Client, ClientsInMemory
from shared.web.signatures import RequestVerifier

CUSTOMER = "tongfen"
BODY_MAX = 65_536


class Fault(StrEnum):
    """What goes wrong with one question, in the order in which they were ordered."""

    ERROR = "error"
    ERROR_AFTER = "error-after"
    SLOW = "slow"
    LATE = "late"
    LOST = "lost"
    TWICE = "twice"
    GARBAGE = "garbage"
    ODD = "odd"
    SOLD_OUT = "sold-out"
    AGAIN = "again"
    OVER = "over"
    USED = "used"
    UNKNOWN = "unknown"
    TURNED = "turned"


class PartnerSim:
    """A partner over HTTP on loopback, as long as the block lasts.

    :param key: the public key of whoever may ask.
    :param slow_s: how long a slow one waits: before it acts (`slow`), or after it has (`late`).
    """

    def __init__(self, book: CouponBook, key: Ed25519PublicKey, port: int = 0, slow_s: float = 10.0) -> None:
        self.book = book
        self.slow_s = slow_s
        self.faults: deque[Fault] = deque()
        self.asked: list[str] = []
        self.stopping = threading.Event()
        self._at_work = 0
        self._counting = threading.Lock()
        known = ClientsInMemory({CUSTOMER: Client(CUSTOMER, Role.PARTNER, None, key)})
        self.verifier = RequestVerifier(known)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.partner = self
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> PartnerSim:
        threading.Thread(target=self.serve, name="partner", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Answer until told to stop."""
        self._server.serve_forever(poll_interval=0.05)

    def order(self, faults: Iterable[str]) -> None:
        """Let these go wrong, one a question, from now on."""
        self.faults.clear()
        self.faults.extend(Fault(one) for one in faults)

    @property
    def busy(self) -> bool:
        """Tell whether a question has not been dealt with, whether or not anybody still waits for it."""
        return self._at_work > 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a question as being dealt with."""
        with self._counting:
            self._at_work += 1
        try:
            yield
        finally:
            with self._counting:
                self._at_work -= 1

    def next_fault(self) -> Fault | None:
        """Take the fault of the question that has just come."""
        with suppress(IndexError):
            return self.faults.popleft()
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    partner: PartnerSim


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        """Say that it is ready."""
        self._answer(200 if self.path == "/readyz" else 404, {})

    def do_PUT(self) -> None:
        """Take an order of faults."""
        partner = self.server.partner
        if self.path != "/faults":
            self._answer(404, {})
            return
        told = orjson.loads(self._body())
        partner.order(told["faults"])
        partner.slow_s = told.get("slow_s", partner.slow_s)
        self._answer(200, {"faults": [one.value for one in partner.faults]})

    def do_POST(self) -> None:
        """Answer a signed question about a coupon, as well as the ordered fault lets it."""
        body = self._body()
        try:
            self.server.partner.verifier.verify(self._arrival(), body, write=True)
            number = self.headers["Idempotency-Key"]
            told = orjson.loads(body)
            if told.get("void_no", told["request_no"]) != number:
                raise ValueError("the key is not the number")
        except Unauthenticated:
            self._answer(401, {"title": "who is asking?"})
            return
        except (ValueError, KeyError, TypeError):
            self._answer(422, {"title": "a question has its number"})
            return
        self._act(number, told)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no line for each question: what was issued stands in the book."""

    def _act(self, number: str, told: Mapping[str, Any]) -> None:
        with self.server.partner.working():
            self._serve(number, told)

    def _serve(self, number: str, told: Mapping[str, Any]) -> None:
        partner = self.server.partner
        partner.asked.append(number)
        fault = partner.next_fault()
        if fault is Fault.ERROR:
            self._answer(500, {"title": "out of order"})
            return
        if fault is Fault.SLOW:
            partner.stopping.wait(partner.slow_s)
        try:
            word = self._word(number, told, fault)
        except (OtherTerms, KeyError):
            self._answer(422, {"title": "known with other terms"})
            return
        if fault is Fault.LATE:
            partner.stopping.wait(partner.slow_s)
        self._spoil(fault, word)

    def _word(self, number: str, told: Mapping[str, Any], fault: Fault | None) -> Mapping[str, Any]:
        book = self.server.partner.book
        coupon = told["request_no"]
        if self.path == f"/coupons/{coupon}/void":
            used, lost = fault is Fault.USED, fault is Fault.UNKNOWN
            return book.void(told["void_no"], coupon, used=used, lost=lost)
        if self.path == f"/coupons/{number}/cancel":
            return book.let_be(number)
        if self.path == "/coupons":
            return book.ask(
                number,
                told["offer"],
                told["price_fen"],
                sold_out=fault is Fault.SOLD_OUT,
                again=fault is Fault.AGAIN,
                over=fault is Fault.OVER,
            )
        raise KeyError(self.path)

    def _spoil(self, fault: Fault | None, word: Mapping[str, Any]) -> None:
        if fault is Fault.LOST:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        elif fault is Fault.ERROR_AFTER:
            self._answer(500, {"title": "out of order"})
        elif fault is Fault.GARBAGE:
            self._send(200, b'{"state": "issued", "code')
        elif fault is Fault.TURNED:
            self._answer(200, {**word, "state": "used" if word["state"] == "voided" else "voided"})
        elif fault is Fault.ODD:
            self._answer(200, {**word, "code": 7, "state": [word["state"]]})
        else:
            self._answer(200, word)
            if fault is Fault.TWICE:
                self._answer(200, word)

    def _answer(self, status: int, told: Mapping[str, Any]) -> None:
        self._send(status, orjson.dumps(told))

    def _send(self, status: int, body: bytes) -> None:
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _body(self) -> bytes:
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_MAX))

    def _arrival(self) -> Arrival:
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        path, _, query = self.path.partition("?")
        scope = {
            "method": self.command,
            "path": path,
            "query_string": query.encode(),
            "scheme": "http",
            "headers": headers,
        }
        return Arrival(scope, _nothing_more)


async def _nothing_more() -> dict[str, Any]:
    return {"type": "http.disconnect"}
