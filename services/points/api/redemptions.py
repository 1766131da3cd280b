"""Redemptions: a member or an importer pays with points of all businesses in one step."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, model_validator

from services.points.api.front import Front
from services.points.commands.redeem_points import RedeemPoints
from services.points.domain.naming import number_identity
from services.points.domain.redemption import Price
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.kernel.refusal import Forbidden
from shared.web.door import Call, Door
from shared.web.fields import AmountFen, AmountFenOrZero, MemberNumber, Moment, Number, Text, UnitCode
from shared.web.strict import Inbound


class PriceBody(Inbound):
    """A price at a unit and what points shall pay of it: exactly `pay_fen`, or `up_to_fen`."""

    unit: UnitCode
    order_no: Number
    price_fen: AmountFen
    pay_fen: AmountFen | None = None
    up_to_fen: AmountFenOrZero | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.pay_fen is None) == (self.up_to_fen is None):
            raise ValueError("exactly one of pay_fen and up_to_fen is needed")
        return self

    @property
    def price(self) -> Price:
        """The price as the domain takes it."""
        return Price(self.price_fen, self.pay_fen, self.up_to_fen)


class RedemptionBody(PriceBody):
    """A redemption; `number` and `at` are for importers, who pay for a member of the unit."""

    number: MemberNumber | None = None
    at: Moment | None = None


class RedemptionItem(PriceBody):
    """A redemption in a batch, with its own stored key."""

    kind: Literal["redemption"]
    key: Annotated[str, Text(255)]
    number: MemberNumber
    at: Moment | None = None


class TakenView(BaseModel):
    """What one lot gave."""

    lot: str
    asset: str
    issuer: str
    points: int
    paid_fen: int
    change_points: int


class OwedView(BaseModel):
    """What another unit now owes the redeeming one."""

    issuer: str
    amount_fen: int


class RedemptionView(BaseModel):
    """What was taken from where, and who owes whom."""

    redemption: str
    journal: str
    unit: str
    order_no: str
    price_fen: int
    paid_fen: int
    to_pay_fen: int
    change_points: int
    taken: list[TakenView]
    owed: list[OwedView]
    occurred_at: str


def redeeming(asked: Asked, body: RedemptionBody | RedemptionItem) -> RedeemPoints:
    """Turn a wish to pay into its command: a member pays with their own points, an importer for a number.

    :raises Forbidden: if a member names a number or a time, or an importer names no number.
    """
    assert asked.principal is not None
    if asked.principal.role is Role.MEMBER:
        if body.number is not None or body.at is not None:
            raise Forbidden(needed="importer")
        identity = asked.principal.subject
    elif body.number is None:
        raise Forbidden(needed="member")
    else:
        identity = number_identity(body.unit, body.number)
    return RedeemPoints(asked, identity, body.unit, body.order_no, body.price, body.at)


def declare(door: Door, front: Front) -> None:
    """Declare the routes of redemptions."""

    @door.post(
        "/redemptions",
        takes=RedemptionBody,
        gives=RedemptionView,
        roles=(Role.MEMBER, Role.IMPORTER),
        status=201,
    )
    async def redeem(asked: Asked, body: RedemptionBody, call: Call) -> Answer:
        """Pay part of a price with points of all businesses, soonest-expiring first."""
        return await front.desk.ask(redeeming(asked, body))
