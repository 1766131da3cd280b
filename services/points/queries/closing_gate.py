"""What stands in the way of a seal beside the invariants: earlier months, feeders not heard, parked events.

Refuses to decide: it names the hindrances, the closing job waits.
"""

from datetime import date

from psycopg2.extensions import cursor as Cursor

_EARLIER = "SELECT month FROM months WHERE month < %(month)s AND state <> 'sealed' ORDER BY month LIMIT 1"
_SILENT = """
SELECT f.service, f.partitions - count(m.partition)
FROM feeders f LEFT JOIN markers m ON m.service = f.service AND m.month = %(month)s
    AND m.partition BETWEEN 0 AND f.partitions - 1
GROUP BY f.service, f.partitions HAVING count(m.partition) < f.partitions ORDER BY f.service
"""
_PARKED = "SELECT topic, count(*) FROM parked WHERE healed_at IS NULL GROUP BY topic ORDER BY topic"


def hindrances(cursor: Cursor, month: date) -> list[str]:
    """Name what a month still waits for, in words for a log line; empty when nothing does."""
    found = []
    cursor.execute(_EARLIER, {"month": month})
    found += [f"{earlier:%Y-%m} is not sealed" for (earlier,) in cursor.fetchall()]
    cursor.execute(_SILENT, {"month": month})
    found += [
        f"{service} has not ended the month on {count} partition(s)" for service, count in cursor.fetchall()
    ]
    cursor.execute(_PARKED)
    found += [f"{count} event(s) of {topic} are parked" for topic, count in cursor.fetchall()]
    return found
