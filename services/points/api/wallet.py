"""The member's wallet: what there is, what is pending, what expires soon, and what it is worth."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.queries.wallet import holder_of, wallet_of
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.door import Call, Door
from shared.web.strict import Nothing


class AssetView(BaseModel):
    """Points of one asset: usable now, pending, expiring within 30 days, and what the usable are worth."""

    asset: str
    available: int
    pending: int
    expiring_soon: int
    next_expiry_at: str | None
    worth_fen: int


class WalletView(BaseModel):
    """All points of one person over all businesses."""

    holder: str | None
    worth_fen: int
    assets: list[AssetView]


def declare(door: Door, front: Front) -> None:
    """Declare the member's wallet."""

    @door.get("/wallet", takes=Nothing, gives=WalletView, roles=(Role.MEMBER,))
    def read_wallet(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Show one's own points: per asset available, pending, expiring soon, and worth in fen."""
        with front.reader.asked_by() as questions:
            holder = holder_of(questions, call.principal.subject)
        if holder is None:
            return {"holder": None, "worth_fen": 0, "assets": []}
        with front.reader.asked_by(holder=holder) as questions:
            return wallet_of(questions, holder, now())
