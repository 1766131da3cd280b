"""A member asks for a pay code. Refuses to know it: the door derives the code, here is only its digest."""

from dataclasses import dataclass, field

from services.points.domain.books import LedgerBooks
from services.points.domain.pay_code import CODE_LASTS, PayCode, check_live
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class AskPayCode:
    """A code with that digest is to pay for the identity, for 60 seconds, once."""

    asked: Asked
    identity: str
    digest: str = field(repr=False)

    def needs(self) -> Needs:
        """Need the holder, and the codes that are still alive."""
        return Needs(rows=(("identity", self.identity),), facts=(("live-codes", self.identity),))


def ask_pay_code(books: LedgerBooks, command: AskPayCode) -> Outcome:
    """Keep the digest; the answer names the request it was derived from, and no code.

    :raises TooManyPayCodes: if ten codes of this person are alive.
    """
    now = books.now
    alive = [one for one in books.pay_codes.values() if one.identity == command.identity]
    check_live(sum(one.used_at is None and one.alive(now) for one in alive))
    code = PayCode(command.digest, command.identity, now, now + CODE_LASTS)
    return Outcome((code,), {"request": command.asked.id, "expires_at": code.expires_at})
