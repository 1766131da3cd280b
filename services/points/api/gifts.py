"""Gifts: a member prepares one, confirms it with the proof that member gave for a code, and looks at them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.api.receivers import Receiver, ReceiverView, identity_of
from services.points.commands.give_points import GivePoints
from services.points.commands.prepare_gift import PrepareGift
from services.points.domain.gift import WrongConfirmation
from services.points.queries.gifts import gift_of, gifts_of
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.confirmations import ConfirmationReader
from shared.web.door import Call, Door
from shared.web.fields import AssetCode, Form, whole
from shared.web.strict import Inbound, Nothing

POINTS_MAX = 1_000_000_000


Proof = Annotated[
    str,
    Form(
        "^[A-Za-z0-9_.-]{1,900}$",
        900,
        " /member/v1/confirmations/answer 给出的 confirmation 原文",
        "the confirmation as /member/v1/confirmations/answer gave it",
    ),
]
"""A proof, as it was given."""


class GiftBody(Inbound):
    """Whom to give how many points of which asset."""

    receiver: Receiver
    asset: AssetCode
    points: Annotated[int, whole(1, POINTS_MAX)]


class ConfirmBody(Inbound):
    """The proof from `/member/v1/confirmations/answer`, asked for this very gift."""

    confirmation: Proof


class GiftView(BaseModel):
    """A gift: `prepared` until it is confirmed, then `given`."""

    gift: str
    state: str
    asset: str
    points: int
    expires_at: str
    given_at: str | None


class GiftLine(GiftView):
    """One of one's own gifts, with whom it is for; `over` if nobody confirmed it in time."""

    receiver: ReceiverView
    asked_at: str


class GiftsView(BaseModel):
    """A page of gifts, newest first."""

    data: list[GiftLine]
    cursor: NextView


def declare(door: Door, front: Front, proofs: ConfirmationReader) -> None:
    """Declare the routes of gifts."""

    @door.post("/gifts", takes=GiftBody, gives=GiftView, roles=(Role.MEMBER,), status=201)
    async def prepare(asked: Asked, body: GiftBody, call: Call) -> Answer:
        """Prepare a gift to another member; nothing moves until a code to one's own phone confirms it."""
        return await front.desk.ask(
            PrepareGift(asked, call.principal.subject, identity_of(body.receiver), body.asset, body.points)
        )

    @door.post("/gifts/{gift}/confirm", takes=ConfirmBody, gives=GiftView, roles=(Role.MEMBER,))
    async def confirm(asked: Asked, body: ConfirmBody, call: Call) -> Answer:
        """Confirm one's own gift: the points pass at once, with their issuer and their end."""
        gift = call.id_of("gift", "gft")
        if not proofs.proves(body.confirmation, call.principal.subject, call.path["gift"]):
            raise WrongConfirmation()
        return await front.desk.ask(GivePoints(asked, gift))

    @door.get("/gifts", takes=PageQuery, gives=GiftsView, roles=(Role.MEMBER,))
    def list_gifts(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List one's own gifts, newest first."""
        after = front.after(call, query.cursor)
        member = call.principal.subject
        with front.asking(call) as questions:
            rows, last = gifts_of(questions, member, now(), query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}

    @door.get("/gifts/{gift}", takes=Nothing, gives=GiftLine, roles=(Role.MEMBER,))
    def read_gift(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read one of one's own gifts."""
        member, gift = call.principal.subject, call.id_of("gift", "gft")
        with front.asking(call) as questions:
            return gift_of(questions, member, gift, now())
