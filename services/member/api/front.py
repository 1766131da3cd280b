"""What the doors of member stand in front of: desk, reader, mint. Built by main alone."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.member.api.code_rates import CodeRates
from services.member.api.mint import Mint
from services.member.domain.books import MemberBooks
from shared.runtime.database import Reader
from shared.runtime.desk import Desk


@dataclass(frozen=True, slots=True)
class Front:
    """Everything a handler may use.

    `embedded`: texts are kept for `tongfen messages` instead of being sent, and an importer's phone counts as
    verified, so that the demo group's households can sign in. `staff_secret`: who knows it may have a staff
    token; None closes that door. `renew_trust` reads keys and clients again after one has changed.
    """

    desk: Desk[MemberBooks]
    reader: Reader
    mint: Mint
    renew_trust: Callable[[], None]
    code_rates: CodeRates
    embedded: bool = False
    staff_secret: str | None = field(default=None, repr=False)
