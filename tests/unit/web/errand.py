"""One request to an application in memory, without a socket; and a small door to send it to."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from pydantic import BaseModel

from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Busy, NotFound, Unauthenticated
from shared.web.application import Application
from shared.web.arrival import Arrival
from shared.web.callers import Callers, Learn, Signatures, Tokens
from shared.web.door import ANYONE, Call, Door, Given, Services
from shared.web.fields import AmountFen, Limit, Number, Text, UnitCode
from shared.web.rates import Rates
from shared.web.strict import Inbound, Nothing


@dataclass(frozen=True)
class Said:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return orjson.loads(self.body)


def arrived(
    *headers: tuple[str, str], method: str = "POST", path: str = "/test/v1/redemptions", query: str = ""
) -> Arrival:
    """Let a request arrive with these lines of headers, each character a byte, before anybody answers it."""

    async def nothing() -> dict[str, Any]:
        return {}

    scope = {
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
    }
    return Arrival(scope, nothing)


def ask(
    application: Application,
    method: str = "POST",
    path: str = "/test/v1/redemptions",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    query: str = "",
    chunks: Iterable[bytes] | None = None,
    peer: str = "10.0.0.1",
) -> Said:
    """Send one request and give the answer; `chunks` instead of `body` come one by one, without a length."""
    parts = [body] if chunks is None else list(chunks)
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    named = {"host": "tongfen.test", "content-type": "application/json", **(headers or {})}
    if chunks is None:
        named.setdefault("content-length", str(len(body)))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()],
        "client": (peer, 40_000),
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(application(scope, receive, send))
    if not sent:
        return Said(0, {}, b"")
    start, *bodies = sent
    return Said(
        start["status"],
        {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
        b"".join(part.get("body", b"") for part in bodies),
    )


class RedemptionWanted(Inbound):
    """What the test's door takes."""

    unit: UnitCode
    order_no: Number
    price_fen: AmountFen
    note: Annotated[str, Text(20)] | None = None


class PageWanted(Inbound):
    """What the test's list takes."""

    limit: Limit = 50
    cursor: str | None = None


class RedemptionView(BaseModel):
    """What the test's door gives."""

    id: str
    points: int


GOOD = b'{"unit":"hotel","order_no":"A-1","price_fen":100}'
PROVEN = {"authorization": "Bearer member", "idempotency-key": "key-1", "accept-language": "en"}


class KnownTokens:
    """Takes the name of a role for a token of that role."""

    def read(self, token: str) -> Principal:
        """Give the principal of the role the token names."""
        if token not in {role.value for role in Role}:
            raise Unauthenticated(cause="token-invalid")
        return Principal(f"{token}-1", Role(token))


class Stub:
    """A service of one door that answers what it is told to and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.taken: list[Any] = []
        self.answer: Given = Answer(json=b'{"id":"x","points":5}')
        self.door = Door("/test/v1", "test")
        self._declare()

    def _declare(self) -> None:
        door = self.door

        @door.post(
            "/redemptions",
            takes=RedemptionWanted,
            gives=RedemptionView,
            roles=(Role.MEMBER, Role.IMPORTER),
            status=201,
        )
        async def redeem(asked: Asked, taken: RedemptionWanted, call: Call) -> Given:
            """Redeem."""
            return self._given(asked, taken)

        @door.get("/redemptions", takes=PageWanted, gives=None, roles=(Role.MEMBER, Role.IMPORTER))
        def redemptions(asked: Asked, taken: PageWanted, call: Call) -> Given:
            """List."""
            call.note(rows=0, odd="a\r\nb")
            return {"data": [], "cursor": {"next": None}, "limit": taken.limit}

        @door.get("/redemptions/{id}", takes=Nothing, gives=RedemptionView, roles=(Role.MEMBER,))
        async def redemption(asked: Asked, taken: Nothing, call: Call) -> Given:
            """Show one."""
            call.id_of("id", "rdm")
            raise NotFound(_denied="foreign")

        @door.post("/sign-in", takes=Nothing, gives=None, roles=ANYONE, keyed=False)
        async def sign_in(asked: Asked, taken: Nothing, call: Call) -> Given:
            """Sign in."""
            return self._given(asked, taken)

        @door.post("/defects", takes=Nothing, gives=None, roles=ANYONE, keyed=False)
        async def defect(asked: Asked, taken: Nothing, call: Call) -> Given:
            """Fail."""
            raise KeyError("a secret of the house")

        @door.post("/outages", takes=Nothing, gives=None, roles=ANYONE, keyed=False)
        def outage(asked: Asked, taken: Nothing, call: Call) -> Given:
            """Miss a part."""
            raise ConnectionError("no database")

        @door.post("/busy", takes=Nothing, gives=None, roles=ANYONE, keyed=False)
        async def busy(asked: Asked, taken: Nothing, call: Call) -> Given:
            """Say that there is too much to do."""
            raise Busy()

    def _given(self, asked: Asked, taken: Any) -> Given:
        self.asked.append(asked)
        self.taken.append(taken)
        return self.answer

    def application(
        self,
        tokens: Tokens | None = None,
        signatures: Signatures | None = None,
        rates: Rates | None = None,
        learn: Learn | None = None,
        **options: Any,
    ) -> Application:
        """Make the application around the door."""
        callers = Callers(tokens or KnownTokens(), signatures, learn)
        return Application("Test", "1", [self.door], services=Services(callers, rates), **options)
