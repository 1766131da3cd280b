"""Evidence of limits: what slices count, beside what was granted to them and drawn. Refuses to judge."""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import LimitLook

_LIMITS = """
SELECT count(*), min(concat('limit ', name, ' in ', "window")), granted_fits, used_fits
FROM (
    SELECT name, "window",
           coalesce(s.granted = b.granted AND b.granted <= b.total, false) AS granted_fits,
           coalesce(s.used, 0) = coalesce(d.amount, 0) AS used_fits
    FROM budgets b
    FULL JOIN (SELECT name, "window", sum(granted) AS granted, sum(used) AS used
               FROM limits GROUP BY name, "window") AS s USING (name, "window")
    FULL JOIN (SELECT name, "window", sum(amount) AS amount
               FROM draws GROUP BY name, "window") AS d USING (name, "window")) AS seen
GROUP BY granted_fits, used_fits, CASE WHEN NOT (granted_fits AND used_fits) THEN (name, "window") END
"""


def limits(cursor: Cursor) -> list[LimitLook]:
    """Hold every window's budget against its slices, and these against the draws, over all time."""
    cursor.execute(_LIMITS)
    return [LimitLook(*row) for row in cursor.fetchall()]
