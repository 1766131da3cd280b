"""A group of one process that keeps the contract which the importer relies on, with the independent rules.

It lets the client be tested alone: order, keys, refusals, retries, resumption. It keeps no database, checks
no signature and proves nothing about the services.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.replay import oracle

Answer = tuple[int, dict[str, Any]]


class NoSignature:
    """Signs nothing; the stand-in does not look."""

    def headers(self, method: str, url: str, body: bytes, idempotency_key: str | None) -> dict[str, str]:
        """Answer the key alone."""
        return {"Idempotency-Key": idempotency_key} if idempotency_key else {}


@dataclass(slots=True)
class StandIn:
    """The books of the stand-in, and the troubles it was asked to make."""

    group: oracle.Group = field(default_factory=oracle.Group)
    months: dict[str, oracle.Month] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    obeyed: list[str] = field(default_factory=list)
    outages: int = 0
    busy_batches: int = 0
    defect_after: int | None = None
    slow_links: int = 0

    def answer(self, path: str, query: dict[str, str], body: Any) -> Answer:
        """Answer one request."""
        if self.outages > 0:
            self.outages -= 1
            return 503, {"code": "outage", "retryable": True}
        if path == "/member/v1/persons/bulk":
            members = [f"mem_{person['reference']}" for person in body["persons"]]
            return 200, {"results": [{"status": 201, "body": {"member": member}} for member in members]}
        if path == "/points/v1/numbers/lookup":
            return 200, {"data": self._links(body["numbers"])}
        if path == "/points/v1/batches":
            return 200, {"results": self._batch(body["items"])}
        if path == "/points/v1/balances":
            return 200, self._balances(query)
        return self._month(path.removeprefix("/points/v1/months/"), body)

    def _links(self, numbers: list[dict[str, str]]) -> list[dict[str, str | None]]:
        """Know the members of all numbers but, at first, of the last one."""
        rows: list[dict[str, str | None]] = [{**n, "member": f"mem_{n['number']}"} for n in numbers]
        if self.slow_links > 0:
            self.slow_links -= 1
            rows[-1]["member"] = None
        return rows

    def _batch(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Obey items in order; a batch that is to be busy stops in its middle and asks for another try."""
        busy_from = len(items)
        if self.busy_batches > 0:
            self.busy_batches -= 1
            busy_from = len(items) // 2
        later = {"status": 503, "body": {"code": "busy", "retryable": True}}
        return [self._item(item) if place < busy_from else later for place, item in enumerate(items)]

    def _item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Obey an item once, or answer as the first time."""
        if item["key"] in self.answers:
            return self.answers[item["key"]]
        if len(self.obeyed) == self.defect_after:
            return {"status": 500, "body": {"code": "defect"}}
        at = datetime.fromisoformat(item["at"]).replace(tzinfo=None)
        month = self.months[f"{at:%Y-%m}"]
        household = int(item["number"])
        answer: dict[str, Any] = {"status": 201, "body": {}}
        if item["kind"] == "receipt":
            receipt = oracle.Receipt(
                at, int(item["receipt_no"]), household, item["unit"], item["amount_fen"], 0
            )
            self.group.earn(month, receipt)
        else:
            refused = month.refused
            # The rules take the smaller of what is wanted and half of the price: both are as the client says.
            receipt = oracle.Receipt(
                at,
                int(item["order_no"]),
                household,
                item["unit"],
                item["price_fen"] - item["up_to_fen"],
                item["up_to_fen"],
            )
            self.group.redeem(month, receipt)
            if month.refused > refused:
                answer = {"status": 409, "body": {"code": "insufficient-points"}}
        self.answers[item["key"]] = answer
        self.obeyed.append(item["key"])
        return answer

    def _month(self, asked: str, body: Any) -> Answer:
        """Open, close and show months; a month is sealed when it is looked at after its close."""
        name, _, action = asked.partition("/")
        if action == "open":
            self.months[name] = oracle.Month(name)
            self.states[name] = "open"
        elif action == "close":
            self.states[name] = "draining"
            end = datetime.fromisoformat(body["at"]).replace(tzinfo=None)
            self.months[name].outstanding = self.group.outstanding(end)
        elif name not in self.states:
            return 404, {"code": "not-found"}
        shown = {**oracle.month_entry(self.months[name]), "state": self.states[name]}
        if self.states[name] == "draining":
            self.states[name] = "sealed"
        return 200, shown

    def _balances(self, query: dict[str, str]) -> dict[str, Any]:
        """Show a page of balances, with zeros as the API may."""
        end = datetime.fromisoformat(query["at"]).replace(tzinfo=None)
        wallets = sorted(self.group.wallets(end).items())
        start, limit = int(query.get("cursor", "0")), int(query["limit"])
        data = [
            {
                "number": None,
                "member": "mem_1",
                "numbers": {"hotel": number, "office": number},
                "balances": kept,
            }
            for number, kept in wallets[start : start + limit]
        ]
        following = str(start + limit) if start + limit < len(wallets) else None
        return {"data": data, "cursor": {"next": following}}


@contextmanager
def serving(books: StandIn) -> Iterator[str]:
    """Serve the books on a free port of this machine and give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

        def _answer(self, body: Any) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            status, said = books.answer(address.path, query, body)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
