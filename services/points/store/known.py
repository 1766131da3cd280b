"""Which identities points have heard of, and who holds them: asked without opening wallets for the others."""

from collections.abc import Iterable, Mapping, Sequence

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from services.points.store.noun import Noun

# Begins at who holds something here: of those there are few, and they have an index.
_MOVED = """
SELECT first_holder_id::text, holder_id::text FROM wallets
WHERE holder_id = ANY (%s::uuid[]) AND first_holder_id = ANY (%s::uuid[])
"""


def holders_today(cursor: Cursor, books: LedgerBooks, holders: Iterable[str]) -> Mapping[str, str]:
    """Say which holder of this batch has by now what another had before it was linked."""
    gone = sorted({holder_id for holder_id in holders if holder_id not in books.held})
    if not gone:
        return {}
    cursor.execute(_MOVED, (list(books.held), gone))
    return dict(cursor.fetchall())


def _load(cursor: Cursor, books: LedgerBooks, identities: Sequence[str]) -> None:
    cursor.execute(
        "SELECT identity, holder_id::text FROM wallets WHERE identity = ANY (%s)", (list(identities),)
    )
    books.known.update(cursor.fetchall())


KNOWN = Noun("known", load=_load)
