"""Mints access and refresh tokens, after the commit that they stand for. Refuses to keep any.

The pair of a session's generation is the same however often it is minted: Ed25519 draws nothing, and every
claim comes from the kept answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.member.domain.signing_key import TOKEN_LASTS
from services.member.store.ring import Ring
from services.member.store.secret import Secret
from shared.kernel.principal import Principal, Role
from shared.web.confirmations import LASTS, mint_confirmation
from shared.web.tokens import mint_token

TOKEN_LASTS_S = int(TOKEN_LASTS.total_seconds())


@dataclass(frozen=True, slots=True)
class Mint:
    """The keys under which tokens are signed, and the secret under which refresh tokens are marked."""

    ring: Ring
    secret: Secret

    def pair(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Mint the pair of tokens that a kept answer (member, session, generation, issued_at) names.

        :raises NoSigningKey: if no key signs at that moment.
        """
        principal = Principal(kept["member"], Role.MEMBER)
        return {
            **self.token(principal, datetime.fromisoformat(kept["issued_at"])),
            "refresh_token": self.secret.refresh_token(kept["session"], kept["generation"]),
            "member": kept["member"],
        }

    def confirmation(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Mint the proof that a kept answer (member, purpose, confirmed_at) names.

        :raises NoSigningKey: if no key signs at that moment.
        """
        confirmed_at = datetime.fromisoformat(kept["confirmed_at"])
        kid, key = self.ring.signing_at(confirmed_at)
        return {
            "confirmation": mint_confirmation(key, kid, kept["member"], kept["purpose"], confirmed_at),
            "purpose": kept["purpose"],
            "expires_in": int(LASTS.total_seconds()),
        }

    def token(self, principal: Principal, issued_at: datetime) -> dict[str, Any]:
        """Mint an access token of 15 minutes for a principal.

        :raises NoSigningKey: if no key signs at that moment.
        """
        kid, key = self.ring.signing_at(issued_at)
        return {
            "access_token": mint_token(key, kid, principal, issued_at, TOKEN_LASTS),
            "token_type": "Bearer",
            "expires_in": TOKEN_LASTS_S,
        }
