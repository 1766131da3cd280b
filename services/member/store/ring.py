"""The keys that this process signs with, unsealed in its memory alone, and those it believes.

Refuses to choose: which key signs when is the domain's rule.
"""

import threading
from collections.abc import Callable
from datetime import datetime

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg2.extensions import connection as Connection

from services.member.domain.signing_key import SigningKey, believed, key_at
from services.member.store.sealing import unsealed
from services.member.store.secret import Secret
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words
from shared.runtime.clock import now
from shared.web.keys import public_key_of

log = structlog.get_logger("ring")
_READ = "SELECT kid, public_key, sealed, signs_from, signs_until, version FROM signing_keys"


class NoSigningKey(Refusal):
    """No key signs at this moment; the next round of the clock makes one."""

    kind = Kind.AWAY
    code = "no-signing-key"
    retryable = True
    title = Words("暂时无法签发令牌", "No key can sign just now")
    advice = Words("请稍候重试。", "Wait a moment and try again.")


class Ring:
    """The signing keys as this process knows them."""

    def __init__(self, secret: Secret, connect: Callable[[], Connection]) -> None:
        self._secret = secret
        self._connect = connect
        self._lock = threading.Lock()
        self._keys: dict[str, SigningKey] = {}
        self._public: dict[str, Ed25519PublicKey] = {}
        self._private: dict[str, Ed25519PrivateKey] = {}

    def refresh(self) -> bool:
        """Read the keys again and unseal those that are new; tell whether anything is."""
        with self._lock:
            keys = {key.kid: key for key in self._read()}
            opened = {
                kid: self._private.get(kid) if kid in self._keys else self._opened(key)
                for kid, key in keys.items()
            }
            self._public = {kid: public_key_of(key.public_key) for kid, key in keys.items()}
            self._private = {kid: private for kid, private in opened.items() if private is not None}
            news = keys != self._keys
            self._keys = keys
            return news

    def find(self, kid: str) -> Ed25519PublicKey | None:
        """Find a key whose tokens are believed now."""
        key = self._keys.get(kid)
        return self._public[kid] if key is not None and now() < key.not_after else None

    def believed(self, moment: datetime) -> list[SigningKey]:
        """List the keys whose tokens may be believed at this moment or later."""
        return believed(self._keys.values(), moment)

    def signing_at(self, moment: datetime) -> tuple[str, Ed25519PrivateKey]:
        """Give the id and the private part of the key that signs at this moment.

        :raises NoSigningKey: if there is none that this process can open.
        """
        private = self._private
        key = key_at([key for key in self._keys.values() if key.kid in private], moment)
        if key is None:
            raise NoSigningKey()
        return key.kid, private[key.kid]

    def opened(self) -> list[SigningKey]:
        """List the keys whose private part this process holds."""
        return [key for key in self._keys.values() if key.kid in self._private]

    def _read(self) -> list[SigningKey]:
        connection = self._connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(_READ)
                return [
                    SigningKey(kid, public, bytes(sealed), begins, until, version)
                    for kid, public, sealed, begins, until, version in cursor.fetchall()
                ]
        finally:
            connection.close()

    def _opened(self, key: SigningKey) -> Ed25519PrivateKey | None:
        try:
            return Ed25519PrivateKey.from_private_bytes(unsealed(self._secret, key.kid, key.sealed))
        except InvalidTag:
            # Sealed under a secret that is gone: it still proves old tokens, but signs no new one.
            log.error("key.sealed_under_another_secret", kid=key.kid)
            return None
