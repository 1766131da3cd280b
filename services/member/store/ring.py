"""The keys that this process signs with, unsealed in its memory alone, and those it believes.

Refuses to choose: which key signs when is the domain's rule.
"""

import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime

from joserfc.jwk import OKPKey
from psycopg2.extensions import connection as Connection

from services.member.domain.signing_key import SigningKey, believed, key_at
from services.member.store.sealing import unsealed
from services.member.store.secret import Secret
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

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
        self._keys: tuple[SigningKey, ...] = ()
        self._private: dict[str, OKPKey] = {}

    def refresh(self) -> Sequence[SigningKey]:
        """Read the keys again and unseal what is new; give all that are known."""
        with self._lock:
            keys = self._read()
            private = {key.kid: self._private.get(key.kid) or self._opened(key) for key in keys}
            self._keys, self._private = keys, private
            return keys

    def believed(self, moment: datetime) -> list[SigningKey]:
        """List the keys whose tokens may be believed at this moment or later."""
        return believed(self._keys, moment)

    def signing_at(self, moment: datetime) -> OKPKey:
        """Give the private key that signs at this moment.

        :raises NoSigningKey: if there is none.
        """
        key = key_at(self._keys, moment)
        if key is None:
            raise NoSigningKey()
        return self._private[key.kid]

    def _read(self) -> tuple[SigningKey, ...]:
        connection = self._connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(_READ)
                return tuple(
                    SigningKey(kid, public, bytes(sealed), begins, until, version)
                    for kid, public, sealed, begins, until, version in cursor.fetchall()
                )
        finally:
            connection.close()

    def _opened(self, key: SigningKey) -> OKPKey:
        raw = unsealed(self._secret, key.kid, key.sealed)
        written = urlsafe_b64encode(raw).rstrip(b"=").decode()
        return OKPKey.import_key(
            {"kty": "OKP", "crv": "Ed25519", "kid": key.kid, "x": key.public_key, "d": written}
        )
