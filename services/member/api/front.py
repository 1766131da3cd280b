"""What the doors of member stand in front of: the desk for commands, the reader for questions, the mint."""

from collections.abc import Callable
from dataclasses import dataclass

from services.member.api.mint import Mint
from services.member.domain.books import MemberBooks
from shared.runtime.database import Reader
from shared.runtime.desk import Desk


@dataclass(frozen=True, slots=True)
class Front:
    """What several rooms stand before; what one room alone needs is handed to that room.

    `renew_trust` reads keys and clients again after one has changed. `embedded`: texts are kept for `tongfen
    messages` instead of being sent, and an importer's phone counts as verified, so that the demo group's
    households can sign in.
    """

    desk: Desk[MemberBooks]
    reader: Reader
    mint: Mint
    renew_trust: Callable[[], object]
    embedded: bool
