"""Which identities points have heard of, and who holds them: asked without opening wallets for the others."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from services.points.store.noun import Noun


def _load(cursor: Cursor, books: LedgerBooks, identities: Sequence[str]) -> None:
    cursor.execute(
        "SELECT identity, holder_id::text FROM wallets WHERE identity = ANY (%s)", (list(identities),)
    )
    books.known.update(cursor.fetchall())


KNOWN = Noun("known", load=_load)
