"""What the lines of a page were for is asked once for all of them, by key, and not planned anew for each.

As origin_of_line of 0023, which stays for processes of the release before.
"""

from alembic import op

revision = "0037"
down_revision = "0036"

ORIGINS = """
CREATE FUNCTION origins_of_lines(
    asked_month date, asked_lines bigint[], OUT line bigint, OUT order_no text, OUT issuer text,
    OUT receipt_number text
) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT t.id, r.order_no, l.issuer, coalesce(p.number, l.receipt_number)
    FROM unnest(asked_lines) AS n(id)
    CROSS JOIN LATERAL (SELECT x.id, x.journal_id, x.lot_id FROM transfers x
                        WHERE x.month = asked_month AND x.id = n.id OFFSET 0) AS t
    CROSS JOIN LATERAL (SELECT x.subject FROM journals x
                        WHERE x.month = asked_month AND x.id = t.journal_id
                          AND (asking_unit() = ANY (x.sides) OR asking_unit() = '*') OFFSET 0) AS j
    LEFT JOIN LATERAL (SELECT x.issuer, x.receipt_number FROM lots x
                       WHERE x.id = t.lot_id OFFSET 0) AS l ON true
    LEFT JOIN LATERAL (SELECT x.redemption_id FROM refunds x WHERE x.id = j.subject OFFSET 0) AS f ON true
    LEFT JOIN LATERAL (SELECT x.order_no FROM redemptions x
                       WHERE x.id = coalesce(f.redemption_id, j.subject) OFFSET 0) AS r ON true
    LEFT JOIN LATERAL (SELECT x.receipt_id FROM returns x WHERE x.id = j.subject OFFSET 0) AS b ON true
    LEFT JOIN LATERAL (SELECT x.number FROM receipts x WHERE x.id = b.receipt_id OFFSET 0) AS p ON true;
END;
REVOKE ALL ON FUNCTION origins_of_lines(date, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION origins_of_lines(date, bigint[]) TO points_reader;
"""


def upgrade() -> None:
    """Create the question that is asked above the policies for a page of lines."""
    op.execute(ORIGINS)
