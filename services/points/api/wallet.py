"""The member's wallet: what there is, what is pending, what expires soon, and what it is worth."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.runtime.reading_room import ReadingRoom
from shared.web.door import Call, Door
from shared.web.strict import Nothing


class AssetView(BaseModel):
    """Points of one asset: usable, pending, on hold, expiring within 30 days; what the usable are worth."""

    asset: str
    available: int
    pending: int
    held: int
    expiring_soon: int
    next_expiry_at: str | None
    worth_fen: int


class DebtView(BaseModel):
    """What is owed to one unit after a return, until the next points repay it."""

    unit: str
    amount_fen: int


class WalletView(BaseModel):
    """All points of one person over all businesses, and what they owe."""

    holder: str | None
    worth_fen: int
    assets: list[AssetView]
    owed_fen: int
    owed: list[DebtView]


def declare(door: Door, wallets: ReadingRoom[str, Mapping[str, Any]]) -> None:
    """Declare the member's wallet."""

    @door.get("/wallet", takes=Nothing, gives=WalletView, roles=(Role.MEMBER,))
    async def read_wallet(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Show one's own points: per asset available, pending, on hold, expiring soon, and worth in fen."""
        return await wallets.ask(call.principal.subject)
