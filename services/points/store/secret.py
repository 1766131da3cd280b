"""Pay codes out of requests, digests out of codes, seals on coupons, under the service's secret.

Refuses to keep any of them. A pay code follows from the id of the request that asked for it, so that the same
request shows the same code and nothing that is kept tells it.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.points.domain.pay_code import CODE_DIGITS

SEAL_BYTES = 12
"""The number used once that stands before a sealed text."""


@dataclass(frozen=True, slots=True)
class Secret:
    """The service's one secret, used under labels of its own."""

    raw: bytes = field(repr=False)

    def pay_code(self, request_id: str) -> str:
        """Give the digits of the code that a request asked for."""
        number = int.from_bytes(self._derived(b"pay code", request_id))
        return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def pay_code_digest(self, code: str) -> str:
        """Give the digest (hex) under which a code is kept; without the secret no code leads to it."""
        return self._derived(b"pay code digest", code).hex()

    def sealed(self, voucher_id: str, code: str) -> bytes:
        """Seal a coupon's code, so that a copy of the database rides in no taxi."""
        once = token_bytes(SEAL_BYTES)
        return once + self._box().encrypt(once, code.encode(), voucher_id.encode())

    def unsealed(self, voucher_id: str, sealed: bytes) -> str | None:
        """Open the seal of a voucher's code; None if another secret sealed it, or it is another voucher's."""
        once, box = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        try:
            return self._box().decrypt(once, box, voucher_id.encode()).decode()
        except InvalidTag:
            return None

    def coupon_digest(self, partner: str, code: str) -> str:
        """Give the digest (hex) by which a partner's coupon is known again; it leads to no code."""
        return self._derived(b"coupon digest", f"{partner}\0{code}").hex()

    def _box(self) -> AESGCM:
        return AESGCM(self._derived(b"coupon seal", ""))

    def _derived(self, label: bytes, message: str) -> bytes:
        return new(self.raw, label + b"\0" + message.encode(), sha256).digest()
