"""The key book of tests: public keys that no event announced. Refuses to remember them beyond a test."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.runtime.clock import now


class KeysInMemory:
    """Public keys in memory, each until its end."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[Ed25519PublicKey, datetime]] = {}

    def find(self, kid: str) -> Ed25519PublicKey | None:
        """Find a key that is published and not over."""
        found = self._keys.get(kid)
        return found[0] if found is not None and now() < found[1] else None

    def publish(self, kid: str, key: Ed25519PublicKey, not_after: datetime) -> None:
        """Take a key in; tokens under it are trusted until that moment, exclusive."""
        self._keys[kid] = (key, not_after)
