"""Evidence from receipts in doubt: settled and accepted ones beside their receipts, over all months.

Refuses to judge.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import ActLook

# Of more than one person may accept, by the rule then in force, two did.
# A receipt that earns beside another of its name does so by an accepted doubt alone.
_DOUBTS = """
SELECT count(*), min(coalesce('doubt ' || id, name)), is_kept, is_booked, fits, rule_fits
FROM (
    SELECT d.id, r.name, d.id IS NOT NULL AS is_kept, r.id IS NOT NULL AS is_booked,
           coalesce(r.unit = d.unit AND CASE d.state
                        WHEN 'settled' THEN r.name = d.name
                        ELSE r.name IN (d.name, d.name || '|again ' || d.id) AND r.wallet_id = d.wallet_id
                             AND r.amount_fen = d.amount_fen AND r.purchased_at = d.purchased_at END,
                    false) AS fits,
           coalesce(d.decided_by <> d.told_by AND (d.state = 'settled') = (d.reason IS NULL)
                    AND (d.state = 'settled' OR d.amount_fen <= coalesce((
                             SELECT (c.body::json ->> 'alone_fen')::bigint FROM rules c
                             WHERE c.kind = 'claim' AND c.subject = 'group' AND c.approved_at <= d.decided_at
                               AND c.valid_from <= d.decided_at
                             ORDER BY c.valid_from DESC, c.version DESC LIMIT 1), d.amount_fen)
                         OR d.first_accepted_by NOT IN (d.told_by, d.decided_by)), false)
               AS rule_fits
    FROM (SELECT * FROM doubts WHERE state IN ('settled', 'accepted')) AS d
    FULL JOIN (SELECT * FROM receipts WHERE name LIKE '%|again %'
               OR id IN (SELECT receipt_id FROM doubts)) AS r ON r.id = d.receipt_id) AS seen
GROUP BY is_kept, is_booked, fits, rule_fits
"""


def doubts(cursor: Cursor) -> list[ActLook]:
    """Hold doubts that led to a receipt against it, and receipts that came of a doubt against that."""
    cursor.execute(_DOUBTS)
    return [ActLook(*row) for row in cursor.fetchall()]
