"""Latches: rows to lock for nouns that have none of their own; a noun named here is guarded by its latch.

Refuses to read what they guard: the nouns do, once the latches are held.
"""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

from shared.kernel.command import Row

LATCHED = ("rulebook", "calendar", "client", "signing-key", "guesser", "sheet")


def latch(cursor: Cursor, rows: Sequence[Row]) -> dict[Row, str]:
    """Lock the latches that these rows ask for; tell which locks were obtained."""
    latched = [row for row in rows if row[0] in LATCHED]
    if not latched:
        return {}
    nouns, ids = [noun for noun, _ in latched], [name for _, name in latched]
    cursor.execute(
        "INSERT INTO latches (noun, id, version)"
        " SELECT noun, id, 0 FROM unnest(%s::text[], %s::text[]) AS n(noun, id)"
        " ORDER BY noun, id ON CONFLICT DO NOTHING",
        (nouns, ids),
    )
    cursor.execute(
        "SELECT noun, id FROM latches WHERE (noun, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
        " ORDER BY noun, id FOR NO KEY UPDATE SKIP LOCKED",
        (nouns, ids),
    )
    return {(noun, name): f"{noun} {name}" for noun, name in cursor.fetchall()}
