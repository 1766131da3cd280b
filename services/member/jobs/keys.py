"""Signing keys by the clock: a new one when it is due, and all announced once a day."""

from collections.abc import Mapping
from typing import Any

from services.member.commands.announce_keys import AnnounceKeys
from services.member.commands.rotate_key import RotateKey
from services.member.domain.books import MemberBooks
from services.member.domain.signing_key import wants_renewal
from services.member.store.ring import Ring
from services.member.store.sealing import new_key
from services.member.store.secret import Secret
from shared.kernel.calendar import day_of
from shared.kernel.command import Asked, Key, fingerprint
from shared.runtime.clock import mint_id, now
from shared.runtime.desk import Desk

SCOPE = "clock"


class Keys:
    """Keeps a key in place that signs."""

    def __init__(self, desk: Desk[MemberBooks], ring: Ring, secret: Secret) -> None:
        self._desk = desk
        self._ring = ring
        self._secret = secret

    def renew(self) -> Mapping[str, Any] | None:
        """Make a new key if this process holds none, or all it holds end within a week; tell its id."""
        self._ring.refresh()
        moment = now()
        if not wants_renewal(self._ring.opened(), moment):
            return None
        # A key that merely stands in the table, sealed under a secret that is gone, helps nobody.
        lost = not wants_renewal(self._ring.believed(moment), moment)
        fresh = new_key(self._secret)
        key = Key(SCOPE, f"rotate {fresh.kid}", fingerprint(fresh.kid))
        command = RotateKey(
            Asked(mint_id(), key), fresh.kid, fresh.public_key, fresh.sealed, only_if_due=not lost
        )
        (answer,) = self._desk.obey_all([command])
        self._ring.refresh()
        return {"kid": fresh.kid, "made": answer.json is not None}

    def announce(self) -> Mapping[str, Any] | None:
        """Announce all keys, the first time that anybody asks on a business day."""
        day = day_of(now()).isoformat()
        key = Key(SCOPE, f"announce-keys {day}", fingerprint(day))
        (answer,) = self._desk.obey_all([AnnounceKeys(Asked(mint_id(), key))])
        if answer.json is None or answer.replayed:
            return None
        return {"announced_on": day}
