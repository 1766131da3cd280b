"""Repaying: whatever brings points to a holder asks here first, and a debt takes its part of them.

Each debt that is repaid is a journal and an event of its own, as a redemption at the unit that is owed. Every
command that opens a lot of new points calls `after_debts`, and none other knows of debts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import AccountRole, Accounts
from services.points.domain.amounts import CNY_PER_FEN, Fen, Rate
from services.points.domain.books import LedgerBooks
from services.points.domain.debt import Debt, DebtTurned
from services.points.domain.journal import CNY, Journal, Transfer
from services.points.domain.lot import Lot
from services.points.domain.month import booking
from services.points.domain.redemption import lines, owed_to
from services.points.domain.spending import Slice, by_issuer, slices, worth
from services.points.domain.wallet import Wallet
from shared.kernel.command import Announcement, Row
from shared.kernel.ids import derived, shown

FIRST_NAME, NAMES_MAX = 3_072, 512
"""Under which numbers of its command a repayment names journals and lots of change."""

DEBTS_MAX = 128
"""How many debts one command repays: each needs a journal, and each new lot may leave change to name.

Somebody with thousands of numbers may owe through each. What is owed beyond waits for the next points.
"""


@dataclass(frozen=True, slots=True)
class AfterDebts:
    """What new points leave once debts have taken their part.

    `changes` open the lots and post whatever was repaid; `version` is the holder's after all of it.
    """

    changes: tuple[Any, ...]
    events: tuple[Announcement, ...]
    version: int


@dataclass(frozen=True, slots=True)
class Repayment:
    """What new points repay of one debt: the slices they pay in, and the lines of its journal."""

    debt: Debt
    fen: Fen
    taken: tuple[Slice, ...]
    transfers: tuple[Transfer, ...]


def debts_of(identity: str) -> Row:
    """Give the fact that a command needs which brings points to an identity."""
    return ("debts", identity)


def after_debts(
    books: LedgerBooks, command_id: str, wallet: Wallet, lots: Sequence[Lot], version: int, at: datetime
) -> AfterDebts:
    """Let new lots of a wallet repay what its holder owes, oldest debt first, at the rates of that moment.

    At most 128 debts are repaid by one command.

    Whoever calls has asked for the fact `debts_of(identity)`, posts its own journal before these changes, and
    announces its own event before these.

    :param command_id: the command whose ids are used from 3,072 on.
    :param version: the holder's version after what the command itself announces.
    """
    debts = books.debts_of(wallet.holder_id)[:DEBTS_MAX]
    if not debts:
        return AfterDebts(tuple(c.LotOpened(one) for one in lots), (), version)
    names = (derived(command_id, FIRST_NAME + place) for place in range(NAMES_MAX))
    rates = books.rulebook.rates(at)
    repaid, left = repayments(lots, debts, rates, books.accounts, wallet.account, names)
    changes: list[Any] = [c.LotOpened(one) for one in left]
    events: list[Announcement] = []
    for one in repaid:
        version += 1
        journal = _journal(books, wallet, lots[0], one, at, names)
        changes += [c.JournalPosted(journal), DebtTurned(one.debt)]
        events.append(_announcement(wallet, one, journal, version))
    return AfterDebts(tuple(changes), tuple(events), version)


def repayments(
    lots: Sequence[Lot],
    debts: Sequence[Debt],
    rates: Mapping[str, Rate],
    accounts: Accounts,
    wallet_account: int,
    names: Iterator[str],
) -> tuple[tuple[Repayment, ...], tuple[Lot, ...]]:
    """Let new lots of a wallet, pending or not, repay the debts in the given order.

    Points without a rate repay nothing. Give the repayments and the lots they leave: the new ones in their
    order, then the change that was opened.

    :param names: ids for lots of change, as many as are asked for.
    """
    held = {lot.id: lot for lot in lots}
    accounts_of = {lot.wallet_id: wallet_account for lot in lots}
    found: list[Repayment] = []
    for debt in debts:
        valued = (one for one in held.values() if one.asset in rates)
        sources = sorted(valued, key=lambda one: one.order)
        fen = min(debt.fen, worth(sources, rates))
        if not fen:
            continue
        taken = slices((one for one in sources if one.points_left), rates, fen)
        written = lines(taken, debt.issuer, accounts, accounts_of, rates, names)
        held.update({one.id: one for one in (*written.drawn, *written.opened)})
        settled = Transfer(CNY, fen * CNY_PER_FEN, accounts.of(AccountRole.DEBTS, debt.issuer), debt.account)
        found.append(Repayment(debt.repaid(fen), Fen(fen), tuple(taken), (*written.transfers, settled)))
    return tuple(found), tuple(held.values())


def _journal(
    books: LedgerBooks, wallet: Wallet, lot: Lot, one: Repayment, at: datetime, names: Iterator[str]
) -> Journal:
    booked = booking(at, books.months)
    return Journal(
        id=next(names),
        kind="repayment",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=at,
        holder_id=wallet.holder_id,
        unit=one.debt.issuer,
        sides=tuple(sorted({one.debt.issuer, *(slice_.lot.issuer for slice_ in one.taken)})),
        subject=lot.id,
        transfers=one.transfers,
    )


def _announcement(wallet: Wallet, one: Repayment, journal: Journal, version: int) -> Announcement:
    holder = shown("hol", wallet.holder_id)
    data: Mapping[str, Any] = {
        "journal": shown("jrn", journal.id),
        "holder": holder,
        "wallet": shown("wal", one.debt.wallet_id),
        "unit": one.debt.issuer,
        "repaid_fen": one.fen,
        "left_fen": one.debt.fen,
        "slices": by_issuer(one.taken),
        "owed": owed_to(one.debt.issuer, one.taken),
    }
    return Announcement("points.debt.repaid", holder, version, data, journal.occurred_at)
