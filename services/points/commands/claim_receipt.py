"""Claim a receipt: a member tells what stands on one they photographed; it waits in doubt, unearned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain.authority import UnknownUnit
from services.points.domain.books import LedgerBooks
from services.points.domain.doubt import ClaimTerms, Doubt, DoubtRaised, Source, told_before
from services.points.domain.naming import receipt_name
from services.points.domain.receipt import check_not_ahead
from services.points.domain.rulebook import RuleKind
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown


@dataclass(frozen=True, slots=True)
class ClaimReceipt:
    """A purchase as the member (`mem_…`) reads it off the receipt: `amount_fen` (> 0) paid."""

    asked: Asked
    member: str
    unit: str
    store: str
    receipt_no: str
    amount_fen: int
    purchased_at: datetime

    @property
    def name(self) -> str:
        """The receipt's natural name."""
        return receipt_name(self.unit, self.store, self.receipt_no, self.purchased_at)

    def needs(self) -> Needs:
        """Need the receipt's name, all that was told of it, the member's holder and day of claims."""
        return Needs(
            naturals=(self.name,),
            rows=(("identity", self.member),),
            facts=(("doubts", self.name), ("claims", self.member)),
        )


def claim_receipt(books: LedgerBooks, command: ClaimReceipt) -> Outcome:
    """Keep the claim in doubt, unless the very same was told before.

    Whether somebody else has the receipt is not said: the claim waits like any other.

    :raises TooManyClaims: if the member claimed as many receipts today as the rule allows.
    :raises ClaimTooLate: if the purchase lies too far back.
    """
    now = books.now
    wallet = books.wallet(command.member)
    known = books.receipts.get(command.name)
    if known is not None and books.told_same(known, wallet.holder_id, command.amount_fen):
        return Outcome(answer=_view(command, None, "earned", known.answer["points"]))
    before = told_before(books.doubts_of(command.name), wallet.holder_id, command.amount_fen)
    if before is not None:
        return Outcome(answer=_view(command, before.id, before.state.value, None))
    if books.rulebook.find_unit(command.unit, command.purchased_at) is None:
        raise UnknownUnit(unit=command.unit)
    check_not_ahead(command.purchased_at, now)
    terms: ClaimTerms = books.rulebook.group_rule(RuleKind.CLAIM, now)
    terms.check(books.claims.get(wallet.holder_id, 0), command.purchased_at, now)
    doubt = Doubt(
        id=command.asked.id,
        name=command.name,
        unit=command.unit,
        store=command.store,
        number=command.receipt_no,
        identity=command.member,
        wallet_id=wallet.id,
        holder_id=wallet.holder_id,
        amount_fen=command.amount_fen,
        purchased_at=command.purchased_at,
        source=Source.PHOTO,
        told_by=command.member,
        told_at=now,
    )
    return Outcome((DoubtRaised(doubt),), _view(command, doubt.id, doubt.state.value, None))


def _view(command: ClaimReceipt, doubt: str | None, state: str, points: int | None) -> Mapping[str, Any]:
    return {
        "doubt": None if doubt is None else shown("dbt", doubt),
        "state": state,
        "unit": command.unit,
        "store": command.store,
        "receipt_no": command.receipt_no,
        "amount_fen": command.amount_fen,
        "points": points,
    }
