"""Pay codes out of requests, and digests out of codes, under the service's secret. Refuses to keep either.

The code follows from the id of the request that asked for it, so that the same request shows the same code
and nothing that is kept tells it.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new

from services.points.domain.pay_code import CODE_DIGITS


@dataclass(frozen=True, slots=True)
class Coding:
    """The service's secret, used under labels of its own."""

    secret: bytes = field(repr=False)

    def code(self, request_id: str) -> str:
        """Give the digits of the code that a request asked for."""
        number = int.from_bytes(self._derived(b"pay code", request_id))
        return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def digest(self, code: str) -> str:
        """Give the digest (hex) under which a code is kept; without the secret no code leads to it."""
        return self._derived(b"pay code digest", code).hex()

    def _derived(self, label: bytes, message: str) -> bytes:
        return new(self.secret, label + b"\0" + message.encode(), sha256).digest()
