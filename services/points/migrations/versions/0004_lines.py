"""Lines: whoever took part in a movement sees the order and the lot behind it, of whichever unit they are."""

from alembic import op

revision = "0004"
down_revision = "0003"

ORIGIN = """
-- The policies hide another unit's orders and lots as a whole; of a line that a unit pays or is paid for, it
-- may know what it was for: the order's number, the lot's issuer and the receipt that earned it.
CREATE FUNCTION origin_of_line(
    asked_month date, asked_line bigint, OUT order_no text, OUT issuer text, OUT receipt_number text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT r.order_no, l.issuer, l.receipt_number
    FROM transfers t
    JOIN journals j ON j.month = t.month AND j.id = t.journal_id
    LEFT JOIN lots l ON l.id = t.lot_id
    LEFT JOIN redemptions r ON r.id = j.subject
    WHERE t.month = asked_month AND t.id = asked_line
      AND (asking_unit() = ANY (j.sides) OR asking_unit() = '*');
END;
REVOKE ALL ON FUNCTION origin_of_line(date, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION origin_of_line(date, bigint) TO points_reader;
"""


def upgrade() -> None:
    """Create the one question that is asked above the policies of orders and lots."""
    op.execute(ORIGIN)
