"""The ledger's memory: what the points desk loads and saves, two round trips a batch.

Refuses to decide: it translates rows into frozen facts and applied changes into rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.effects import EFFECTS
from services.points.domain.month import MonthState
from services.points.domain.wallet import Wallet
from services.points.store.adjustments import ADJUSTMENTS
from services.points.store.calendar import CALENDAR
from services.points.store.campaign_alerts import CAMPAIGN_ALERTS
from services.points.store.check_ins import CHECK_INS
from services.points.store.day_earnings import DAY_EARNINGS_NOUN, budget_rows
from services.points.store.debts import DEBTS, put_owed
from services.points.store.declines import DECLINES
from services.points.store.doubts import CLAIMS, DOUBTS, load_doubts
from services.points.store.exchanges import EXCHANGED, QUOTES
from services.points.store.gifts import GIFT_DAYS, GIFTS
from services.points.store.holds import HOLD, LET_GO, put_holds
from services.points.store.known import KNOWN, holders_today
from services.points.store.latches import latch
from services.points.store.limits import LimitSlices
from services.points.store.noun import Noun, by_noun, load_each, resolve, save_each, widen
from services.points.store.openings import OPENINGS, SHEETS
from services.points.store.pair_alerts import PAIR_ALERTS
from services.points.store.pay_codes import GUESSERS, LIVE_CODES, PAY_CODE
from services.points.store.purse import Purses, Reach, put_lot
from services.points.store.refunds import REDEMPTION, REFUND
from services.points.store.returns import RECEIPT, RECEIPT_NAME, RETURN
from services.points.store.rules import RULEBOOK, RULES, RulebookShelf
from services.points.store.save import saved_parameters
from services.points.store.statements import STATEMENTS
from services.points.store.trust import CLIENTS, SIGNING_KEYS
from services.points.store.vouchers import COUPON, VOUCHER_DAYS, VOUCHERS
from services.points.store.wallets import WALLETS
from shared.kernel.command import Row
from shared.runtime.memory import (
    Claim,
    Loaded,
    Record,
    claim_parameters,
    claimed,
    pg_array,
    pg_lines,
    pg_texts,
    record_parameters,
)
from shared.runtime.script import Script

NOUNS: tuple[Noun, ...] = (
    RULEBOOK,
    RULES,
    CALENDAR,
    WALLETS,
    DECLINES,
    CLIENTS,
    SIGNING_KEYS,
    STATEMENTS,
    KNOWN,
    DAY_EARNINGS_NOUN,
    CHECK_INS,
    ADJUSTMENTS,
    REDEMPTION,
    REFUND,
    RECEIPT,
    RECEIPT_NAME,
    RETURN,
    DEBTS,
    GIFTS,
    GIFT_DAYS,
    HOLD,
    LET_GO,
    PAY_CODE,
    GUESSERS,
    LIVE_CODES,
    QUOTES,
    EXCHANGED,
    SHEETS,
    OPENINGS,
    DOUBTS,
    CLAIMS,
    CAMPAIGN_ALERTS,
    PAIR_ALERTS,
    VOUCHERS,
    VOUCHER_DAYS,
    COUPON,
)
"""What few or some commands need beside wallets and lots; each is read and written only when it is named."""

_GUARDED = frozenset(noun.name for noun in NOUNS if noun.identities is not None) | {HOLD.name}

_LOAD = f"SELECT points_load({', '.join(['%s'] * 15)})"
_SAVE = f"SELECT points_save({', '.join(['%s'] * 81)})"


class LedgerMemory:
    """How the points desk reaches its tables; one instance belongs to one desk."""

    def __init__(self) -> None:
        self._shelf = RulebookShelf()
        self._limits = LimitSlices()
        self._reach = Reach()

    def load(self, cursor: Cursor, claims: Sequence[Claim]) -> Loaded[LedgerBooks]:
        """Obtain latches and names, open wallets, lock holders, then slices of limits; read what is asked."""
        named = resolve(cursor, claims, NOUNS)
        wanted, purses = _Wanted(claims), Purses(claims, self._reach)
        # Before anything is read: rulebook and calendar come with the load itself, and whoever holds a latch
        # decides by what the last one to hold it has left.
        latched = latch(cursor, wanted.rows)
        cursor.execute(_LOAD, (*claim_parameters(claims), *wanted.parameters(purses)))
        found: dict[str, Any] = (cursor.fetchone() or ({},))[0]
        if found["named"]:
            behind = _behind(found["named"])
            named.update(behind)
            widen(claims, behind)
            wanted = _Wanted(claims)
        rulebook, accounts = self._shelf.at(cursor, found["rules"])
        books = LedgerBooks(
            now=datetime.fromisoformat(found["now"]),
            batch_id=found["batch"],
            rulebook=rulebook,
            accounts=accounts,
            months={date.fromisoformat(month): MonthState(state) for month, state in found["months"] or ()},
            effects=EFFECTS,
        )
        _put_wallets(books, found)
        _put_lots(books, found["lots"] or ())
        purses.put(cursor, books, found["purse"] or ())
        _put_known(cursor, books, found)
        books.named.update(named)
        locks = {**_locks(books, wanted.rows), **latched}
        budgets = budget_rows(rulebook, wanted.facts)
        locks.update(self._limits.load(cursor, books, [*wanted.rows, *budgets]))
        # After every lock: what one guards is read once nobody else can change it.
        load_each(cursor, books, wanted.rows, wanted.facts, NOUNS)
        return Loaded(books=books, locks=locks, **claimed(found["frame"], claims))

    def save(self, cursor: Cursor, loaded: Loaded[LedgerBooks], record: Record) -> None:
        """Write all applied changes set by set, journals with their batch, answers and events last."""
        books = loaded.books
        by_kind: dict[type, list[Any]] = {}
        for change in books.applied:
            by_kind.setdefault(type(change), []).append(change)
        framed = record_parameters(record, pg_lines)
        with cursor.connection.cursor(cursor_factory=Script) as script:
            save_each(script, by_kind, NOUNS)
            self._limits.save(script, by_kind)
            script.execute(_SAVE, (*framed, *saved_parameters(books, by_kind, record)))
            script.send()

    def supply(self, cursor: Cursor, wants: Sequence[Any]) -> None:
        """Fill the slices of limits that ran dry."""
        self._limits.supply(cursor, wants)


class _Wanted:
    """What a batch's commands need, sorted by what the load function takes."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.rows = list(dict.fromkeys(row for claim in claims for row in claim.needs.rows))
        self.facts = list(dict.fromkeys(fact for claim in claims for fact in claim.needs.facts))
        naturals = [name for claim in claims for name in claim.needs.naturals]
        self.receipts = [name for name in naturals if name.startswith("receipt ")]
        self.orders = [name for name in naturals if name.startswith("order ")]

    def parameters(self, purses: Purses) -> tuple[str | int, ...]:
        """Write who is locked, who spends what, and all that is looked up by name, as array literals."""
        rows, facts = by_noun(self.rows), by_noun(self.facts)
        return (
            pg_texts(rows.get("identity", ())),
            pg_texts(facts.get("lots", ())),
            *purses.parameters(),
            pg_texts(self.receipts),
            pg_texts((*self.orders, *facts.get("capture", ()))),
            pg_texts(facts.get(DEBTS.name, ())),
            pg_texts(facts.get(DOUBTS.name, ())),
            pg_array(rows.get(HOLD.name, ())),
        )


def _behind(rows: Iterable[tuple[str, str]]) -> dict[Row, tuple[str, ...]]:
    """Give the identities behind each hold."""
    found: dict[Row, tuple[str, ...]] = {}
    for id_, identity in rows:
        found[HOLD.name, id_] = (*found.get((HOLD.name, id_), ()), identity)
    return found


def _locks(books: LedgerBooks, rows: Iterable[Row]) -> dict[Row, str]:
    """Name the lock held for each row; what belongs to a holder is guarded by the identities behind it."""
    locks: dict[Row, str] = {}
    for row in rows:
        noun, name = row
        if noun == "identity":
            wallet = books.wallets.get(name)
            if wallet is not None and wallet.holder_id in books.holders:
                locks[row] = wallet.holder_id
        elif noun in _GUARDED:
            locks[row] = f"{noun} {name}"
    return locks


def _put_wallets(books: LedgerBooks, found: Mapping[str, Any]) -> None:
    books.holders.update(found["holders"] or ())
    for identity, id_, holder_id, account in found["wallets"] or ():
        wallet = Wallet(id_, identity, holder_id, account)
        books.wallets[identity] = wallet
        books.held.setdefault(holder_id, {})[id_] = wallet


def _put_lots(books: LedgerBooks, rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        put_lot(books, row, datetime.fromisoformat)


def _put_known(cursor: Cursor, books: LedgerBooks, found: Mapping[str, Any]) -> None:
    for name, amount_fen, wallet_id, answer in found["receipts"] or ():
        books.receipts[name] = c.KnownReceipt(amount_fen, wallet_id, orjson.loads(answer))
    orders = found["redemptions"] or ()
    today = holders_today(cursor, books, (row[1] for row in (*orders, *(found["bound"] or ()))))
    for name, holder_id, terms, answer in orders:
        whose = today.get(holder_id, holder_id)
        books.redemptions[name] = c.KnownRedemption(whose, terms, orjson.loads(answer))
    put_holds(books, found, today)
    put_owed(books, found["debts"] or ())
    told = [*(found["doubted"] or ()), *books.receipts]
    if told:
        load_doubts(cursor, books, told)
