"""Statements: a unit's month, its figures as JSON and CSV, and the lines down to journal and receipt."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel

from services.points.api.front import UNIT_READERS, Front
from services.points.api.lists import NextView, PageQuery
from services.points.queries.statement import statement_as_csv, statement_of
from services.points.queries.statement_lines import lines_of
from shared.kernel.command import Asked
from shared.web.door import Call, Door
from shared.web.faults import malformed
from shared.web.reply import Reply, csv_reply, json_reply
from shared.web.strict import Inbound

CURSOR_PARTS = 2
"""Journal and line; a cursor of the releases before has the line alone, and goes on nowhere any more."""


class FormatQuery(Inbound):
    """In which form the statement is wanted."""

    form: Literal["json", "csv"] = "json"


class StatementView(BaseModel):
    """A unit's statement of one month."""

    statement: str
    month: str
    unit: str
    net_fen: int
    issued_at: str


class LineView(BaseModel):
    """One line: a movement of points or money that the unit took part in."""

    line: int
    journal: str
    kind: str
    occurred_at: str
    asset: str
    amount: int
    issuer: str | None
    counterpart: str | None
    paid_fen: int | None
    receipt_no: str | None
    order_no: str | None


class LinesView(BaseModel):
    """A page of lines, journal by journal, the one that was asked for first before the others."""

    data: list[LineView]
    cursor: NextView


def declare(door: Door, front: Front) -> None:
    """Declare the routes of statements."""

    @door.get("/statements/{statement}", takes=FormatQuery, gives=StatementView, roles=UNIT_READERS)
    def read_statement(asked: Asked, query: FormatQuery, call: Call) -> Reply:
        """Read a statement as JSON, or as CSV with `form=csv`."""
        with front.asking(call) as questions:
            found = statement_of(questions, call.id_of("statement", "stm"))
        if query.form == "csv":
            return csv_reply(statement_as_csv(found), f"statement-{found['month']}-{found['unit']}.csv")
        return json_reply(found)

    @door.get("/statements/{statement}/lines", takes=PageQuery, gives=LinesView, roles=UNIT_READERS)
    def list_lines(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List the lines behind a statement; each leads to its journal, and to the receipt that earned the
        lot.
        """
        after = front.after(call, query.cursor)
        if after is not None and len(after) != CURSOR_PARTS:
            raise malformed("/cursor", "cursor", "请从第一页重新读取", "this list begins anew: leave it out")
        with front.asking(call) as questions:
            rows, last = lines_of(questions, call.id_of("statement", "stm"), query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
