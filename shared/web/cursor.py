"""Where a list goes on: the last row's sort key, signed. Refuses a cursor it did not write, with 422.

A cursor belongs to one list and one reader, so it cannot be carried over to somebody else's.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from hashlib import blake2b

import orjson

from shared.kernel.refusal import Malformed
from shared.web.faults import malformed

CURSOR_MAX = 512
"""The longest cursor in characters."""

_MARK_LENGTH = 16
_PLACE = "/cursor"

Position = str | int | None


class Cursors:
    """Writes and reads the cursors of one service.

    :param secret: at least 16 bytes, the same in all processes of the service.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _MARK_LENGTH:
            raise ValueError(f"a cursor's secret has at least {_MARK_LENGTH} bytes")
        self._secret = blake2b(secret, person=b"tongfen-cursor").digest()

    def write(self, purpose: str, after: Sequence[Position]) -> str:
        """Write the cursor behind a row.

        :param purpose: the list and its reader, for example `history mem_…`.
        :param after: the row's sort key: texts and integers.
        """
        place = orjson.dumps(list(after))
        return base64.urlsafe_b64encode(self._mark(purpose, place) + place).rstrip(b"=").decode()

    def read(self, purpose: str, cursor: str) -> list[Position]:
        """Read a cursor back into the sort key behind which the list goes on.

        :raises Malformed: if this service did not write it for that purpose.
        """
        try:
            if len(cursor) > CURSOR_MAX:
                raise _forged()
            raw = base64.b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise _forged() from None
        mark, place = raw[:_MARK_LENGTH], raw[_MARK_LENGTH:]
        if not hmac.compare_digest(mark, self._mark(purpose, place)):
            raise _forged()
        after: list[Position] = orjson.loads(place)
        return after

    def _mark(self, purpose: str, place: bytes) -> bytes:
        named = purpose.encode()
        return blake2b(
            len(named).to_bytes(4, "big") + named + place, key=self._secret, digest_size=_MARK_LENGTH
        ).digest()


def _forged() -> Malformed:
    return malformed(_PLACE, "cursor", "不是此列表给出的游标", "this is no cursor of this list")
