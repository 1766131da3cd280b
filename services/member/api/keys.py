"""Doors to signing keys: the public ones for whoever checks tokens, and rotation for operators."""

from typing import Literal

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from services.member.api.front import Front
from services.member.commands.rotate_key import RotateKey
from services.member.store.sealing import new_key
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.door import ANYONE, Call, Door, Given
from shared.web.strict import Nothing
from shared.web.tokens import ALGORITHM


class JsonWebKey(BaseModel):
    """A public key (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    alg: str
    use: Literal["sig"]
    kid: str
    x: str


class JsonWebKeys(BaseModel):
    """All keys whose tokens may be believed now or soon."""

    keys: list[JsonWebKey]


class RotatedView(BaseModel):
    """The new key and the interval in which it signs; the others sign until it begins."""

    rotated: bool
    kid: str
    signs_from: str
    signs_until: str


def declare(door: Door, front: Front) -> None:
    """Add the doors to signing keys."""

    @door.get("/keys", takes=Nothing, gives=JsonWebKeys, roles=ANYONE)
    async def list_public_keys(asked: Asked, taken: Nothing, call: Call) -> Given:
        """Show the public keys as a JSON Web Key Set."""
        keys = front.mint.ring.believed(now())
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "alg": ALGORITHM,
                    "use": "sig",
                    "kid": key.kid,
                    "x": key.public_key,
                }
                for key in keys
            ]
        }

    @door.post("/keys/rotate", takes=Nothing, gives=RotatedView, roles=(Role.OPERATOR,), status=201)
    async def rotate_signing_key(asked: Asked, taken: Nothing, call: Call) -> Given:
        """Let a new signing key follow in a minute; the old one is believed until its last token ran out."""
        fresh = new_key(front.mint.secret)
        answer = await front.desk.ask(RotateKey(asked, fresh.kid, fresh.public_key, fresh.sealed))
        await run_in_threadpool(front.renew_trust)
        return answer
