"""Exchanges: a quote says what points would become, an exchange carries it out once."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, model_validator

from services.points.api.front import Front
from services.points.commands.exchange_points import ExchangePoints
from services.points.commands.quote_exchange import QuoteExchange
from services.points.domain.exchange import LARGEST
from services.points.domain.naming import number_identity
from services.points.queries.exchange import exchange_of
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.kernel.refusal import Forbidden
from shared.web.door import Call, Door
from shared.web.faults import not_just_one
from shared.web.fields import AssetCode, MemberNumber, Moment, Shown, UnitCode, whole
from shared.web.strict import Inbound, Nothing

WHO = (Role.MEMBER, Role.IMPORTER)
PointsAsked = Annotated[int, whole(1, LARGEST)]


class ForWhom(Inbound):
    """Unit, number and time are for importers, who exchange for a member of a unit."""

    unit: UnitCode | None = None
    number: MemberNumber | None = None
    at: Moment | None = None

    def identity(self, asked: Asked) -> str:
        """Give the identity whose points are meant: a member's own, or the number an importer names.

        :raises Forbidden: if a member names a number or a time, or an importer names none.
        """
        assert asked.principal is not None
        if asked.principal.role is Role.MEMBER:
            if not (self.unit is None and self.number is None and self.at is None):
                raise Forbidden(needed="importer")
            return asked.principal.subject
        if self.unit is None or self.number is None:
            raise Forbidden(needed="member")
        return number_identity(self.unit, self.number)


class WishBody(ForWhom):
    """Give `points` of one asset, or get at least `to_points` of another for as few as that takes."""

    from_asset: AssetCode
    to_asset: AssetCode
    points: PointsAsked | None = None
    to_points: PointsAsked | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.points is None) == (self.to_points is None):
            raise not_just_one("points", "to_points")
        return self


class ExchangeBody(ForWhom):
    """The quote that is to be carried out."""

    quote: Annotated[str, Shown("quo")]


class FractionView(BaseModel):
    """A rate as a fraction: points of the second asset for one point of the first."""

    numerator: int
    denominator: int


class VersionView(BaseModel):
    """The version of a rule that was in force."""

    kind: str
    subject: str
    version: int


class QuoteView(BaseModel):
    """What would be given, locked until `expires_at`; value in = value given + fee + residual."""

    quote: str
    from_asset: str
    to_asset: str
    points: int
    given: int
    value_fen: int
    fee_fen: int
    residual_fen: int
    fee_bp: int
    rate: FractionView
    versions: list[VersionView]
    expires_at: str


class PortionView(BaseModel):
    """What one lot gave and became; the new lot has its issuer and its dates."""

    lot: str
    issuer: str
    points: int
    given: int
    new_lot: str | None
    expires_at: str


class ExchangeView(BaseModel):
    """An exchange that was carried out; value in = value given + fee + residual, to the fen."""

    exchange: str
    quote: str
    journal: str
    from_asset: str
    to_asset: str
    points: int
    given: int
    value_fen: int
    fee_fen: int
    residual_fen: int
    rate: FractionView
    taken: list[PortionView]
    occurred_at: str


def declare(door: Door, front: Front) -> None:
    """Declare the routes of exchanges."""

    @door.post("/exchanges/quote", takes=WishBody, gives=QuoteView, roles=WHO, status=201)
    async def quote(asked: Asked, body: WishBody, call: Call) -> Answer:
        """Say what points would become, and lock rate and fee for five minutes."""
        identity = body.identity(asked)
        wish = (body.from_asset, body.to_asset, body.points, body.to_points)
        return await front.desk.ask(QuoteExchange(asked, identity, *wish, body.at))

    @door.post("/exchanges", takes=ExchangeBody, gives=ExchangeView, roles=WHO, status=201)
    async def exchange(asked: Asked, body: ExchangeBody, call: Call) -> Answer:
        """Carry out one's own quote, once."""
        return await front.desk.ask(ExchangePoints(asked, body.identity(asked), body.quote, body.at))

    @door.get(
        "/exchanges/{exchange}",
        takes=Nothing,
        gives=ExchangeView,
        roles=(Role.MEMBER, Role.IMPORTER, Role.OPERATOR),
    )
    def read_exchange(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Show an exchange: what came of which lot, at which rate, and where fee and residual come from."""
        with front.asking(call) as questions:
            return exchange_of(questions, call.id_of("exchange", "exc"))
