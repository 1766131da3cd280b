"""Redemptions: a member, a till with a member's code, or an importer pays with points of all businesses."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, model_validator

from services.points.api.front import Front
from services.points.api.order_tickets import OrderTicketText
from services.points.api.paying import PayCodeText, payer_of, ticket_of
from services.points.commands.redeem_points import RedeemPoints
from services.points.domain.order_ticket import ShownTicket
from services.points.domain.payer import Payer
from services.points.domain.redemption import Price
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.faults import not_just_one
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
            raise not_just_one("pay_fen", "up_to_fen")
        return self

    @property
    def price(self) -> Price:
        """The price as the domain takes it."""
        return Price(self.price_fen, self.pay_fen, self.up_to_fen)


class RedemptionBody(PriceBody):
    """A redemption; `order_ticket` is for members, `pay_code` for tills, `number` and `at` for importers."""

    number: MemberNumber | None = None
    pay_code: PayCodeText | None = None
    order_ticket: OrderTicketText | None = None
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


def redeeming(
    asked: Asked, body: RedemptionBody | RedemptionItem, payer: Payer, ticket: ShownTicket | None = None
) -> RedeemPoints:
    """Turn a wish to pay into its command."""
    return RedeemPoints(asked, payer, body.unit, body.order_no, body.price, body.at, ticket)


def declare(door: Door, front: Front) -> None:
    """Declare the routes of redemptions."""

    @door.post(
        "/redemptions",
        takes=RedemptionBody,
        gives=RedemptionView,
        roles=(Role.MEMBER, Role.UNIT_SYSTEM, Role.IMPORTER),
        status=201,
    )
    async def redeem(asked: Asked, body: RedemptionBody, call: Call) -> Answer:
        """Pay part of a price with points of all businesses, soonest-expiring first."""
        payer, ticket = payer_of(asked, body, front), await ticket_of(asked, body, front)
        return await front.desk.ask(redeeming(asked, body, payer, ticket))
