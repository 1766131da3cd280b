"""Whose wallet shows something else after a batch: told from what changed, whatever the command announced.

Refuses to trust a command that it has turned everybody: a hold gives points back to a wallet that somebody
else has by now, and a link announces nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.debt import DebtTurned
from services.points.domain.hold import HoldTurned

ByKind = Mapping[type, Sequence[Any]]
"""Applied changes by their class, each kind in the order in which they were applied."""


def changed_holders(books: LedgerBooks, by_kind: ByKind) -> list[str]:
    """Give every holder of whom a lot, a hold, a debt or a wallet changed in this batch, or who was turned.

    :raises KeyError: if it is nobody the batch knows, and so nobody it has locked.
    """
    return sorted(set(_changed(books, by_kind)))


def _changed(books: LedgerBooks, by_kind: ByKind) -> Iterator[str]:
    yield from (one.holder_id for one in by_kind.get(c.HolderTurned, ()))
    owners = {id_: holder_id for holder_id, wallets in books.held.items() for id_ in wallets}
    for lots in (by_kind.get(c.LotOpened, ()), by_kind.get(c.LotDrawn, ())):
        yield from (owners[one.lot.wallet_id] for one in lots)
    yield from (owners[one.debt.wallet_id] for one in by_kind.get(DebtTurned, ()))
    for moved in by_kind.get(c.WalletMoved, ()):
        # Whatever changed in that wallet before it moved was seen by the former holder.
        yield from (moved.holder_id, moved.former_holder_id)
    for ended in by_kind.get(HoldTurned, ()):
        # Whose points are on hold. Where one was placed, lots were drawn, and they have told.
        yield from (wallet.holder_id for wallet in books.wallets_behind(ended.hold))
