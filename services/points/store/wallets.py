"""Wallets that get another holder. Opening one is the load's: whoever comes second finds it."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.changes import WalletMoved
from services.points.store.noun import Noun


def _move(cursor: Cursor, changes: Sequence[WalletMoved]) -> None:
    moved = {change.wallet_id: change.holder_id for change in changes}
    execute_values(
        cursor,
        "UPDATE wallets AS w SET holder_id = n.holder_id::uuid FROM (VALUES %s) AS n(id, holder_id)"
        " WHERE w.id = n.id::uuid",
        list(moved.items()),
        page_size=1000,
    )


WALLETS = Noun("wallet", writers={WalletMoved: _move})
