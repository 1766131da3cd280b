"""Receipts: a unit's system or an importer reports a purchase, and it earns once; what came back of it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from services.points.api.front import UNIT_READERS, Front, unit_read
from services.points.api.returns import ReturnView
from services.points.api.splits import CutView, SplitBody
from services.points.commands.earn_points import EarnPoints
from services.points.domain.doubt import Source
from services.points.queries.receipts import receipt_as_printed, receipt_of
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import Day, MemberNumber, Moment, Number, Text, UnitCode
from shared.web.strict import Inbound, Nothing


class ReceiptBody(SplitBody):
    """A purchase as the till saw it, or a payment notice told it; `at` is for importers."""

    unit: UnitCode
    store: Annotated[str, Text(64)]
    receipt_no: Number
    number: MemberNumber
    purchased_at: Moment
    source: Literal["till", "payment"] = "till"
    at: Moment | None = None


class ReceiptItem(ReceiptBody):
    """A receipt in a batch, with its own stored key."""

    kind: Literal["receipt"]
    key: Annotated[str, Text(255)]


class BonusView(BaseModel):
    """What a campaign added: a lot of its own, issued by the bearer."""

    campaign: str
    bearer: str
    asset: str
    points: int
    lot: str


class ReceiptView(BaseModel):
    """What a receipt earned and what was cut; `lot` and its times are null where it earned nothing."""

    receipt: str
    unit: str
    store: str
    receipt_no: str
    amount_fen: int
    source: str = "till"
    asset: str
    points: int
    lot: str | None
    available_at: str | None
    expires_at: str | None
    bonus: BonusView | None
    cut: list[CutView]


class PrintedQuery(Inbound):
    """What stands on the printed receipt; an importer or operator names the unit as well."""

    store: Annotated[str, Text(64)]
    receipt_no: Number
    purchased_on: Day
    unit: UnitCode | None = None


class ReturnedView(ReceiptView):
    """A receipt, what came back of it in all, and the last ten returns, oldest first.

    `has_earlier_returns` says that there are more, which the list of returns has.
    """

    purchased_at: str
    returned_fen: int
    returns: list[ReturnView]
    has_earlier_returns: bool


def earning(asked: Asked, body: ReceiptBody) -> EarnPoints:
    """Turn a reported purchase into its command."""
    return EarnPoints(
        asked,
        body.unit,
        body.store,
        body.receipt_no,
        body.number,
        body.amount_fen,
        body.purchased_at,
        body.at,
        body.split,
        Source(body.source),
    )


def declare(door: Door, front: Front) -> None:
    """Declare the routes of receipts."""

    @door.post(
        "/receipts", takes=ReceiptBody, gives=ReceiptView, roles=(Role.UNIT_SYSTEM, Role.IMPORTER), status=201
    )
    async def report_receipt(asked: Asked, body: ReceiptBody, call: Call) -> Answer:
        """Report a purchase: it earns points for the member number under the unit's rule, once."""
        return await front.desk.ask(earning(asked, body))

    @door.get("/receipts", takes=PrintedQuery, gives=ReturnedView, roles=UNIT_READERS)
    def read_printed(asked: Asked, query: PrintedQuery, call: Call) -> Mapping[str, Any]:
        """Read what a receipt of one's own unit earned and what came back of it, by what is printed on it."""
        unit = unit_read(call.principal, query.unit)
        with front.asking(call) as questions:
            return receipt_as_printed(questions, unit, query.store, query.receipt_no, query.purchased_on)

    @door.get("/receipts/{receipt}", takes=Nothing, gives=ReturnedView, roles=(Role.MEMBER, *UNIT_READERS))
    def read_receipt(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read a receipt of one's own unit, or one's own, with what came back of it last."""
        with front.asking(call) as questions:
            return receipt_of(questions, call.id_of("receipt", "rcp"))
