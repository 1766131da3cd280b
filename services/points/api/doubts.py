"""Receipts in doubt: claimed by members who photographed one, decided by people with both sides shown."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.api.receipts import ReceiptView
from services.points.api.receivers import ReceiverView
from services.points.commands.claim_receipt import ClaimReceipt
from services.points.commands.earn_points import EarnPoints
from services.points.commands.reject_doubt import RejectDoubt
from services.points.domain.doubt import Acceptance, DoubtState, Source
from services.points.queries.doubts import DoubtFacts, claims_of, doubt_facts, doubts_listed
from shared.kernel.command import Answer, Asked
from shared.kernel.ids import shown
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import AmountFen, Moment, Number, Shown, Text, UnitCode
from shared.web.strict import Inbound

STAFF = (Role.OPERATOR, Role.FINANCE)


class ClaimBody(Inbound):
    """What stands on the receipt that the member photographed; the picture stays with the member."""

    unit: UnitCode
    store: Annotated[str, Text(64)]
    receipt_no: Number
    amount_fen: AmountFen
    purchased_at: Moment


class ReasonBody(Inbound):
    """Why it is decided like this."""

    reason: Annotated[str, Text(200, 4)]


class AcceptBody(ReasonBody):
    """Why it is accepted; `beside` names the `known` receipt beside which it is a purchase of its own."""

    beside: Annotated[str, Shown("rcp")] | None = None


class DoubtsQuery(PageQuery):
    """Doubts in one state (open, if not stated), or all of them."""

    state: Literal["open", "settled", "accepted", "rejected", "all"] = "open"


class ClaimView(BaseModel):
    """A claim: in doubt until till, payment notice or a person tells; `earned` if it was known already."""

    doubt: str | None
    state: str
    unit: str
    store: str
    receipt_no: str
    amount_fen: int
    points: int | None


class DoubtView(BaseModel):
    """What was told of a receipt, by which way, for whom, and what became of it."""

    doubt: str
    state: str
    unit: str
    store: str
    receipt_no: str
    receiver: ReceiverView
    amount_fen: int
    purchased_at: str
    source: str
    told_at: str
    decided_by: str | None
    decided_at: str | None
    reason: str | None


class ClaimLine(DoubtView):
    """One of one's own claims, and what it earned."""

    points: int | None


class KnownView(BaseModel):
    """What is known of the same receipt; whose it is only where one may know."""

    receipt: str
    amount_fen: int
    points: int
    receiver: ReceiverView | None


class DoubtLine(DoubtView):
    """A doubt beside the receipt of the same name, if there is one, and the first of two persons' yes."""

    told_by: str
    known: KnownView | None
    first_accepted_by: str | None
    first_reason: str | None


class ClaimsView(BaseModel):
    """A page of claims, newest first."""

    data: list[ClaimLine]
    cursor: NextView


class DoubtsView(BaseModel):
    """A page of doubts, newest first."""

    data: list[DoubtLine]
    cursor: NextView


class RejectedView(BaseModel):
    """A doubt that earns nothing."""

    doubt: str
    state: str
    decided_by: str


def declare(door: Door, front: Front) -> None:
    """Declare the routes of claims, for members, and of doubts, for staff."""
    _declare_claims(door, front)
    _declare_doubts(door, front)


def _declare_claims(door: Door, front: Front) -> None:
    @door.post("/receipts/claims", takes=ClaimBody, gives=ClaimView, roles=(Role.MEMBER,), status=202)
    async def claim(asked: Asked, body: ClaimBody, call: Call) -> Answer:
        """Claim a receipt that one photographed: it earns once till, payment notice or a person tells so."""
        return await front.desk.ask(
            ClaimReceipt(
                asked,
                call.principal.subject,
                body.unit,
                body.store,
                body.receipt_no,
                body.amount_fen,
                body.purchased_at,
            )
        )

    @door.get("/receipts/claims", takes=PageQuery, gives=ClaimsView, roles=(Role.MEMBER,))
    def list_claims(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List one's own claims, newest first."""
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = claims_of(questions, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}


def _declare_doubts(door: Door, front: Front) -> None:
    def seen(call: Call) -> DoubtFacts:
        with front.asking(call) as questions:
            return doubt_facts(questions, call.id_of("doubt", "dbt"))

    @door.get("/receipts/doubts", takes=DoubtsQuery, gives=DoubtsView, roles=STAFF)
    def list_doubts(asked: Asked, query: DoubtsQuery, call: Call) -> Mapping[str, Any]:
        """List receipts in doubt, each beside what is known of it; finance sees its own unit's."""
        state = None if query.state == "all" else DoubtState(query.state)
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = doubts_listed(questions, state, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}

    @door.post("/receipts/doubts/{doubt}/accept", takes=AcceptBody, gives=ReceiptView, roles=STAFF)
    async def accept_doubt(asked: Asked, body: AcceptBody, call: Call) -> Answer:
        """Accept a doubt: it earns as the receipt, or as one of its own `beside` the known one.

        Of a receipt above what one person may accept, the first yes is kept and another person's is needed.
        """
        facts = await call.threads.run(seen, call)
        beside = None if body.beside is None else shown("rcp", body.beside)
        yes = Acceptance(call.id_of("doubt", "dbt"), facts.identity, body.reason, beside)
        return await front.desk.ask(
            EarnPoints(
                asked,
                facts.unit,
                facts.store,
                facts.number,
                "",
                facts.amount_fen,
                facts.purchased_at,
                source=Source(facts.source),
                accepted=yes,
            )
        )

    @door.post("/receipts/doubts/{doubt}/reject", takes=ReasonBody, gives=RejectedView, roles=STAFF)
    async def reject_doubt(asked: Asked, body: ReasonBody, call: Call) -> Answer:
        """Reject a doubt: it earns nothing, and whoever told it reads why."""
        facts = await call.threads.run(seen, call)
        return await front.desk.ask(RejectDoubt(asked, call.id_of("doubt", "dbt"), facts.name, body.reason))
