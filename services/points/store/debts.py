"""Debts: what the holder of an identity owes, over all wallets, and the account of a debt that begins.

Refuses to lock: a debt belongs to the holder of its wallet.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Fen
from services.points.domain.books import LedgerBooks
from services.points.domain.debt import Debt, DebtTurned
from services.points.domain.wallet import Wallet
from services.points.store.noun import Noun

# Where nothing was ever owed, the debt would get this account.
_ACCOUNTS = """
SELECT coalesce(d.account, nextval('debt_account_id')), n.wallet_id::text, n.issuer, coalesce(d.fen, 0)
FROM unnest(%s::uuid[], %s::text[]) AS n(wallet_id, issuer)
LEFT JOIN debts d ON d.wallet_id = n.wallet_id AND d.issuer = n.issuer
"""
_OWED = """
SELECT d.account, d.wallet_id::text, d.issuer, d.fen, w.identity, w.holder_id::text, w.account
FROM debts d
JOIN wallets w ON w.id = d.wallet_id
JOIN wallets asked ON asked.holder_id = w.holder_id
WHERE d.fen > 0 AND asked.identity = ANY (%s)
"""
_TURN = """
INSERT INTO debts (account, wallet_id, issuer, fen)
SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::bigint[])
ON CONFLICT (wallet_id, issuer) DO UPDATE SET fen = excluded.fen
"""


def load_accounts(cursor: Cursor, books: LedgerBooks, places: Iterable[tuple[str, str]]) -> None:
    """Read what each wallet owes each issuer; a debt that would begin is given its account."""
    unknown = sorted(place for place in places if place not in books.debts)
    if unknown:
        cursor.execute(_ACCOUNTS, ([wallet for wallet, _ in unknown], [issuer for _, issuer in unknown]))
        _put(books, cursor.fetchall())


def load_owed(cursor: Cursor, books: LedgerBooks, identities: Sequence[str]) -> None:
    """Read what the holders of these identities owe, and the wallets that owe it."""
    cursor.execute(_OWED, (list(identities),))
    put_owed(books, cursor.fetchall())


def put_owed(books: LedgerBooks, rows: Iterable[Sequence[Any]]) -> None:
    """Put debts into the books, each with the wallet that owes it."""
    for *debt, identity, holder_id, account in rows:
        _put(books, [debt])
        # Whoever earns into one wallet repays what another wallet of the same holder owes.
        wallet = Wallet(debt[1], identity, holder_id, account)
        books.wallets.setdefault(identity, wallet)
        books.held.setdefault(holder_id, {}).setdefault(wallet.id, wallet)


def _put(books: LedgerBooks, rows: Iterable[Sequence[Any]]) -> None:
    for account, wallet_id, issuer, fen in rows:
        books.debts.setdefault((wallet_id, issuer), Debt(account, wallet_id, issuer, Fen(fen)))


def _turn(cursor: Cursor, changes: Sequence[DebtTurned]) -> None:
    # A debt that was turned several times in this batch is written once, as the batch leaves it.
    debts = {(one.debt.wallet_id, one.debt.issuer): one.debt for one in changes}.values()
    rows = [(one.account, one.wallet_id, one.issuer, one.fen) for one in debts]
    cursor.execute(_TURN, tuple(list(column) for column in zip(*rows, strict=True)))


DEBTS = Noun("debts", writers={DebtTurned: _turn})
