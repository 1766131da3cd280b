"""Return a purchase: a unit takes goods back, in part or whole, and what they had earned is clawed back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.authority import own_unit, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.clawback import (
    Claim,
    Clawback,
    clawback_lines,
    lacking,
    met,
    reachable,
)
from services.points.domain.debt import Debt, DebtTurned, borrowed
from services.points.domain.journal import Journal, Transfer
from services.points.domain.lot import Lot
from services.points.domain.month import booking
from services.points.domain.naming import return_name
from services.points.domain.rulebook import NoRuleInForce, RuleKind
from services.points.domain.sale import Part, ReturnConflict, ReturnKept, Sale, check_return, claims
from services.points.domain.wallet import Wallet
from shared.kernel.command import Announcement, Asked, Needs, Outcome, Row
from shared.kernel.ids import derived, shown
from shared.kernel.refusal import NotFound

JOURNAL = 2


@dataclass(frozen=True, slots=True)
class ReturnPurchase:
    """A part of a purchase comes back; the receipt is named by our id, or by its natural name."""

    asked: Asked
    receipt: Row
    unit: str
    return_no: str
    part: Part
    at: datetime | None = None

    @property
    def name(self) -> str:
        """The return's natural name."""
        return return_name(self.unit, self.return_no)

    def needs(self) -> Needs:
        """Need the return's name for ever, and the receipt with its holder, their lots and debts."""
        return Needs(naturals=(self.name,), rows=(self.receipt,), facts=(("return", self.name),))


@dataclass(frozen=True, slots=True)
class _Meeting:
    """How all claims of one return are met: lots as they are then, lines, and debts that grew."""

    backs: tuple[Clawback, ...]
    lots: tuple[Lot, ...]
    debts: tuple[Debt, ...]
    transfers: tuple[Transfer, ...]

    @property
    def debt_fen(self) -> int:
        """What came to be owed."""
        return sum(one.debt_fen for one in self.backs)


def return_purchase(books: LedgerBooks, command: ReturnPurchase) -> Outcome:
    """Take back what the returned part had earned: from lots, and what they lack becomes a debt.

    :raises ReturnConflict: if the return's number is known with another receipt or another amount.
    :raises ReturnAbovePurchase: if all returns together would exceed the purchase.
    """
    own_unit(command.asked.principal, command.unit)
    now = stated_time(command.asked.principal, command.at, books.now)
    sale = books.sales.get(command.receipt)
    if sale is None or sale.unit != command.unit:
        raise NotFound(_denied="foreign")
    known = books.returns.get(command.name)
    if known is not None:
        if (known.receipt_id, known.part) != (sale.id, command.part):
            raise ReturnConflict(return_no=command.return_no, amount_fen=known.part.fen)
        return Outcome(answer=known.answer)
    check_return(sale, command.part, now)
    wanted = claims(books.rulebook, sale, command.part)
    if not wanted:
        return _returned(books, command, sale, _Meeting((), (), (), ()), None, now)
    (identity,) = books.identities_of(*command.receipt)
    wallet = books.wallet(identity)
    meeting = _met(books, wallet, wanted, now)
    return _returned(books, command, sale, meeting, wallet, now)


def _met(books: LedgerBooks, wallet: Wallet, wanted: Sequence[Claim], now: datetime) -> _Meeting:
    """Meet one claim after the other, each from what the one before has left."""
    rates = books.rulebook.rates(now)
    accounts = {one.id: one.account for one in books.wallets_of(wallet.holder_id)}
    lots = {lot.id: lot for lot in books.lots_of(wallet.holder_id)}
    backs: list[Clawback] = []
    touched: dict[str, Lot] = {}
    debts: dict[str, Debt] = {}
    transfers: list[Transfer] = []
    for claim in wanted:
        reached = reachable(lots.values(), claim.issuer, now)
        if claim.asset not in rates and lacking(claim, reached):
            raise NoRuleInForce(rule=RuleKind.RATE.value, subject=claim.asset, at=now.isoformat())
        back = met(claim, reached, rates)
        backs.append(back)
        transfers += clawback_lines(back, books.accounts, accounts)
        touched |= {one.lot.id: one.after for one in back.forfeits}
        lots |= touched
        if back.debt_fen:
            debt = debts.get(claim.issuer) or books.debt(wallet.id, claim.issuer)
            debts[claim.issuer] = debt.grown(back.debt_fen)
            transfers.append(borrowed(debt, back.debt_fen, books.accounts))
    return _Meeting(tuple(backs), tuple(touched.values()), tuple(debts.values()), tuple(transfers))


def _returned(
    books: LedgerBooks,
    command: ReturnPurchase,
    sale: Sale,
    meeting: _Meeting,
    wallet: Wallet | None,
    now: datetime,
) -> Outcome:
    """Keep the return; where nothing was earned for it, nothing moves and nothing is announced."""
    booked = booking(now, books.months)
    journal = None
    changes: list[Any] = []
    if wallet is not None:
        journal = Journal(
            id=derived(command.asked.id, JOURNAL),
            kind="return",
            month=booked.month,
            concerns=booked.concerns,
            occurred_at=now,
            holder_id=wallet.holder_id,
            unit=command.unit,
            sides=tuple(sorted({command.unit, *(one.claim.issuer for one in meeting.backs)})),
            subject=command.asked.id,
            transfers=meeting.transfers,
        )
        changes = [
            c.HolderTurned(wallet.holder_id, books.holders[wallet.holder_id] + 1),
            *(c.LotDrawn(lot) for lot in meeting.lots),
            c.JournalPosted(journal),
            *(DebtTurned(debt) for debt in meeting.debts),
        ]
    answer = _answer(command, sale, meeting, journal, now)
    kept = ReturnKept(
        name=command.name,
        id=command.asked.id,
        receipt_id=sale.id,
        unit=command.unit,
        return_no=command.return_no,
        part=command.part,
        returned_fen=answer["returned_fen"],
        points=sum(one.claim.points for one in meeting.backs),
        debt_fen=meeting.debt_fen,
        occurred_at=now,
        month=booked.month,
        answer=answer,
    )
    events = () if journal is None else (_announcement(command, sale, meeting, journal, changes[0]),)
    return Outcome((*changes, kept), answer, events)


def _answer(
    command: ReturnPurchase, sale: Sale, meeting: _Meeting, journal: Journal | None, now: datetime
) -> Mapping[str, Any]:
    after = sale.with_part(command.part)
    return {
        "return_id": shown("rtn", command.asked.id),
        "receipt": shown("rcp", sale.id),
        "journal": None if journal is None else shown("jrn", journal.id),
        "unit": command.unit,
        "store": sale.store,
        "receipt_no": sale.receipt_no,
        "return_no": command.return_no,
        "amount_fen": command.part.fen,
        "category": command.part.category,
        "returned_fen": after.returned_fen,
        "left_fen": after.left_fen,
        "clawed_back": [
            {
                "asset": back.claim.asset,
                "issuer": back.claim.issuer,
                "points": back.claim.points,
                "debt_fen": back.debt_fen,
                "taken": [
                    {"lot": shown("lot", one.lot.id), "asset": one.lot.asset, "points": one.points}
                    for one in back.forfeits
                ],
            }
            for back in meeting.backs
        ],
        "debt_fen": meeting.debt_fen,
        "occurred_at": now,
    }


def _announcement(
    command: ReturnPurchase, sale: Sale, meeting: _Meeting, journal: Journal, turned: c.HolderTurned
) -> Announcement:
    holder = shown("hol", journal.holder_id)
    data = {
        "journal": shown("jrn", journal.id),
        "holder": holder,
        "wallet": shown("wal", sale.wallet_id),
        "return_id": shown("rtn", command.asked.id),
        "receipt": shown("rcp", sale.id),
        "unit": command.unit,
        "receipt_no": sale.receipt_no,
        "return_no": command.return_no,
        "returned_fen": command.part.fen,
        "claims": [
            {
                "asset": back.claim.asset,
                "issuer": back.claim.issuer,
                "points": back.claim.points,
                "debt_fen": back.debt_fen,
            }
            for back in meeting.backs
        ],
        "taken": _by_issuer(meeting.backs),
        "debt_fen": meeting.debt_fen,
    }
    return Announcement("points.wallet.clawed_back", holder, turned.version, data, journal.occurred_at)


def _by_issuer(backs: Sequence[Clawback]) -> list[dict[str, Any]]:
    # An event stays small however many lots gave: it adds up by asset and issuer.
    folded: dict[tuple[str, str], dict[str, Any]] = {}
    for one in (forfeit for back in backs for forfeit in back.forfeits):
        empty = {"asset": one.lot.asset, "issuer": one.lot.issuer, "points": 0}
        folded.setdefault((one.lot.asset, one.lot.issuer), empty)["points"] += one.points
    return list(folded.values())
