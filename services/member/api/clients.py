"""Doors to clients: the systems whose signed requests are believed. Operators alone pass."""

from typing import Literal

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from services.member.api.front import Front
from services.member.api.shapes import ClientName, PublicKey
from services.member.commands.register_client import RegisterClient
from services.member.commands.revoke_client import RevokeClient
from services.member.queries.client_list import client_list
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.runtime.database import EVERY_UNIT
from shared.web.door import Call, Door, Given
from shared.web.fields import UnitCode
from shared.web.strict import Inbound, Nothing


class ClientWanted(Inbound):
    """A system with its public key; a unit-system names its unit, an importer none."""

    client: ClientName
    role: Literal["unit-system", "importer"]
    unit: UnitCode | None = None
    public_key: PublicKey


class ClientView(BaseModel):
    """A client as it stands."""

    client: str
    role: str
    unit: str | None
    public_key: str


class ClientRow(ClientView):
    """A client in the list."""

    registered_at: str
    revoked_at: str | None


class ClientsView(BaseModel):
    """All clients, by name; there are few."""

    data: list[ClientRow]
    cursor: dict[str, str | None]


class RevokedView(BaseModel):
    """The client's key is no longer believed."""

    client: str


def declare(door: Door, front: Front) -> None:
    """Add the doors to clients."""

    @door.post("/clients", takes=ClientWanted, gives=ClientView, roles=(Role.OPERATOR,), status=201)
    async def register_system(asked: Asked, taken: ClientWanted, call: Call) -> Given:
        """Register a system's public key; its requests are believed from the answer on."""
        command = RegisterClient(asked, taken.client, Role(taken.role), taken.unit, taken.public_key)
        answer = await front.desk.ask(command)
        await run_in_threadpool(front.renew_trust)
        return answer

    @door.post("/clients/{client}/revoke", takes=Nothing, gives=RevokedView, roles=(Role.OPERATOR,))
    async def revoke_system(asked: Asked, taken: Nothing, call: Call) -> Given:
        """End a system's key; nothing it signs is believed from the answer on."""
        answer = await front.desk.ask(RevokeClient(asked, call.path["client"]))
        await run_in_threadpool(front.renew_trust)
        return answer

    @door.get("/clients", takes=Nothing, gives=ClientsView, roles=(Role.OPERATOR,))
    def list_systems(asked: Asked, taken: Nothing, call: Call) -> Given:
        """List all clients, revoked ones too."""
        with front.reader.asked_by(unit=EVERY_UNIT) as questions:
            return {"data": client_list(questions), "cursor": {"next": None}}
