"""Pay codes by their digest, and clients that guess. Refuses to keep a code itself."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.books import LedgerBooks
from services.points.domain.pay_code import Guesser, PayCode
from services.points.store.noun import Noun

_IDENTITIES = "SELECT digest, identity FROM pay_codes WHERE digest = ANY (%s)"
_CODES = """
SELECT digest, identity, issued_at, expires_at, used_at, used_by, used_for FROM pay_codes
WHERE digest = ANY (%s)
"""
_LIVE = """
SELECT digest, identity, issued_at, expires_at, used_at, used_by, used_for FROM pay_codes
WHERE identity = ANY (%s) AND expires_at > clock_timestamp()
"""
_GIVE = "INSERT INTO pay_codes (digest, identity, issued_at, expires_at) VALUES %s"
_USE = """
UPDATE pay_codes AS p SET used_at = n.used_at, used_by = n.used_by, used_for = n.used_for
FROM (VALUES %s) AS n(digest, used_at, used_by, used_for) WHERE p.digest = n.digest
"""
_COUNT = """
INSERT INTO guessers (client, wrong, last_at, locked_until) VALUES %s
ON CONFLICT (client) DO UPDATE
SET wrong = excluded.wrong, last_at = excluded.last_at, locked_until = excluded.locked_until
"""


def _load(cursor: Cursor, books: LedgerBooks, digests: Sequence[str]) -> None:
    cursor.execute(_CODES, (list(digests),))
    _put(cursor, books)


def _load_live(cursor: Cursor, books: LedgerBooks, identities: Sequence[str]) -> None:
    cursor.execute(_LIVE, (list(identities),))
    _put(cursor, books)


def _put(cursor: Cursor, books: LedgerBooks) -> None:
    for row in cursor.fetchall():
        books.pay_codes[row[0]] = PayCode(*row)


def _load_guessers(cursor: Cursor, books: LedgerBooks, clients: Sequence[str]) -> None:
    """Read how often these clients guessed, once their latches are held."""
    cursor.execute(
        "SELECT client, wrong, last_at, locked_until FROM guessers WHERE client = ANY (%s)", (list(clients),)
    )
    for row in cursor.fetchall():
        books.guessers[row[0]] = Guesser(*row)


def _keep(cursor: Cursor, changes: Sequence[PayCode]) -> None:
    # Nobody can use a code in the batch that gives it: it is shown only after the commit.
    given = [one for one in changes if one.used_at is None]
    used = [one for one in changes if one.used_at is not None]
    if given:
        rows = [(one.digest, one.identity, one.issued_at, one.expires_at) for one in given]
        execute_values(cursor, _GIVE, rows, page_size=1000)
    if used:
        uses = [(one.digest, one.used_at, one.used_by, one.used_for) for one in used]
        execute_values(cursor, _USE, uses, page_size=1000)


def _count(cursor: Cursor, changes: Sequence[Guesser]) -> None:
    last = {one.client: one for one in changes}.values()
    rows = [(one.client, one.wrong, one.last_at, one.locked_until) for one in last]
    execute_values(cursor, _COUNT, rows, page_size=1000)


PAY_CODE = Noun("pay-code", _load, _IDENTITIES, spends=True, writers={PayCode: _keep, Guesser: _count})
GUESSERS = Noun("guesser", _load_guessers)
LIVE_CODES = Noun("live-codes", _load_live)
