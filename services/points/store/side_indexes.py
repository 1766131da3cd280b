"""Indexes of a sealed month: each unit's journals, so that the lines behind its statement are found by key.

Refuses to index a month that is still written to: the database checks that it is sealed.
"""

from datetime import date

from psycopg2.extensions import connection as Connection

from shared.runtime.database import may_take

INDEXING_S = 600
"""How long one index of a large month may take."""


def index_sides(connection: Connection, month: date) -> None:
    """Index the journals of every unit that has a statement of a sealed month; one that is there stays.

    One unit a transaction, which may take longer than others: it writes no row and announces nothing.

    :raises psycopg2.errors.LockNotAvailable: if the month is being vacuumed just then.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT unit FROM statements WHERE month = %s ORDER BY unit", (month,))
        units = [unit for (unit,) in cursor.fetchall()]
    for unit in units:
        with connection, connection.cursor() as cursor:
            may_take(cursor, INDEXING_S)
            cursor.execute("SELECT index_sealed(%s, %s)", (month, unit))
