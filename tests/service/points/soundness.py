"""Whether a ledger is sound, asked in SQL that shares nothing with the services' own checks.

Each check is a question for rows that must not exist. Refuses to mend what it finds.
"""

from typing import Any

from tests import stack

_BALANCE = """
SELECT account, asset, sum(amount) AS amount FROM (
    SELECT to_account AS account, asset, amount FROM transfers
    UNION ALL SELECT from_account, asset, -amount FROM transfers) AS legs GROUP BY account, asset
"""

CHECKS: dict[str, str] = {
    "a lot's points are the sum of its lines": """
        SELECT l.id, l.points_left, coalesce(t.points, 0) FROM lots l
        LEFT JOIN wallets w ON w.id = l.wallet_id
        LEFT JOIN LATERAL (SELECT sum(CASE WHEN to_account = w.account THEN amount ELSE -amount END) AS points
                           FROM transfers WHERE lot_id = l.id) AS t ON true
        WHERE l.points_left <> coalesce(t.points, 0)""",
    "a wallet's balance is the sum of its lots": f"""
        SELECT * FROM (SELECT w.account, l.asset, sum(l.points_left) AS points FROM wallets w
                       JOIN lots l ON l.wallet_id = w.id GROUP BY w.account, l.asset) AS held
        FULL JOIN (SELECT * FROM ({_BALANCE}) AS b WHERE account >= 10000) AS booked USING (account, asset)
        WHERE coalesce(held.points, 0) <> coalesce(booked.amount, 0)""",
    "every line of a wallet names a lot of that wallet": """
        SELECT t.id FROM transfers t JOIN wallets w ON w.account IN (t.from_account, t.to_account)
        LEFT JOIN lots l ON l.id = t.lot_id WHERE l.wallet_id IS DISTINCT FROM w.id""",
    "every line of money settles one slice of its journal": """
        SELECT t.id FROM transfers t LEFT JOIN transfers c ON c.id = t.cause_id AND c.journal_id = t.journal_id
        WHERE t.asset = 'CNY' AND (c.id IS NULL OR t.amount <> c.worth_fen * 100)""",
    "every foreign slice is settled once": """
        SELECT t.id FROM transfers t JOIN lots l ON l.id = t.lot_id JOIN journals j ON j.id = t.journal_id
        WHERE t.worth_fen IS NOT NULL
          AND (l.issuer <> j.unit)::int <> (SELECT count(*) FROM transfers m
                                            WHERE m.journal_id = j.id AND m.cause_id = t.id AND m.asset = 'CNY')""",
    "a redemption pays what its slices pay": """
        SELECT r.name, r.paid_fen FROM redemptions r WHERE r.paid_fen IS DISTINCT FROM (
            SELECT sum(t.worth_fen) FROM journals j JOIN transfers t ON t.journal_id = j.id
            WHERE j.subject = r.id AND j.kind = 'redemption')""",
    "a receipt with points has one journal with as many": """
        SELECT r.name, r.points FROM receipts r WHERE r.points <> (
            SELECT coalesce(sum(t.amount), 0) FROM journals j JOIN transfers t ON t.journal_id = j.id
            WHERE j.subject = r.id AND j.kind = 'earning')""",
    "the exchange account gives whole group points for whole points": """
        SELECT t.journal_id FROM transfers t JOIN lots l ON l.id = t.lot_id
        WHERE l.parent_id IS NOT NULL AND t.cause_id IS NULL""",
    "a holder's events are versions 1 to its last": """
        SELECT h.id FROM holders h WHERE h.version <> (SELECT count(*) FROM outbox
               WHERE key = 'hol_' || replace(h.id::text, '-', ''))
           OR h.version <> (SELECT coalesce(max(seq), 0) FROM outbox
               WHERE key = 'hol_' || replace(h.id::text, '-', ''))""",
    "no event is written twice": "SELECT event_id FROM outbox GROUP BY event_id HAVING count(*) > 1",
    "a journal is booked in the month of its lines": """
        SELECT t.id FROM transfers t LEFT JOIN journals j ON j.id = t.journal_id AND j.month = t.month
        WHERE j.id IS NULL""",
    "a journal that is booked elsewhere than it happened says so": """
        SELECT id FROM journals WHERE (concerns_month IS NULL) <>
        (month = date_trunc('month', occurred_at AT TIME ZONE 'Asia/Shanghai')::date)""",
    "a batch counts its lines": """
        SELECT b.id FROM batches b WHERE b.rows <> (SELECT count(*) FROM journals j
               JOIN transfers t ON t.journal_id = j.id AND t.month = j.month WHERE j.batch_id = b.id)""",
    "nobody wrote a journal without its batch": """
        SELECT id FROM journals WHERE batch_id NOT IN (SELECT id FROM batches)""",
}


def unsound(database: stack.Database) -> dict[str, list[tuple[Any, ...]]]:
    """Give, for every check that fails, the rows that should not be there (up to five)."""
    found = {
        name: stack.rows(database.superuser_url, f"{question} LIMIT 5") for name, question in CHECKS.items()
    }
    return {name: rows for name, rows in found.items() if rows}
