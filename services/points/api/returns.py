"""Returns: a unit's own system takes goods back; what they had earned is clawed back, or owed."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel

from services.points.api.front import UNIT_READERS, Front
from services.points.api.lists import NextView, PageQuery
from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.amounts import Fen
from services.points.domain.authority import unit_meant
from services.points.domain.naming import receipt_name_of_day
from services.points.domain.sale import Part
from services.points.queries.coming_back import ComingBack, page_of
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import AmountFen, Day, Moment, Number, Text, UnitCode
from shared.web.strict import Inbound

WRITERS = (Role.UNIT_SYSTEM, Role.IMPORTER)


class ReturnBody(Inbound):
    """How much comes back, under the unit's own return number; `unit` and `at` are for importers.

    `category` says of which category, where the receipt has several.
    """

    return_no: Number
    amount_fen: AmountFen
    category: Annotated[str, Text(32)] | None = None
    unit: UnitCode | None = None
    at: Moment | None = None


class PrintedReturnBody(ReturnBody):
    """A return with what stands on the printed receipt: store, number, and the day of the purchase."""

    store: Annotated[str, Text(64)]
    receipt_no: Number
    purchased_on: Day


class TakenView(BaseModel):
    """What one lot gave."""

    lot: str
    asset: str
    points: int


class ClawedBackView(BaseModel):
    """Points that the returned part had earned: what was taken for them, and what is owed in fen."""

    asset: str
    issuer: str
    points: int
    debt_fen: int
    taken: list[TakenView]


class ReturnView(BaseModel):
    """What was taken back for a returned part; `journal` is null where nothing had been earned for it."""

    return_id: str
    receipt: str
    journal: str | None
    unit: str
    store: str
    receipt_no: str
    return_no: str
    amount_fen: int
    category: str | None
    returned_fen: int
    left_fen: int
    clawed_back: list[ClawedBackView]
    debt_fen: int
    occurred_at: str


class ReturnsView(BaseModel):
    """A page of returns, the last first."""

    data: list[ReturnView]
    cursor: NextView


def declare(door: Door, front: Front) -> None:
    """Declare the routes of returns."""

    def returning(asked: Asked, row: tuple[str, str], unit: str, body: ReturnBody) -> ReturnPurchase:
        part = Part(Fen(body.amount_fen), body.category)
        return ReturnPurchase(asked, row, unit, body.return_no, part, body.at)

    @door.post("/receipts/{receipt}/returns", takes=ReturnBody, gives=ReturnView, roles=WRITERS, status=201)
    async def return_purchase(asked: Asked, body: ReturnBody, call: Call) -> Answer:
        """Take back part or all of a purchase; the points it had earned are clawed back."""
        row = ("receipt", call.id_of("receipt", "rcp"))
        return await front.desk.ask(returning(asked, row, unit_meant(asked.principal, body.unit), body))

    @door.post("/returns", takes=PrintedReturnBody, gives=ReturnView, roles=WRITERS, status=201)
    async def return_printed(asked: Asked, body: PrintedReturnBody, call: Call) -> Answer:
        """Take back part or all of a purchase, with what stands on its printed receipt."""
        unit = unit_meant(asked.principal, body.unit)
        name = receipt_name_of_day(unit, body.store, body.receipt_no, body.purchased_on)
        return await front.desk.ask(returning(asked, ("receipt-name", name), unit, body))

    @door.get(
        "/receipts/{receipt}/returns",
        takes=PageQuery,
        gives=ReturnsView,
        roles=(Role.MEMBER, *UNIT_READERS),
    )
    def list_returns(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List what came back of a receipt of one's own unit, or of one's own, the last return first."""
        receipt, after = call.id_of("receipt", "rcp"), front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = page_of(questions, ComingBack.RETURNS, receipt, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
