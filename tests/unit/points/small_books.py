"""Books in memory with the demo group's rules: decisions obeyed as a desk obeys them, without a database."""

from datetime import UTC, date, datetime
from typing import Any

from services.points.commands import DECISIONS
from services.points.commands.capture_hold import CaptureHold
from services.points.commands.earn_points import EarnPoints
from services.points.commands.place_hold import PlaceHold
from services.points.commands.redeem_points import RedeemPoints
from services.points.commands.refund_points import RefundPoints
from services.points.commands.release_hold import ReleaseHold
from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.amounts import Fen, Points
from services.points.domain.books import LedgerBooks
from services.points.domain.changes import JournalPosted, ReceiptKept, RedemptionKept
from services.points.domain.debt import Debt
from services.points.domain.earning import Earning
from services.points.domain.effects import EFFECTS
from services.points.domain.hold import HoldPlaced
from services.points.domain.journal import Transfer
from services.points.domain.month import MonthState
from services.points.domain.redemption import Price
from services.points.domain.refund import PaidLine, Payment
from services.points.domain.rulebook import Rulebook, RuleKind
from services.points.domain.sale import Part, Sale
from services.points.domain.wallet import Wallet
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Asked, Key, Outcome
from shared.kernel.ids import derived, read
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import mint_id
from tests.unit.points.ledger import ACCOUNTS, BEGINNING, UNITS, WALLET, version

IMPORTER = Principal("importer", Role.IMPORTER)
NOON = datetime(2017, 1, 20, 12, tzinfo=SHANGHAI)
_EARN = {"RESI": (5_000, 100_000_000, 50_000), "HOTL": (3, 100, None), "OFFI": (1, 200, None)}


def rulebook() -> Rulebook:
    """Give the rules of the demo group without pending times."""
    versions = []
    for unit, asset in UNITS.items():
        points, per_fen, cap = _EARN.get(asset, (1, 1_000, None))
        terms = {"points": points, "per_fen": per_fen, "cap": cap, "pending_days": 0, "expiry_months": 24}
        name = {"zh": unit, "en": unit}
        versions.append(version(RuleKind.UNIT, unit, 1, BEGINNING, {"asset": asset, "name": name}))
        versions.append(version(RuleKind.EARN, unit, 1, BEGINNING, terms))
    for asset in {*UNITS.values(), "GRUP"}:
        rate = {"numerator": 5 if asset == "MALL" else 1, "denominator": 1}
        versions.append(version(RuleKind.RATE, asset, 1, BEGINNING, rate))
    versions.append(version(RuleKind.SPEND, "group", 1, BEGINNING, {"minimum_fen": 100, "share_bp": 5_000}))
    return Rulebook(tuple(versions))


def small_books(*identities: str, now: datetime = NOON) -> LedgerBooks:
    """Open books with one wallet for each identity, all held by one person."""
    books = LedgerBooks(
        now=now.astimezone(UTC),
        batch_id=1,
        rulebook=rulebook(),
        accounts=ACCOUNTS,
        months={date(2017, 1, 1): MonthState.OPEN, date(2017, 2, 1): MonthState.OPEN},
        effects=EFFECTS,
    )
    books.holders["holder"] = 0
    for place, identity in enumerate(identities):
        wallet = Wallet(f"wallet{place}", identity, "holder", WALLET + place)
        books.wallets[identity] = wallet
        books.held.setdefault("holder", {})[wallet.id] = wallet
        for unit in UNITS:
            books.debts[wallet.id, unit] = Debt(10**15 + len(books.debts), wallet.id, unit, Fen(0))
    return books


def asked(principal: Principal = IMPORTER) -> Asked:
    """Make the head of a command with a key nobody else has."""
    id_ = mint_id()
    return Asked(id_, Key(principal.scope, id_, b""), principal)


def earn(unit: str, number: str, amount_fen: int, receipt: str = "1", at: datetime = NOON) -> EarnPoints:
    """Make a receipt that earns at that moment."""
    return EarnPoints(asked(), unit, "1", receipt, number, amount_fen, at, at)


def redeem(identity: str, unit: str, pay_fen: int, order: str = "1", at: datetime = NOON) -> RedeemPoints:
    """Make a redemption of exactly that much of a price twice as high."""
    return RedeemPoints(asked(), identity, unit, order, Price(2 * pay_fen, pay_fen, None), at)


def refund(
    redemption: RedeemPoints, fen: int, refund_no: str = "1", at: datetime = NOON, unit: str | None = None
) -> RefundPoints:
    """Make a refund of that much of a redemption."""
    return RefundPoints(asked(), redemption.asked.id, unit or redemption.unit, refund_no, fen, at)


def hold(
    identity: str,
    unit: str,
    amount_fen: int,
    order: str = "1",
    at: datetime = NOON,
    lasts_s: int | None = None,
) -> PlaceHold:
    """Make a hold of exactly that much of a price twice as high."""
    price = Price(2 * amount_fen, amount_fen, None)
    return PlaceHold(asked(), identity, unit, order, price, lasts_s, at)


def capture(
    placed: Outcome, number: str, amount_fen: int, at: datetime = NOON, *, final: bool = False
) -> CaptureHold:
    """Make a capture of a placed hold."""
    return CaptureHold(asked(), hold_id(placed), number, amount_fen, final, at)


def release(placed: Outcome, at: datetime = NOON) -> ReleaseHold:
    """Make a release of a placed hold."""
    return ReleaseHold(asked(), hold_id(placed), at)


def hold_id(placed: Outcome) -> str:
    """Give the canonical id of a placed hold."""
    return read("hld", placed.answer["hold"]) or ""


def give_back(
    receipt: EarnPoints, fen: int, return_no: str = "1", at: datetime = NOON, unit: str | None = None
) -> ReturnPurchase:
    """Make a return of that much of a purchase."""
    row = ("receipt", receipt.asked.id)
    return ReturnPurchase(asked(), row, unit or receipt.unit, return_no, Part(Fen(fen)), at)


def obey(books: LedgerBooks, command: Any) -> Outcome:
    """Decide one command and apply its changes."""
    decide: Any = DECISIONS[type(command)]
    outcome: Outcome = decide(books, command)
    books.apply(outcome.changes)
    for change in outcome.changes:
        if isinstance(change, RedemptionKept):
            _remember(books, change)
        if isinstance(change, ReceiptKept):
            _remember_receipt(books, change)
        if isinstance(change, HoldPlaced):
            # As the store resolves a hold: whom it was placed for, and every wallet its points come from.
            held = {one.lot_id for one in change.hold.slices}
            behind = [
                one.identity
                for one in books.wallets.values()
                if one.identity == change.hold.identity or held & books.lots.get(one.id, {}).keys()
            ]
            books.named["hold", change.hold.id] = tuple(behind)
    return outcome


def _remember_receipt(books: LedgerBooks, kept: ReceiptKept) -> None:
    """Let the books know a receipt, as a store reads it for a return."""
    row = ("receipt", kept.id)
    books.sales[row] = Sale(
        id=kept.id,
        unit=kept.unit,
        store=kept.store,
        receipt_no=kept.number,
        wallet_id=kept.wallet_id,
        amount_fen=Fen(kept.amount_fen),
        purchased_at=kept.purchased_at,
        terms=kept.terms,
        given=Earning(Points(kept.points)),
        lots={"points": derived(kept.id, 1)},
    )
    books.named[row] = tuple(one.identity for one in books.wallets.values() if one.id == kept.wallet_id)


def _remember(books: LedgerBooks, kept: RedemptionKept) -> None:
    """Let the books know a redemption's lines, as a store reads them for a refund."""
    wallet_of = {lot.id: lot.wallet_id for lot in books.lots_of(kept.holder_id)}
    journals = [one.journal for one in books.applied if isinstance(one, JournalPosted)]
    (journal,) = [one for one in journals if one.subject == kept.id]
    taken = tuple(
        PaidLine(place, wallet_of[line.lot_id], line.lot_id, Points(line.amount), Fen(line.worth_fen))
        for place, line in enumerate(journal.transfers, len(transfers(books)))
        if line.worth_fen is not None and line.lot_id is not None
    )
    books.payments[kept.id] = Payment(
        kept.id, kept.unit, kept.order_no, Fen(kept.paid_fen), kept.occurred_at, taken, Fen(0)
    )
    books.named["redemption", kept.id] = tuple(wallet.identity for wallet in books.wallets.values())


def transfers(books: LedgerBooks) -> list[Transfer]:
    """Give every line the books have taken."""
    return [
        line
        for change in books.applied
        if isinstance(change, JournalPosted)
        for line in change.journal.transfers
    ]
