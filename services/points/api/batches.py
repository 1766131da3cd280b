"""The batch door: up to 1,000 receipts, redemptions, opening balances in order, each answered by itself."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from services.points.api.front import Front
from services.points.api.openings import OpeningItem, bringing_in
from services.points.api.receipts import ReceiptItem, earning
from services.points.api.redemptions import RedemptionItem, redeeming
from services.points.commands.bring_in_opening import BringInOpening
from services.points.commands.earn_points import EarnPoints
from services.points.commands.redeem_points import RedeemPoints
from services.points.domain.books import LedgerBooks
from services.points.domain.naming import number_identity
from shared.kernel.command import Answer, Asked, fingerprint
from shared.kernel.principal import Role
from shared.kernel.refusal import Busy, Forbidden
from shared.runtime.clock import mint_id
from shared.runtime.desk import Desk
from shared.web.batch_reply import batch_reply
from shared.web.door import Call, Door
from shared.web.reply import Reply
from shared.web.strict import Inbound

ITEMS_MAX = 1_000
PATIENCE_S = 20.0
CREATED = 201

Item = Annotated[ReceiptItem | RedemptionItem | OpeningItem, Field(discriminator="kind")]


ItemCommand = EarnPoints | RedeemPoints | BringInOpening


class BatchBody(Inbound):
    """Items that are obeyed in this order; the batch's own key only names it in the log."""

    items: Annotated[list[Item], Field(min_length=1, max_length=ITEMS_MAX)]


class ItemView(BaseModel):
    """One item's own answer: its status and body, and whether it was given before."""

    status: int
    body: dict[str, object]
    replayed: bool = False


class BatchView(BaseModel):
    """Answers in the order of the items."""

    results: list[ItemView]


def _command(asked: Asked, item: ReceiptItem | RedemptionItem | OpeningItem) -> ItemCommand:
    assert asked.principal is not None
    # Every field in its order, each set off from the next: the same item gives the same print.
    print_ = fingerprint(*map(str, item.__dict__.values()))
    own = asked.for_item(mint_id(), item.key, print_)
    if isinstance(item, ReceiptItem):
        return earning(own, item)
    if asked.principal.role is not Role.IMPORTER:
        raise Forbidden(needed="importer")
    if isinstance(item, OpeningItem):
        return bringing_in(own, item)
    return redeeming(own, item, number_identity(item.unit, item.number))


async def obeyed_in_order(desk: Desk[LedgerBooks], commands: Sequence[ItemCommand]) -> list[Answer]:
    """Hand in one desk batch after the other, and nothing behind an item that must be asked again.

    Otherwise, after an outage of the database, a later item would be obeyed before an earlier one of the same
    member, and the year would come out differently.
    """
    answers: list[Answer] = []
    for start in range(0, len(commands), desk.limits.batch):
        part = await desk.ask_all(commands[start : start + desk.limits.batch], PATIENCE_S)
        answers += part
        if any(answer.refusal is not None and answer.refusal.retryable for answer in part):
            break
    return answers + [Answer(refusal=Busy())] * (len(commands) - len(answers))


def declare(door: Door, front: Front) -> None:
    """Declare the batch door."""

    @door.post("/batches", takes=BatchBody, gives=BatchView, roles=(Role.UNIT_SYSTEM, Role.IMPORTER))
    async def obey_batch(asked: Asked, body: BatchBody, call: Call) -> Reply:
        """Obey up to 1,000 items in order: a unit's system its own receipts, an importer anything."""
        commands = [_command(asked, item) for item in body.items]
        answers = await obeyed_in_order(front.desk, commands)
        return batch_reply(answers, call, CREATED)
