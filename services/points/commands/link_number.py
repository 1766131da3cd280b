"""Link a unit's member number to a member: the number's wallet points to the member's holder, lots stay."""

from dataclasses import dataclass

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.naming import number_identity
from services.points.domain.repayment import debts_of
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class LinkNumber:
    """A member (`mem_…`) owns that number at that unit, says the member service."""

    asked: Asked
    member: str
    unit: str
    number: str

    @property
    def identity(self) -> str:
        """The identity that is linked."""
        return number_identity(self.unit, self.number)

    def needs(self) -> Needs:
        """Need both holders, their lots, what holds let go of those, and debts.

        Whoever comes next in the batch has all of them, and has asked for those of one holder alone.
        """
        identities = (self.member, self.identity)
        return Needs(
            rows=tuple(("identity", one) for one in identities),
            facts=tuple(
                fact for one in identities for fact in (("lots", one), ("let-go", one), debts_of(one))
            ),
        )


def link_number(books: LedgerBooks, command: LinkNumber) -> Outcome:
    """Move the number's wallet to the member's holder; linking it again changes nothing."""
    holder_id = books.wallet(command.member).holder_id
    wallet = books.wallet(command.identity)
    if wallet.holder_id == holder_id:
        return Outcome()
    return Outcome(changes=(c.WalletMoved(wallet.id, holder_id, wallet.holder_id),))
