"""Opening balances: sheets announced and approved by two persons, and their lines as items of a batch."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.commands.announce_sheet import AnnounceSheet
from services.points.commands.approve_sheet import ApproveSheet
from services.points.commands.bring_in_opening import BringInOpening
from services.points.queries.sheets import sheet_of, sheets_listed
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import Form, MemberNumber, Moment, Number, Shown, Text, UnitCode, whole
from shared.web.strict import Inbound, Nothing

READERS = (Role.OPERATOR, Role.FINANCE, Role.IMPORTER)
LINES_MAX = 10_000_000

SheetDigest = Annotated[
    str,
    Form(
        "^[0-9a-f]{64}$",
        64,
        " SHA-256：64 位小写十六进制数字",
        "a SHA-256: 64 hex digits in small letters",
    ),
]
"""The fingerprint of a file."""


class SheetBody(Inbound):
    """A file: how many lines and points, and the SHA-256 of its lines as the loader writes them."""

    unit: UnitCode
    digest: SheetDigest
    lines: Annotated[int, whole(1, LINES_MAX)]
    points: Annotated[int, whole(1)]


class OpeningItem(Inbound):
    """A line of an approved sheet in a batch, with its own stored key; `at` is for replays."""

    kind: Literal["opening"]
    key: Annotated[str, Text(255)]
    sheet: Annotated[str, Shown("sht")]
    unit: UnitCode
    number: MemberNumber
    points: Annotated[int, whole(1, 1_000_000_000)]
    reference: Number
    expires_at: Moment
    earned_at: Moment | None = None
    at: Moment | None = None


class SheetAnnounced(BaseModel):
    """A sheet that waits for another person."""

    sheet: str
    unit: str
    asset: str
    digest: str
    lines: int
    points: int
    asked_by: str
    approved_by: str | None


class SheetApproved(BaseModel):
    """A sheet whose lines may be brought in."""

    sheet: str
    unit: str
    approved_by: str


class SheetView(BaseModel):
    """A sheet, and what was brought in of it so far."""

    sheet: str
    unit: str
    digest: str
    lines: int
    points: int
    asked_by: str
    asked_at: str
    approved_by: str | None
    approved_at: str | None
    taken_lines: int
    taken_points: int


class SheetsView(BaseModel):
    """A page of sheets, newest first."""

    data: list[SheetView]
    cursor: NextView


def bringing_in(asked: Asked, item: OpeningItem) -> BringInOpening:
    """Turn a line into its command."""
    return BringInOpening(
        asked,
        item.sheet,
        item.unit,
        item.number,
        item.points,
        item.reference,
        item.expires_at,
        item.earned_at,
        item.at,
    )


def declare(door: Door, front: Front) -> None:
    """Declare the routes of sheets; their lines come through the batch door."""

    @door.post("/openings", takes=SheetBody, gives=SheetAnnounced, roles=(Role.OPERATOR,), status=201)
    async def announce_sheet(asked: Asked, body: SheetBody, call: Call) -> Answer:
        """Announce a file of opening balances; another person approves it before a line is taken."""
        return await front.desk.ask(AnnounceSheet(asked, body.unit, body.digest, body.lines, body.points))

    @door.post(
        "/openings/{sheet}/approve", takes=Nothing, gives=SheetApproved, roles=(Role.OPERATOR, Role.FINANCE)
    )
    async def approve_sheet(asked: Asked, body: Nothing, call: Call) -> Answer:
        """Approve another person's sheet: the unit's finance, or another operator."""
        return await front.desk.ask(ApproveSheet(asked, call.id_of("sheet", "sht")))

    @door.get("/openings", takes=PageQuery, gives=SheetsView, roles=READERS)
    def list_sheets(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List sheets, newest first; finance sees its own unit's."""
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = sheets_listed(questions, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}

    @door.get("/openings/{sheet}", takes=Nothing, gives=SheetView, roles=READERS)
    def read_sheet(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read a sheet and how much of it was brought in."""
        with front.asking(call) as questions:
            return sheet_of(questions, call.id_of("sheet", "sht"))
