"""The application: everything between the socket and a door, in one pure ASGI layer around FastAPI.

It gives each request its id and trace, answers refusals as problems, puts on the security headers, counts,
and writes the one log line. An address goes straight to its passage; FastAPI, which describes all, has the
rest. Refuses stacked middleware: one layer costs less than six.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.refusal import NotFound, Refusal
from shared.runtime import logs, metrics
from shared.runtime.clock import now
from shared.runtime.metrics import Meters
from shared.runtime.traces import Spans
from shared.web.addresses import Addresses
from shared.web.arrival import Arrival, HungUp, Receive, Scope, Send
from shared.web.declaration import EXCHANGE, declare, openapi_of
from shared.web.door import Door, Passage, Services, refused
from shared.web.house_door import Check, house_door
from shared.web.problems import Away, WrongMethod, defect_problem
from shared.web.reply import JSON_HEADERS, Headers, Reply

SECURITY_HEADERS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What every answer carries; an answer that states one of these itself keeps its own."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED, _TOO_LARGE = 400, 413
_GONE = Reply(499, b"", (), "hung-up")
"""What the log says of a caller who left; nothing is sent. Source: the status nginx writes for it."""


class Application:
    """The ASGI application of one service.

    :param doors: the service's doors; the house door is added.
    :param services: who finds callers, and who counts them.
    :param checks: what `/readyz` asks, by name (database, migrations; never another system).
    :param vitals: what `/livez` asks, by name; without blocking, and of this process alone.
    :param outages: exceptions that mean a part is away (the driver's own), answered 503 instead of 500.
    :param spans: where spans of sampled traces go, if anywhere.
    """

    def __init__(
        self,
        title: str,
        version: str,
        doors: Iterable[Door],
        *,
        services: Services,
        checks: Mapping[str, Check] | None = None,
        vitals: Mapping[str, Check] | None = None,
        outages: tuple[type[Exception], ...] = (ConnectionError, TimeoutError),
        spans: Spans | None = None,
    ) -> None:
        self.framework = FastAPI(
            title=title,
            version=version,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        self.draining = False
        self._services = services
        self._outages = outages
        self._spans = spans
        house = house_door(
            {**(checks or {}), "open": lambda: not self.draining},
            vitals or {},
            partial(openapi_of, self.framework),
        )
        self.doors = (*doors, house)
        self._meters: dict[tuple[str, str, int], Meters] = {}
        self.allowed: dict[str, set[str]] = {}
        self._addresses = Addresses()
        for door in self.doors:
            declare(self.framework, door)
            for passage in door.passages:
                # A measure that first appears at 1 has not grown, as far as an alert can tell.
                for why in metrics.WHYS:
                    metrics.DENIED.labels(passage.path, why)
                self.allowed.setdefault(passage.path, set()).add(passage.method)
                self._addresses.add(passage)
        self.framework.add_exception_handler(HTTPException, _unmatched)

    def openapi(self) -> dict[str, Any]:
        """Write the OpenAPI document of the service's doors."""
        return openapi_of(self.framework)

    def drain(self) -> None:
        """Answer not ready from now on, so that the gateway sends nobody new; requests under way finish."""
        self.draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of the ASGI server."""
        if scope["type"] == "lifespan":
            await self.framework(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        began = perf_counter()
        exchange = Exchange(self, Arrival(scope, receive), send)
        metrics.REQUESTS_IN_FLIGHT.inc()
        try:
            await self._route(exchange, scope, receive)
        finally:
            metrics.REQUESTS_IN_FLIGHT.dec()
            self._account(exchange, perf_counter() - began)

    async def _route(self, exchange: "Exchange", scope: Scope, receive: Receive) -> None:
        arrival = exchange.arrival
        method = "GET" if arrival.method == "HEAD" else arrival.method
        found = self._addresses.find(arrival.path)
        if found is None:
            scope["method"] = method
            scope[EXCHANGE] = exchange
            await self.framework(scope, receive, exchange.raw_send)
            return
        passages, values = found
        if method in passages:
            await exchange.answer(passages[method], values)
        else:
            await exchange.send(refused(WrongMethod(allowed=", ".join(sorted(passages))), arrival))

    async def reply_of(self, passage: Passage, arrival: Arrival, path: Mapping[str, str]) -> Reply:
        """Answer through a passage, whatever happens there."""
        try:
            return await passage.serve(arrival, path, self._services)
        except Refusal as refusal:
            return refused(refusal, arrival)
        except HungUp:
            return _GONE
        except self._outages as outage:
            arrival.notes["outage"] = type(outage).__name__
            return refused(Away(), arrival)
        except Exception as cause:  # noqa: BLE001 - a defect is logged whole and answered without detail
            logs.defect("defect", cause, request=arrival.request_id, route=arrival.route)
            return defect_problem(arrival.language, arrival.request_id)

    def _account(self, exchange: "Exchange", seconds: float) -> None:
        """Count the request and write its one line: ids and outcome, nothing personal."""
        arrival, reply = exchange.arrival, exchange.reply
        method = arrival.method if arrival.method in _METHODS else "OTHER"
        counted = (arrival.route, method, reply.status)
        meters = self._meters.get(counted)
        if meters is None:
            meters = self._meters[counted] = metrics.meters_of(*counted)
        meters.requests.inc()
        meters.seconds.observe(seconds)
        if "denied" in arrival.notes:
            metrics.DENIED.labels(arrival.route, str(arrival.notes["denied"])).inc()
        if exchange.quiet and reply.status < _FAILED:
            return
        principal = arrival.principal
        facts = {
            **arrival.notes,
            "request": arrival.request_id,
            "asked": arrival.id if arrival.id != arrival.request_id else None,
            "principal": principal.subject if principal else None,
            "role": principal.role.value if principal else None,
            "method": method,
            "route": arrival.route,
            "status": reply.status,
            "code": reply.code,
            "duration_ms": round(seconds * 1000, 3),
            "replayed": reply.replayed or None,
            "trace": arrival.trace.trace_id,
        }
        logs.canonical("request", **facts)
        if self._spans is not None and arrival.trace.sampled:
            ended = int(now().timestamp() * 1e9)
            told = {name: fact for name, fact in facts.items() if isinstance(fact, str | int | float)}
            self._spans.record(
                arrival.trace, f"{method} {arrival.route}", ended - int(seconds * 1e9), ended, told
            )


class Exchange:
    """One request and its answer: sends once, remembers what was sent."""

    __slots__ = ("_application", "arrival", "quiet", "raw_send", "reply")

    def __init__(self, application: Application, arrival: Arrival, raw_send: Send) -> None:
        self._application = application
        self.arrival = arrival
        self.raw_send = raw_send
        self.quiet = False
        self.reply = _GONE

    async def answer(self, passage: Passage, path: Mapping[str, str]) -> None:
        """Answer through a passage; FastAPI also comes here where only the address is right."""
        self.quiet = passage.quiet
        if passage.method != self.arrival.method and (self.arrival.method, passage.method) != ("HEAD", "GET"):
            allowed = self._application.allowed[passage.path]
            await self.send(refused(WrongMethod(allowed=", ".join(sorted(allowed))), self.arrival))
            return
        reply = await self._application.reply_of(passage, self.arrival, path)
        if reply is not _GONE:
            await self.send(reply)

    async def send(self, reply: Reply) -> None:
        """Send the answer with everything that every answer carries."""
        self.reply = reply
        arrival = self.arrival
        security = SECURITY_HEADERS
        if reply.headers is not JSON_HEADERS:
            own = {name for name, _ in reply.headers}
            security = tuple(header for header in SECURITY_HEADERS if header[0] not in own)
        headers = [
            *reply.headers,
            (b"content-length", str(len(reply.body)).encode()),
            (b"x-request-id", arrival.request_id.encode()),
            (b"traceparent", arrival.trace.traceparent.encode()),
            *security,
            *arrival.reply_headers,
        ]
        if self._application.draining or reply.status == _TOO_LARGE:
            headers.append((b"connection", b"close"))
        await self.raw_send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = b"" if arrival.method == "HEAD" else reply.body
        await self.raw_send({"type": "http.response.body", "body": body})


class _Unmatched(Response):
    """What FastAPI answers where no passage has the address: our problem, sent our way."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self._exchange = exchange

    async def __call__(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        """Send the problem."""
        await self._exchange.send(refused(NotFound(), self._exchange.arrival))


async def _unmatched(request: Request, _cause: Exception) -> Response:
    return _Unmatched(request.scope[EXCHANGE])
