"""Who is calling: by a token, or by a signature over the request. Refuses both at once, and to guess.

Keys are looked for in memory. Nobody is told that theirs is unknown before that was read again: it may be a
moment younger.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.kernel.command import Nonce
from shared.kernel.principal import Principal
from shared.kernel.refusal import Unauthenticated
from shared.web.arrival import Arrival

_BEARER = "bearer "
_OF_A_KEY = frozenset({"key-unknown", "signature-invalid"})

Learn = Callable[[], Awaitable[bool]]
"""Waits until the known keys are read again, and tells whether there is any news among them."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a valid signature proves: who signed, with which number used once, replayable until when."""

    principal: Principal
    nonce: str
    expires_at: datetime

    def used_by(self, asked_id: str) -> Nonce:
        """Give the number used once as the desk takes it: the client's own, owned by this request."""
        return Nonce(f"{self.principal.subject}:{self.nonce}", asked_id, self.expires_at)


class Tokens(Protocol):
    """Reads bearer tokens."""

    def read(self, token: str) -> Principal:
        """Verify a token.

        :raises Unauthenticated: if it is not one of ours, or no longer.
        """


class Signatures(Protocol):
    """Verifies signed requests."""

    def verify(self, arrival: Arrival, body: bytes, *, write: bool) -> Signed:
        """Verify the signature over a request.

        :raises Unauthenticated: if it is missing a component, too old, or not the client's.
        """


class Callers:
    """Finds the principal of a request by whichever proof it carries.

    :param learn: how to come to know keys that are new; without it, what is known is all there is.
    """

    def __init__(
        self,
        tokens: Tokens | None = None,
        signatures: Signatures | None = None,
        learn: Learn | None = None,
    ) -> None:
        self._tokens = tokens
        self._signatures = signatures
        self._learn = learn

    async def may_be_known_now(self, stranger: Unauthenticated) -> bool:
        """Wait until keys are read again, if it was a key that was missing; tell whether to look again."""
        if self._learn is None or stranger.facts.get("cause") not in _OF_A_KEY:
            return False
        return await self._learn()

    def find(self, arrival: Arrival, body: bytes, *, write: bool) -> tuple[Principal, Nonce | None]:
        """Find who is calling, and the number used once if the request is a signed write.

        :raises Unauthenticated: if there is no proof, a wrong one, or two.
        """
        authorization = arrival.header(b"authorization")
        signed = b"signature-input" in arrival.headers
        if authorization is not None and signed:
            raise Unauthenticated(cause="two-proofs")
        if authorization is not None and self._tokens is not None:
            if authorization[: len(_BEARER)].lower() != _BEARER:
                raise Unauthenticated(cause="not-a-bearer-token")
            return self._tokens.read(authorization[len(_BEARER) :]), None
        if signed and self._signatures is not None:
            proof = self._signatures.verify(arrival, body, write=write)
            return proof.principal, proof.used_by(arrival.id) if write else None
        raise Unauthenticated(cause="no-proof")
