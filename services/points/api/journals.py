"""Movements: a member's history, newest first, and any one journal line by line."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.queries.history import history
from services.points.queries.journal import journal_view
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.strict import Nothing


class MovementView(BaseModel):
    """Points of one asset that came (positive) or went (negative)."""

    asset: str
    points: int


class JournalView(BaseModel):
    """One movement: an earning, a redemption, a hold, its capture or release, a refund, a return.

    `movements` are points to spend, `on_hold` those set aside. `about` is the id under which more is read:
    of a redemption, a hold, a receipt, an exchange, or one's own gift; of the rest there is no more.
    """

    journal: str
    kind: str
    unit: str
    occurred_at: str
    order_no: str | None
    receipt_no: str | None
    about: str | None
    movements: list[MovementView]
    on_hold: list[MovementView]


class HistoryView(BaseModel):
    """A page of history, newest first."""

    data: list[JournalView]
    cursor: NextView


class AccountView(BaseModel):
    """An account by what it stands for; a member's (wallet, held, debt) belongs to no unit."""

    role: str
    unit: str | None


class BookedLineView(BaseModel):
    """One line: points of a lot, or money in 1/100 fen; `cause` is what it settles, spends or reverses."""

    model_config = ConfigDict(populate_by_name=True)

    line: int
    asset: str
    amount: int
    source: AccountView = Field(alias="from")
    target: AccountView = Field(alias="to")
    lot: str | None
    issuer: str | None
    paid_fen: int | None
    cause: int | None


class BookedView(BaseModel):
    """A journal as it was booked, once and for ever."""

    journal: str
    kind: str
    unit: str
    month: str
    concerns_month: str | None
    occurred_at: str
    posted_at: str
    lines: list[BookedLineView]


def declare(door: Door, front: Front) -> None:
    """Declare the member's history."""

    @door.get("/journals", takes=PageQuery, gives=HistoryView, roles=(Role.MEMBER,))
    def list_journals(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List one's own movements, newest first."""
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = history(questions, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}

    @door.get(
        "/journals/{journal}",
        takes=Nothing,
        gives=BookedView,
        roles=(Role.MEMBER, Role.UNIT_SYSTEM, Role.FINANCE, Role.OPERATOR, Role.IMPORTER),
    )
    def read_journal(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read one movement line by line: of one's own points, or one in which one's unit took part."""
        with front.asking(call) as questions:
            return journal_view(questions, call.id_of("journal", "jrn"))
