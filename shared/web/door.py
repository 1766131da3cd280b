"""Doors: routes that parse once, know the caller, and turn a request into one question to the service.

A route declares what it takes, what it gives, who may pass and whether it is keyed; OpenAPI is written from
the same words. Refuses logic: a handler makes a command or asks a query, nothing else.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from inspect import iscoroutinefunction
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from shared.kernel.command import Answer, Asked, Key, Nonce, fingerprint
from shared.kernel.ids import read
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import NotFound, Refusal, Unauthenticated
from shared.web.arrival import Arrival
from shared.web.callers import Callers
from shared.web.faults import malformed_here, pointer
from shared.web.fields import read_month
from shared.web.problems import KeyMissing, WrongMedia, defect_problem, problem_of
from shared.web.rates import Rates
from shared.web.reply import JSON_HEADERS, REPLAYED, Reply, json_reply, repeated
from shared.web.strict import BODY_MAX, Inbound, Nothing, parse, parse_query
from shared.web.threads import Threads

ANYONE: tuple[Role, ...] = ()
"""The roles of a door that asks nobody who they are (sign-in); any proof sent along is ignored."""

EVERYBODY = tuple(Role)
"""Every role there is: whoever is known may pass."""

OUTSIDER_BODY_MAX = 4_096
"""The largest body in bytes that a door takes from strangers and members: to refuse a megabyte of empty lists
costs a second, and everybody else waits for it.
"""

_KEY = re.compile(rb"[\x21-\x7e]{1,255}")
_PATH_VALUE_MAX = 128
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_REPLAYED_JSON = (*JSON_HEADERS, REPLAYED)

Given = Answer | Reply | Mapping[str, Any]
"""What a handler may return: the desk's answer, a reply of its own, or plain values to be sent as JSON."""

Taken = TypeVar("Taken", bound=Inbound)
Handler = Callable[[Asked, Taken, "Call"], Awaitable[Given] | Given]


class Call(NamedTuple):
    """What a handler may look at beside what was taken: the request, and the values in its path.

    An async handler that must ask the reader as well does so in one of the `threads`.
    """

    arrival: Arrival
    path: Mapping[str, str]
    threads: Threads

    @property
    def principal(self) -> Principal:
        """Who is calling; only doors that ask have one."""
        assert self.arrival.principal is not None
        return self.arrival.principal

    @property
    def language(self) -> str:
        """The reader's language, `zh` or `en`."""
        return self.arrival.language

    def id_of(self, name: str, prefix: str) -> str:
        """Read an id in the path into canonical form.

        :raises NotFound: if it is not an id of that prefix; whoever made it up learns no more.
        """
        canonical = read(prefix, self.path[name])
        if canonical is None:
            raise NotFound()
        return canonical

    def month_of(self, name: str) -> date:
        """Read a month in the path, `YYYY-MM`, as its first day.

        :raises Malformed: if it is not written so. A month is no secret: who mistypes one is told the form.
        """
        try:
            return read_month(self.path[name])
        except PydanticCustomError as wrong:
            raise malformed_here(pointer((name,)), wrong) from None

    def note(self, **facts: Any) -> None:
        """Add facts to the request's log line: ids and counts, never anything personal."""
        self.arrival.notes.update(facts)


@dataclass(frozen=True, slots=True)
class Services:
    """What all doors of a process share: who finds callers, who counts them, where handlers may block."""

    callers: Callers
    rates: Rates | None = None
    threads: Threads = field(default_factory=Threads)


@dataclass(frozen=True, slots=True)
class Passage:
    """One route of a door: its address, what it takes and gives, who may pass, how its handler is called.

    A quiet one is for machines of the house: neither counted by rates nor logged while all is well. A read
    that `conflicts` may answer 409, as writes do.
    """

    method: str
    path: str
    handler: Callable[[Asked, Any, Call], Any]
    takes: type[Inbound]
    gives: type[BaseModel] | None
    roles: tuple[Role, ...]
    keyed: bool
    status: int
    limit: int
    threaded: bool
    quiet: bool
    conflicts: bool = False

    @property
    def writes(self) -> bool:
        """Tell whether the method changes something."""
        return self.method in _WRITES

    async def serve(self, arrival: Arrival, path: Mapping[str, str], services: Services) -> Reply:
        """Answer one request: who, key, body, handler, in this order.

        :raises Refusal: whatever the caller is told no for.
        """
        arrival.route = self.path
        if not all(value.isprintable() and len(value) <= _PATH_VALUE_MAX for value in path.values()):
            raise NotFound()
        writes = self.method in _WRITES
        body = await arrival.body(self.limit) if writes else b""
        nonce = await self._admit(arrival, body, services)
        key = _key_of(arrival, body) if self.keyed else None
        if writes:
            taken = _taken(self.takes, arrival, body, self.limit)
        else:
            taken = parse_query(self.takes, arrival.query)
        asked = Asked(arrival.id, key, arrival.principal, nonce, None, arrival.trace.traceparent)
        call = Call(arrival, path, services.threads)
        if self.threaded:
            given = await services.threads.run(self.handler, asked, taken, call)
        else:
            given = await self.handler(asked, taken, call)
        return rendered(given, self.status, arrival)

    async def _admit(self, arrival: Arrival, body: bytes, services: Services) -> Nonce | None:
        """Learn who is calling, count them, let them pass or not."""
        rates = services.rates
        if not self.roles:
            if rates is not None and not self.quiet:
                rates.count_stranger(arrival)
            return None
        try:
            principal, nonce = services.callers.find(arrival, body, write=self.writes)
        except Unauthenticated as stranger:
            if rates is not None:
                rates.count_stranger(arrival)
            if not await services.callers.may_be_known_now(stranger):
                raise
            principal, nonce = services.callers.find(arrival, body, write=self.writes)
        arrival.principal = principal
        if rates is not None:
            rates.count_known(arrival, principal)
        principal.require(*self.roles)
        return nonce


def _key_of(arrival: Arrival, body: bytes) -> Key:
    """Read the idempotency key; its scope is the caller, its fingerprint all that was asked."""
    given = arrival.headers.get(b"idempotency-key", b"")
    if not _KEY.fullmatch(given):
        raise KeyMissing()
    assert arrival.principal is not None
    digest = fingerprint(arrival.method, arrival.path, body)
    return Key(arrival.principal.scope, given.decode(), digest)


def _taken(model: type[Taken], arrival: Arrival, body: bytes, limit: int) -> Taken:
    """Parse what a write takes; its query must be empty, since only the body is what a key stands for."""
    if body:
        media = arrival.headers.get(b"content-type", b"")
        if media != b"application/json" and media.partition(b";")[0].strip().lower() != b"application/json":
            raise WrongMedia()
        if b"content-encoding" in arrival.headers:
            raise WrongMedia()
    if arrival.query:
        parse_query(Nothing, arrival.query)
    return parse(model, body, limit)


def refused(refusal: Refusal, arrival: Arrival) -> Reply:
    """Render a refusal; facts that begin with an underscore go to the log line alone."""
    for name, fact in refusal.facts.items():
        if name.startswith("_"):
            arrival.notes[name[1:]] = fact
    return problem_of(refusal, arrival.language, arrival.request_id)


def rendered(given: Given, status: int, arrival: Arrival) -> Reply:
    """Render what a handler gave: an answer's JSON as it stands, a refusal as a problem, a defect bare."""
    if not isinstance(given, Answer):
        return given if isinstance(given, Reply) else json_reply(given, status)
    if given.json is not None:
        if given.replayed:
            return Reply(status, given.json, _REPLAYED_JSON, replayed=True)
        return Reply(status, given.json)
    if given.refusal is None:
        return defect_problem(arrival.language, arrival.request_id)
    reply = refused(given.refusal, arrival)
    return repeated(reply) if given.replayed else reply


class Door:
    """A set of routes under one prefix, for example `/points/v1`."""

    def __init__(self, prefix: str, tag: str, *, quiet: bool = False) -> None:
        self.prefix = prefix
        self.tag = tag
        self.quiet = quiet
        self.passages: list[Passage] = []

    def post(
        self,
        path: str,
        *,
        takes: type[Taken],
        gives: type[BaseModel] | None,
        roles: tuple[Role, ...],
        status: int = 200,
        keyed: bool = True,
        limit: int | None = None,
    ) -> Callable[[Handler[Taken]], Handler[Taken]]:
        """Declare a write. `keyed=False` only for sign-in, refresh, sign-out and questions asked by POST.

        :param limit: the largest body in bytes; if not stated, little where strangers or members may pass.
        """
        outsiders = not roles or Role.MEMBER in roles
        most = limit or (OUTSIDER_BODY_MAX if outsiders else BODY_MAX)
        if keyed and not roles:
            raise ValueError(f"{path}: the key of nobody has no scope")
        return self._declare("POST", path, takes, gives, roles, status, keyed, most)

    def get(
        self,
        path: str,
        *,
        takes: type[Taken],
        gives: type[BaseModel] | None,
        roles: tuple[Role, ...],
        conflicts: bool = False,
    ) -> Callable[[Handler[Taken]], Handler[Taken]]:
        """Declare a read; `takes` is its query. An `async def` awaits the reader, a `def` gets a thread.

        :param conflicts: whether it may answer 409 although it changes nothing.
        """
        return self._declare("GET", path, takes, gives, roles, 200, False, 0, conflicts)

    def _declare(
        self,
        method: str,
        path: str,
        takes: type[Taken],
        gives: type[BaseModel] | None,
        roles: tuple[Role, ...],
        status: int,
        keyed: bool,
        limit: int,
        conflicts: bool = False,
    ) -> Callable[[Handler[Taken]], Handler[Taken]]:
        def add(handler: Handler[Taken]) -> Handler[Taken]:
            address = self.prefix + path
            threaded = not iscoroutinefunction(handler)
            self.passages.append(
                Passage(
                    method,
                    address,
                    handler,
                    takes,
                    gives,
                    roles,
                    keyed,
                    status,
                    limit,
                    threaded,
                    self.quiet,
                    conflicts,
                )
            )
            return handler

        return add
