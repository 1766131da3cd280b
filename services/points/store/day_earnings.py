"""What a holder's receipts of a day earned, and which tiers the holder had: for caps and multipliers.

Read only where a rule that had begun by then asks for it: books without such rules pay nothing.
Refuses to lock: a holder's day is guarded by the holder's row.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import orjson
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain import changes as c
from services.points.domain.assessment import day_earning_of
from services.points.domain.books import LedgerBooks
from services.points.domain.cap import DAY_EARNINGS
from services.points.domain.earning import Terms
from services.points.domain.rulebook import Rulebook
from services.points.domain.wallet import Wallet
from services.points.store.noun import Noun
from shared.kernel.calendar import midnight
from shared.kernel.command import Row

MEMBER = "mem_"
_WALLETS = "SELECT identity, id, holder_id, account FROM wallets WHERE holder_id = ANY (%s::uuid[])"
# The partial index holds only receipts of days with caps.
_EARNED = """
SELECT wallet_id, capped_on, unit, store, points, terms, purchased_at FROM receipts
WHERE wallet_id = ANY (%s::uuid[]) AND capped_on = ANY (%s) AND points > 0
"""
_TIERS = "SELECT member, seq, tier, since FROM tiers WHERE member = ANY (%s)"


def _load(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    """Read days (`YYYY-MM-DD identity`) as far as rules ask for them."""
    rulebook = books.rulebook
    days = sorted({date.fromisoformat(name[:10]) for name in names})
    capped = [day for day in days if _asks(rulebook.capped_from, day)]
    tiered = any(_asks(rulebook.tiered_from, day) for day in days)
    if not capped and not tiered:
        return
    # All wallets of whoever earns, and of whoever else is in this batch: a number may be linked in it.
    cursor.execute(_WALLETS, (list(books.held),))
    for identity, id_, holder_id, account in cursor.fetchall():
        books.held.setdefault(holder_id, {}).setdefault(id_, Wallet(id_, identity, holder_id, account))
    if capped:
        _load_earned(cursor, books, capped)
    if tiered:
        _load_tiers(cursor, books)


def budget_rows(rulebook: Rulebook, facts: Iterable[Row]) -> list[Row]:
    """Name the slices of budgets on which the receipts of a batch may draw, to be locked before they ask."""
    if not rulebook.has_campaigns:
        return []
    rows: dict[Row, None] = {}
    for unit, day in sorted({_place(name) for noun, name in facts if noun == DAY_EARNINGS}):
        for one in rulebook.campaigns_between(unit, midnight(day), midnight(day + timedelta(days=1))):
            rows[one.wish(unit, 1, "").row] = None
    return list(rows)


def _place(name: str) -> tuple[str, date]:
    day, _, identity = name.partition(" ")
    return identity.partition(":")[0], date.fromisoformat(day)


def _asks(beginning: datetime | None, day: date) -> bool:
    return beginning is not None and beginning < midnight(day + timedelta(days=1))


def _load_earned(cursor: Cursor, books: LedgerBooks, days: Sequence[date]) -> None:
    wallets = [id_ for held in books.held.values() for id_ in held]
    cursor.execute(_EARNED, (wallets, list(days)))
    for wallet_id, day, unit, store, points, terms, at in cursor.fetchall():
        read = Terms.read(orjson.loads(terms))
        earned = day_earning_of(books.rulebook, unit, store, points, read, at)
        books.day_earnings.setdefault((wallet_id, day), []).append(earned)


def _load_tiers(cursor: Cursor, books: LedgerBooks) -> None:
    held = (wallet.identity for wallets in books.held.values() for wallet in wallets.values())
    cursor.execute(_TIERS, ([identity for identity in held if identity.startswith(MEMBER)],))
    for member, seq, tier, since in cursor.fetchall():
        books.tiers.setdefault(member, []).append((since, seq, tier))


def _keep_tiers(cursor: Cursor, changes: Sequence[c.TierKept]) -> None:
    execute_values(
        cursor,
        "INSERT INTO tiers (member, seq, tier, since) VALUES %s",
        [(one.member, one.seq, one.tier, one.since) for one in changes],
        page_size=1000,
    )


DAY_EARNINGS_NOUN = Noun(DAY_EARNINGS, load=_load, writers={c.TierKept: _keep_tiers})
