"""Holds: points set aside for an order, captured in parts by its unit, or given back."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, model_validator

from services.points.api.front import UNIT_READERS, Front, unit_read
from services.points.api.lists import NextView, PageQuery
from services.points.api.order_tickets import OrderTicketText
from services.points.api.paying import PayCodeText, payer_of, ticket_of
from services.points.api.redemptions import OwedView, TakenView
from services.points.commands.capture_hold import CaptureHold
from services.points.commands.place_hold import PlaceHold
from services.points.commands.release_hold import ReleaseHold
from services.points.domain.order_ticket import ShownTicket
from services.points.domain.payer import Payer
from services.points.domain.redemption import Price
from services.points.domain.rulebook import HOLD_LASTS_S
from services.points.queries.captures import captures_of
from services.points.queries.holds import hold_of_order, hold_view, open_holds
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.faults import not_just_one
from shared.web.fields import AmountFen, AmountFenOrZero, MemberNumber, Moment, Number, UnitCode, whole
from shared.web.strict import Inbound, Nothing

PAYERS = (Role.MEMBER, Role.UNIT_SYSTEM, Role.IMPORTER)
UNITS = (Role.UNIT_SYSTEM, Role.IMPORTER)
"""Who captures and releases: the unit that has the hold, and importers."""


class HoldBody(Inbound):
    """A price at a unit and what shall be set aside of it: exactly `amount_fen`, or `up_to_fen`.

    `order_ticket` is for members, `pay_code` for tills, `number` and `at` for importers. It lasts `lasts_s`
    seconds, or as long as the rule says.
    """

    unit: UnitCode
    order_no: Number
    price_fen: AmountFen
    amount_fen: AmountFen | None = None
    up_to_fen: AmountFenOrZero | None = None
    lasts_s: Annotated[int, whole(1, HOLD_LASTS_S)] | None = None
    number: MemberNumber | None = None
    pay_code: PayCodeText | None = None
    order_ticket: OrderTicketText | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.amount_fen is None) == (self.up_to_fen is None):
            raise not_just_one("amount_fen", "up_to_fen")
        return self


class CaptureBody(Inbound):
    """What is taken of a hold, under a number of the unit's own; `final` gives the rest back."""

    capture_no: Number
    amount_fen: AmountFen
    final: bool = False
    at: Moment | None = None


class ReleaseBody(Inbound):
    """A hold is let go; `at` is for importers."""

    at: Moment | None = None


class HoldOrderQuery(Inbound):
    """Which order of the unit; an importer or operator names the unit as well."""

    order_no: Number
    unit: UnitCode | None = None


class LotPointsView(BaseModel):
    """Points of one lot."""

    lot: str
    asset: str
    issuer: str
    points: int


class PlacedView(BaseModel):
    """What was set aside from where, and until when."""

    hold: str
    journal: str
    unit: str
    order_no: str
    price_fen: int
    amount_fen: int
    to_pay_fen: int
    slices: list[LotPointsView]
    occurred_at: str
    expires_at: str


class CapturedView(BaseModel):
    """What a capture took from where, who owes whom, what is left, and what a last one gave back."""

    redemption: str
    journal: str
    hold: str
    capture_no: str
    unit: str
    order_no: str
    price_fen: int
    paid_fen: int
    captured_fen: int
    left_fen: int
    state: str
    change_points: int
    taken: list[TakenView]
    owed: list[OwedView]
    released: list[LotPointsView]
    occurred_at: str


class ReleasedView(BaseModel):
    """What went back to which lot."""

    journal: str
    hold: str
    unit: str
    order_no: str
    captured_fen: int
    state: str
    ended_by: str
    released: list[LotPointsView]
    occurred_at: str


class SliceView(BaseModel):
    """What a hold took of one lot (or got as change of one), and what of it still lies on hold."""

    lot: str
    asset: str
    issuer: str
    points: int
    points_left: int


class CaptureView(BaseModel):
    """One capture of a hold."""

    capture_no: str
    redemption: str
    paid_fen: int
    occurred_at: str


class CapturesView(BaseModel):
    """A page of captures, the last first."""

    data: list[CaptureView]
    cursor: NextView


class HoldView(BaseModel):
    """A hold as it stands, with its last ten captures, oldest first.

    `has_earlier_captures` says that there are more, which the list of captures has. `ended_by` is captured,
    released or expired once it is closed.
    """

    hold: str
    journal: str
    unit: str
    order_no: str
    price_fen: int
    amount_fen: int
    captured_fen: int
    left_fen: int
    state: str
    ended_by: str | None
    occurred_at: str
    expires_at: str
    ended_at: str | None
    slices: list[SliceView]
    captures: list[CaptureView]
    has_earlier_captures: bool


class HoldsView(BaseModel):
    """A page of the open holds of one person, soonest to expire first."""

    data: list[HoldView]
    cursor: NextView


def placing(asked: Asked, body: HoldBody, payer: Payer, ticket: ShownTicket | None) -> PlaceHold:
    """Turn a wish into its command."""
    price = Price(body.price_fen, body.amount_fen, body.up_to_fen)
    return PlaceHold(asked, payer, body.unit, body.order_no, price, body.lasts_s, body.at, ticket)


def declare(door: Door, front: Front) -> None:
    """Declare the routes of holds."""

    @door.post("/holds", takes=HoldBody, gives=PlacedView, roles=PAYERS, status=201)
    async def place(asked: Asked, body: HoldBody, call: Call) -> Answer:
        """Set points of all businesses aside for an order, soonest-expiring first, for 24 hours at most."""
        payer, ticket = payer_of(asked, body, front), await ticket_of(asked, body, front)
        return await front.desk.ask(placing(asked, body, payer, ticket))

    @door.post("/holds/{hold}/capture", takes=CaptureBody, gives=CapturedView, roles=UNITS, status=201)
    async def capture(asked: Asked, body: CaptureBody, call: Call) -> Answer:
        """Take what the order came to, in one or several captures; it is settled between units at once."""
        command = CaptureHold(
            asked, call.id_of("hold", "hld"), body.capture_no, body.amount_fen, body.final, body.at
        )
        return await front.desk.ask(command)

    @door.post("/holds/{hold}/release", takes=ReleaseBody, gives=ReleasedView, roles=UNITS)
    async def release(asked: Asked, body: ReleaseBody, call: Call) -> Answer:
        """Give what was not captured back to the very lots it came from."""
        return await front.desk.ask(ReleaseHold(asked, call.id_of("hold", "hld"), body.at))

    @door.get("/holds", takes=HoldOrderQuery, gives=HoldView, roles=UNIT_READERS)
    def read_hold_of_order(asked: Asked, query: HoldOrderQuery, call: Call) -> Mapping[str, Any]:
        """Read the hold of an order of one's own unit: the only proof a till should trust."""
        unit = unit_read(call.principal, query.unit)
        with front.asking(call) as questions:
            return hold_of_order(questions, unit, query.order_no)

    @door.get("/holds/{hold}", takes=Nothing, gives=HoldView, roles=(Role.MEMBER, *UNIT_READERS))
    def read_hold(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read a hold of one's own unit, or one's own, as it stands."""
        with front.asking(call) as questions:
            return hold_view(questions, call.id_of("hold", "hld"))

    _declare_lists(door, front)


def _declare_lists(door: Door, front: Front) -> None:
    @door.get(
        "/holds/{hold}/captures", takes=PageQuery, gives=CapturesView, roles=(Role.MEMBER, *UNIT_READERS)
    )
    def list_captures(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List what was captured of a hold of one's own unit, or of one's own, the last capture first."""
        hold, after = call.id_of("hold", "hld"), front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = captures_of(questions, hold, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}

    @door.get("/wallet/holds", takes=PageQuery, gives=HoldsView, roles=(Role.MEMBER,))
    def list_own_holds(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List one's own open holds, soonest to expire first."""
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = open_holds(questions, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
