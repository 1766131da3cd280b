"""Open a member's wallet as soon as points hear of them: from then on others may give them points."""

from dataclasses import dataclass

from services.points.domain.books import LedgerBooks
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class OpenWallet:
    """There is a new member (`mem_…`), says the member service."""

    asked: Asked
    member: str

    def needs(self) -> Needs:
        """Need the member's holder: the desk opens wallet and holder at first touch."""
        return Needs(rows=(("identity", self.member),))


def open_wallet(books: LedgerBooks, command: OpenWallet) -> Outcome:
    """Change nothing: the wallet is there."""
    return Outcome(answer={"member": books.wallet(command.member).identity})
