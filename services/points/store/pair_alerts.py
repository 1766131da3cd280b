"""Alerts of pairs of units: which pairs were told of already; each is told of once a month."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.books import LedgerBooks
from services.points.domain.pair import PAIR_ALERT, PairAlerted
from services.points.store.noun import Noun


def _load(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute("SELECT name FROM pair_alerts WHERE name = ANY (%s)", (list(names),))
    books.alerted_pairs.update(name for (name,) in cursor.fetchall())


def _keep(cursor: Cursor, changes: Sequence[PairAlerted]) -> None:
    execute_values(
        cursor,
        "INSERT INTO pair_alerts (name, month, issuer, redeemer, amount_fen, most_fen, alerted_at) VALUES %s",
        [
            (one.pair.name, one.pair.month, one.pair.issuer, one.pair.redeemer, one.fen, one.most_fen, one.at)
            for one in changes
        ],
        page_size=1000,
    )


PAIR_ALERTS = Noun(PAIR_ALERT, load=_load, writers={PairAlerted: _keep})
