"""A noun: one kind of facts beside wallets and lots, with how it is found, read and written.

Each noun is a file of this room that ends in a `Noun`; services/points/store/ledger.py lists them. A noun
whose rows belong to somebody names the identities behind them, so that the desk locks their holders first.
Refuses to lock: what belongs to a holder is guarded by the holder's row.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from shared.kernel.command import Needs, Row
from shared.runtime.memory import Claim

Load = Callable[[Cursor, LedgerBooks, Sequence[str]], None]
Write = Callable[[Cursor, Sequence[Any]], None]


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of facts.

    `identities` is SQL that gives (id, identity) for an array of ids, from columns that never change; several
    rows an id where several wallets are behind it. `spends`: the open lots of those holders are loaded too.
    `load` reads the named ones into the books, after the locks. `writers` save changes, kind by kind.
    """

    name: str
    load: Load | None = None
    identities: str | None = None
    spends: bool = False
    writers: Mapping[type, Write] = field(default_factory=dict)


def resolve(cursor: Cursor, claims: Sequence[Claim], nouns: Sequence[Noun]) -> dict[Row, tuple[str, ...]]:
    """Add to each claim the identities behind its rows, and give them by row; nothing is locked yet."""
    found: dict[Row, tuple[str, ...]] = {}
    asked = by_noun(row for claim in claims for row in claim.needs.rows)
    for noun in nouns:
        ids = list(asked.get(noun.name, ()))
        if ids and noun.identities is not None:
            cursor.execute(noun.identities, (ids,))
            for id_, identity in cursor.fetchall():
                row = (noun.name, id_)
                found[row] = (*found.get(row, ()), identity)
    if found:
        widen(claims, found, {noun.name for noun in nouns if noun.spends})
    return found


def widen(
    claims: Sequence[Claim], found: Mapping[Row, tuple[str, ...]], spending: Collection[str] = ()
) -> None:
    """Add to each claim the identities found behind its rows, and the lots of those behind `spending`."""
    for claim in claims:
        claim.needs = _widened(claim.needs, found, spending)


def by_noun(rows: Iterable[Row]) -> Mapping[str, Mapping[str, None]]:
    """Sort rows by noun in one pass, each id once: a batch names many rows, and there are many nouns."""
    sorted_: dict[str, dict[str, None]] = {}
    for noun, id_ in rows:
        sorted_.setdefault(noun, {})[id_] = None
    return sorted_


def _widened(needs: Needs, found: Mapping[Row, tuple[str, ...]], spending: Collection[str]) -> Needs:
    rows = [("identity", identity) for row in needs.rows for identity in found.get(row, ())]
    lots = [("lots", identity) for row in needs.rows if row[0] in spending for identity in found.get(row, ())]
    if not rows:
        return needs
    return replace(needs, rows=(*needs.rows, *rows), facts=(*needs.facts, *lots))


def load_each(
    cursor: Cursor, books: LedgerBooks, rows: Sequence[Row], facts: Sequence[Row], nouns: Sequence[Noun]
) -> None:
    """Read whatever the rows and facts of a batch name, noun by noun."""
    asked = by_noun((*rows, *facts))
    for noun in nouns:
        ids = list(asked.get(noun.name, ()))
        if ids and noun.load is not None:
            noun.load(cursor, books, ids)


def save_each(cursor: Cursor, by_kind: Mapping[type, Sequence[Any]], nouns: Sequence[Noun]) -> None:
    """Write the applied changes that belong to nouns, noun by noun, in the order of their writers."""
    for noun in nouns:
        for kind, write in noun.writers.items():
            changes = by_kind.get(kind)
            if changes:
                write(cursor, changes)
