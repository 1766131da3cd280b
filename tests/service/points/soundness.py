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
        LEFT JOIN (SELECT lot_id, sum(CASE w.account WHEN to_account THEN amount
                                    WHEN from_account THEN -amount ELSE 0 END) AS points
                   FROM transfers JOIN lots ON lots.id = lot_id JOIN wallets w ON w.id = lots.wallet_id
                   GROUP BY lot_id) AS t ON t.lot_id = l.id
        WHERE l.points_left <> coalesce(t.points, 0)""",
    "what is left of a lot on hold is the sum of its lines": """
        SELECT * FROM (SELECT lot_id, sum(points_left) AS points FROM hold_slices GROUP BY lot_id) AS h
        FULL JOIN (SELECT t.lot_id, sum(CASE WHEN to_account < 0 THEN amount ELSE -amount END) AS points
                   FROM transfers t WHERE from_account < 0 OR to_account < 0 GROUP BY t.lot_id) AS t
            USING (lot_id)
        WHERE h.points IS DISTINCT FROM t.points""",
    "points go on hold and come back within their own wallet": """
        SELECT t.id FROM transfers t JOIN lots l ON l.id = t.lot_id JOIN wallets w ON w.id = l.wallet_id
        WHERE (from_account < 0 AND from_account <> -w.account)
           OR (to_account < 0 AND to_account <> -w.account)""",
    "a hold that has ended holds nothing, an open one does": """
        SELECT h.id FROM holds h WHERE h.is_open <> EXISTS (
            SELECT 1 FROM hold_slices s WHERE s.hold_id = h.id AND s.points_left > 0)""",
    "what was captured of a hold are its captures": """
        SELECT h.id FROM holds h LEFT JOIN (SELECT hold_id, sum(paid_fen) AS fen FROM redemptions
                                            GROUP BY hold_id) AS r ON r.hold_id = h.id
        WHERE h.captured_fen <> coalesce(r.fen, 0) OR h.captured_fen > h.amount_fen""",
    "a wallet's balance is the sum of its lots": f"""
        SELECT * FROM (SELECT w.account, l.asset, sum(l.points_left) AS points FROM wallets w
                       JOIN lots l ON l.wallet_id = w.id GROUP BY w.account, l.asset) AS held
        FULL JOIN (SELECT * FROM ({_BALANCE}) AS b WHERE account BETWEEN 10000 AND 999999999999999)
                   AS booked USING (account, asset)
        WHERE coalesce(held.points, 0) <> coalesce(booked.amount, 0)""",
    "every line of a wallet names a lot of that wallet": """
        SELECT t.id FROM (SELECT id, lot_id, from_account AS account FROM transfers
                          UNION ALL SELECT id, lot_id, to_account FROM transfers) AS t
        JOIN wallets w ON w.account = t.account
        LEFT JOIN lots l ON l.id = t.lot_id WHERE l.wallet_id IS DISTINCT FROM w.id""",
    "every line of money settles one slice of its journal": """
        SELECT t.id FROM transfers t
        LEFT JOIN transfers c ON c.id = t.cause_id AND c.journal_id = t.journal_id
        JOIN journals j ON j.id = t.journal_id
        WHERE t.asset = 'CNY' AND j.kind <> 'exchange' AND (c.id IS NULL OR t.amount <> c.worth_fen * 100)
          AND greatest(t.from_account, t.to_account) < 1000000000000000""",
    "a debt is what its lines of money say": f"""
        SELECT * FROM (SELECT account, fen FROM debts WHERE fen <> 0) AS d
        FULL JOIN (SELECT account, amount FROM ({_BALANCE}) AS b WHERE account >= 1000000000000000
                   AND amount <> 0) AS booked USING (account)
        WHERE coalesce(d.fen, 0) * -100 <> coalesce(booked.amount, 0)""",
    "returns bring back at most what was bought, one behind the other": """
        SELECT f.name FROM returns f LEFT JOIN receipts r ON r.id = f.receipt_id
        WHERE r.id IS NULL OR f.returned_fen > r.amount_fen OR f.returned_fen - f.amount_fen <> coalesce(
            (SELECT max(b.returned_fen) FROM returns b
             WHERE b.receipt_id = f.receipt_id AND b.returned_fen < f.returned_fen), 0)""",
    "a return takes and lends what it says": """
        SELECT f.name, f.debt_fen FROM returns f
        LEFT JOIN (SELECT j.subject, sum(t.amount) FILTER (WHERE t.asset = 'CNY') AS cny
                   FROM journals j JOIN transfers t ON t.journal_id = j.id GROUP BY j.subject) AS b
               ON b.subject = f.id
        WHERE f.debt_fen * 100 <> coalesce(b.cny, 0)""",
    "every foreign slice is settled once": """
        SELECT t.id FROM transfers t JOIN lots l ON l.id = t.lot_id JOIN journals j ON j.id = t.journal_id
        LEFT JOIN (SELECT cause_id, count(*) AS times FROM transfers
                   WHERE asset = 'CNY' GROUP BY cause_id) AS m ON m.cause_id = t.id
        WHERE t.worth_fen IS NOT NULL AND j.kind <> 'exchange'
          AND (l.issuer <> j.unit)::int <> coalesce(m.times, 0)""",
    "a redemption pays what its slices pay": """
        SELECT r.name, r.paid_fen FROM redemptions r
        LEFT JOIN (SELECT j.subject, sum(t.worth_fen) AS worth FROM journals j
                   JOIN transfers t ON t.journal_id = j.id
                   WHERE j.kind IN ('redemption', 'capture') GROUP BY j.subject) AS p ON p.subject = r.id
        WHERE r.paid_fen IS DISTINCT FROM p.worth""",
    "refunds bring back at most what was paid, line by line and in all": """
        SELECT r.name, f.fen FROM redemptions r JOIN (SELECT redemption_id, sum(amount_fen) AS fen
               FROM refunds GROUP BY redemption_id) AS f ON f.redemption_id = r.id WHERE f.fen > r.paid_fen
        UNION ALL SELECT c.id::text, b.fen FROM transfers c JOIN (
            SELECT t.cause_id, sum(t.worth_fen) AS fen FROM transfers t JOIN journals j ON j.id = t.journal_id
            WHERE j.kind = 'refund' AND t.asset <> 'CNY' GROUP BY t.cause_id) AS b ON b.cause_id = c.id
        WHERE b.fen > coalesce(c.worth_fen, 0)""",
    "a refund brings back what its lines do": """
        SELECT f.name, f.amount_fen FROM refunds f
        LEFT JOIN (SELECT j.subject, sum(t.worth_fen) AS fen FROM journals j
                   JOIN transfers t ON t.journal_id = j.id GROUP BY j.subject) AS b ON b.subject = f.id
        WHERE f.amount_fen IS DISTINCT FROM b.fen""",
    "a receipt with points has one journal with as many": """
        SELECT r.name, r.points FROM receipts r
        LEFT JOIN (SELECT j.subject, sum(t.amount) AS points FROM journals j
                   JOIN transfers t ON t.journal_id = j.id JOIN lots l ON l.id = t.lot_id
                   WHERE j.kind = 'earning' AND l.origin <> 'campaign' GROUP BY j.subject) AS p
               ON p.subject = r.id
        WHERE r.points <> coalesce(p.points, 0)""",
    "a receipt with a bonus has a lot and a draw of as many": """
        SELECT r.name, r.bonus
        FROM (SELECT id, name, coalesce((terms::json #>> '{campaign,points}')::bigint, 0) AS bonus
              FROM receipts) AS r
        LEFT JOIN (SELECT j.subject, sum(t.amount) AS points FROM journals j
                   JOIN transfers t ON t.journal_id = j.id JOIN lots l ON l.id = t.lot_id
                   WHERE j.kind = 'earning' AND l.origin = 'campaign' GROUP BY j.subject) AS p
               ON p.subject = r.id
        LEFT JOIN draws d ON d.subject = r.id
        WHERE r.bonus <> coalesce(p.points, 0) OR r.bonus <> coalesce(d.amount, 0)""",
    "what the exchange account gives is caused by what it got": """
        SELECT t.id FROM transfers t JOIN accounts a ON a.id = t.from_account AND a.role = 'exchange'
        LEFT JOIN transfers c ON c.id = t.cause_id AND c.journal_id = t.journal_id AND c.to_account = a.id
        LEFT JOIN lots l ON l.id = t.lot_id AND l.parent_id = c.lot_id
        WHERE (l.id IS NULL OR t.amount <> l.earned)
          AND t.to_account NOT IN (SELECT id FROM accounts WHERE role IN ('fee', 'residual'))""",
    "an exchange gives value for value": """
        SELECT t.journal_id FROM transfers t JOIN journals j ON j.id = t.journal_id AND j.kind = 'exchange'
        LEFT JOIN accounts a ON a.id = t.from_account LEFT JOIN accounts b ON b.id = t.to_account
        WHERE t.asset <> 'CNY' GROUP BY t.journal_id
        HAVING sum(CASE WHEN b.role = 'exchange' THEN t.worth_fen WHEN b.role IS NULL THEN -t.worth_fen
                        ELSE -t.amount END) <> 0""",
    "a quote is carried out once, as it was quoted": """
        SELECT e.id FROM exchanges e LEFT JOIN quotes q ON q.id = e.quote_id
            AND (q.points, q.given, q.value_fen, q.fee_fen, q.residual_fen, q.quoted_at)
                = (e.points, e.given, e.value_fen, e.fee_fen, e.residual_fen, e.quoted_at)
        LEFT JOIN journals j ON j.subject = e.id AND j.kind = 'exchange'
        WHERE q.id IS NULL OR j.id IS NULL""",
    "what came back of a coupon came back whole, once it was void": """
        SELECT v.id, d.state, f.fen FROM vouchers v
        LEFT JOIN voidings d ON d.voucher_id = v.id AND d.state <> 'unknown'
        LEFT JOIN (SELECT redemption_id, sum(amount_fen) AS fen, count(*) AS times FROM refunds
                   GROUP BY redemption_id) AS f ON f.redemption_id = v.redemption_id
        WHERE (coalesce(f.fen, 0)::bigint, coalesce(f.times, 0))
              <> (CASE d.state WHEN 'voided' THEN v.price_fen ELSE 0 END,
                  CASE d.state WHEN 'voided' THEN 1 ELSE 0 END)""",
    "a voucher is issued for one whole capture, refused for none, asked for over a hold": """
        SELECT v.id, v.state FROM vouchers v LEFT JOIN holds h ON h.id = v.id
        LEFT JOIN (SELECT hold_id, count(*) AS times, sum(paid_fen) AS fen FROM redemptions GROUP BY hold_id)
               AS r ON r.hold_id = v.id
        LEFT JOIN voucher_codes k ON k.voucher_id = v.id
        WHERE (v.state, coalesce(r.times, 0), coalesce(r.fen, 0), k.voucher_id IS NOT NULL, h.is_open)
              NOT IN (('asked', 0, 0, false, true), ('issued', 1, v.price_fen, true, false),
                      ('refused', 0, 0, false, false)) OR h.id IS NULL""",
    "a holder's events are versions 1 to its last": """
        SELECT h.id FROM holders h
        LEFT JOIN (SELECT key, count(*) AS times, max(seq) AS last
                   FROM (SELECT key, seq FROM outbox UNION ALL SELECT key, seq FROM outbox_archive) AS told
                   GROUP BY key) AS o
               ON o.key = 'hol_' || replace(h.id::text, '-', '')
        WHERE h.version <> coalesce(o.times, 0) OR h.version <> coalesce(o.last, 0)""",
    "no event is written twice": """
        SELECT event_id
        FROM (SELECT event_id FROM outbox UNION ALL SELECT event_id FROM outbox_archive) AS told
        GROUP BY event_id HAVING count(*) > 1""",
    "slices count what was drawn, within what was granted": """
        SELECT name, "window" FROM (SELECT name, "window", used, granted, 0 AS drawn FROM limits
                                    UNION ALL SELECT name, "window", 0, 0, amount FROM draws) AS sliced
        LEFT JOIN budgets b USING (name, "window") GROUP BY name, "window"
        HAVING sum(used) <> sum(drawn) OR sum(sliced.granted) IS DISTINCT FROM max(b.granted)
            OR max(b.granted) > max(b.total)""",
    "a journal is booked in the month of its lines": """
        SELECT t.id FROM transfers t LEFT JOIN journals j ON j.id = t.journal_id AND j.month = t.month
        WHERE j.id IS NULL""",
    "a journal that is booked elsewhere than it happened says so": """
        SELECT id FROM journals WHERE (concerns_month IS NULL) <>
        (month = date_trunc('month', occurred_at AT TIME ZONE 'Asia/Shanghai')::date)""",
    "a batch counts its lines": """
        SELECT b.id FROM batches b
        LEFT JOIN (SELECT j.batch_id, count(*) AS lines FROM journals j
                   JOIN transfers t ON t.journal_id = j.id GROUP BY j.batch_id) AS j ON j.batch_id = b.id
        WHERE b.rows IS DISTINCT FROM j.lines""",
    "nobody wrote a journal without its batch": """
        SELECT id FROM journals WHERE batch_id NOT IN (SELECT id FROM batches)""",
}


def unsound(database: stack.Database) -> dict[str, list[tuple[Any, ...]]]:
    """Give, for every check that fails, the rows that should not be there (up to five)."""
    found = {
        name: stack.rows(database.superuser_url, f"{question} LIMIT 5") for name, question in CHECKS.items()
    }
    return {name: rows for name, rows in found.items() if rows}
