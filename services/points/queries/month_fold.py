"""A month folded from its journals and the snapshots at its two ends, in a few set-based questions.

Statements do not wait for the snapshot at the month's own end: what it will hold follows from the one before
and from the lines. The auditor reads it as it was written. Refuses to read lots as they stand today: a lot
gives its issuer and expiry, its points come from lines alone.
"""

from datetime import date

from psycopg2.extensions import cursor as Cursor

from services.points.domain.statement import Counts, Flow, MonthFold, Position, carried
from services.points.store.closing import find_previous
from shared.kernel.calendar import month_bounds

_FLOWS = """
SELECT from_role, to_role, from_unit, to_unit, issuer, origin, asset, caused, lasting, sum(amount)::bigint,
       coalesce(sum(worth_fen), 0)::bigint
FROM (SELECT coalesce(a.role, member_role(t.from_account)) AS from_role,
             coalesce(b.role, member_role(t.to_account)) AS to_role,
             a.unit AS from_unit, b.unit AS to_unit, l.issuer, l.origin, t.asset,
             t.cause_id IS NOT NULL AS caused,
             coalesce(l.expires_at > %(ends_at)s, false) AS lasting, t.amount, t.worth_fen
      FROM transfers t
      LEFT JOIN accounts a ON a.id = t.from_account
      LEFT JOIN accounts b ON b.id = t.to_account
      LEFT JOIN lots l ON l.id = t.lot_id
      WHERE t.month = %(month)s) AS lines
GROUP BY from_role, to_role, from_unit, to_unit, issuer, origin, asset, caused, lasting
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
_POSITIONS = """
SELECT l.issuer, l.asset, sum(c.points_left)::bigint,
       coalesce(sum(c.points_left) FILTER (WHERE l.expires_at > %(ends_at)s), 0)::bigint
FROM closing_lots c JOIN lots l ON l.id = c.lot_id
WHERE c.month = %(month)s GROUP BY l.issuer, l.asset ORDER BY l.issuer, l.asset
"""
_COUNTS = """
SELECT unit, sum(receipts)::bigint, sum(redemptions)::bigint, sum(refused)::bigint
FROM (SELECT unit, 1 AS receipts, 0 AS redemptions, 0 AS refused FROM receipts WHERE month = %(month)s
      UNION ALL SELECT unit, 0, 1, 0 FROM redemptions WHERE month = %(month)s
      UNION ALL SELECT unit, 0, 0, 1 FROM declines WHERE month = %(month)s) AS happened
GROUP BY unit
"""


def flows(cursor: Cursor, month: date) -> tuple[Flow, ...]:
    """Add up the month's lines that look alike."""
    cursor.execute(_FLOWS, {"month": month, "ends_at": month_bounds(month)[1]})
    return tuple(Flow(*row) for row in cursor.fetchall())


def month_fold(cursor: Cursor, month: date, moved: tuple[Flow, ...]) -> MonthFold:
    """Fold a sealed month whose snapshot need not stand yet: what it will hold is carried over by the lines.

    :param moved: the month's `flows`.
    """
    previous = find_previous(cursor, month)
    opening = _positions(cursor, previous, month) if previous else ()
    return _fold(cursor, month, moved, opening, carried(opening, moved))


def kept_fold(cursor: Cursor, month: date) -> MonthFold:
    """Fold a month by the snapshots that were written at its two ends, as the auditor reads it.

    :raises LookupError: if its own is missing (it was never sealed, or the closing job has not come to it).
    """
    cursor.execute("SELECT previous FROM closings WHERE month = %s", (month,))
    found = cursor.fetchone()
    if found is None:
        raise LookupError(f"{month:%Y-%m} has no snapshot")
    opening = _positions(cursor, found[0], month) if found[0] else ()
    return _fold(cursor, month, flows(cursor, month), opening, _positions(cursor, month, month))


def _fold(
    cursor: Cursor,
    month: date,
    moved: tuple[Flow, ...],
    opening: tuple[Position, ...],
    closing: tuple[Position, ...],
) -> MonthFold:
    cursor.execute("SELECT unit FROM accounts WHERE role = 'clearing' ORDER BY unit")
    units = tuple(unit for (unit,) in cursor.fetchall())
    cursor.execute(_COUNTS, {"month": month})
    counts = {unit: Counts(*row) for unit, *row in cursor.fetchall()}
    return MonthFold(month, units, moved, opening, closing, counts)


def _positions(cursor: Cursor, snapshot: date, month: date) -> tuple[Position, ...]:
    cursor.execute(_POSITIONS, {"month": snapshot, "ends_at": month_bounds(month)[1]})
    return tuple(Position(*row) for row in cursor.fetchall())
