"""Weekly partitions of what is kept by age: the inbox of events (35 days), the archive of the outbox (30).

Both are split by their UUIDv7, whose first 48 bits are a time: an event sent again falls into the partition
in which it was first heard, so the primary key still tells that it is known, whatever midnight lies between.
Refuses to touch business keys: those live for ever in tables that are not split.
"""

from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

AHEAD = timedelta(days=28)

# Owned by the owner role and run with its rights: desk and relay may not create tables. A partition is made
# first and attached then, which waits for nobody who writes; what is over is dropped, or tried again later.
FRAME_PARTITIONS_1 = """
CREATE FUNCTION frame_first_id(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog AS $frame$
    SELECT rpad(lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$frame$;

CREATE FUNCTION open_week(parent text, week timestamptz) RETURNS boolean LANGUAGE plpgsql
SET search_path = public, pg_temp AS $frame$
DECLARE
    child text := parent || to_char(week AT TIME ZONE 'UTC', '"_"YYYYMMDD');
BEGIN
    IF to_regclass(child) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        parent, child, frame_first_id(week), frame_first_id(week + interval '7 days'));
    RETURN true;
END $frame$;

CREATE FUNCTION drop_weeks(parent text, before timestamptz) RETURNS integer LANGUAGE plpgsql
SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $frame$
DECLARE
    child name;
    dropped integer := 0;
BEGIN
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = parent::regclass AND c.relname ~ '_[0-9]{8}$'
          AND (to_date(right(c.relname, 8), 'YYYYMMDD') + 7)::timestamp AT TIME ZONE 'UTC' <= before
    LOOP
        EXECUTE format('DROP TABLE %I', child);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $frame$;

CREATE FUNCTION open_inbox_partitions(until timestamptz) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $frame$
DECLARE
    parent text;
    kept interval;
    week timestamptz;
    opened integer := 0;
BEGIN
    IF until > now() + interval '100 days' THEN
        RAISE EXCEPTION 'partitions are opened at most 100 days ahead';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('tongfen partitions', 0));
    FOR parent, kept IN
        VALUES ('event_inbox', interval '35 days'), ('outbox_archive', interval '30 days')
    LOOP
        week := date_trunc('week', now() - kept, 'UTC');
        WHILE week < until LOOP
            opened := opened + open_week(parent, week)::int;
            week := week + interval '7 days';
        END LOOP;
        BEGIN
            PERFORM drop_weeks(parent, now() - kept);
        EXCEPTION WHEN lock_not_available THEN
            RAISE NOTICE 'old partitions of % are in use; they are dropped at the next call', parent;
        END;
    END LOOP;
    RETURN opened;
END $frame$;
"""


def open_ahead(connection: Connection, moment: datetime) -> int:
    """Open the weeks around a moment and four ahead, drop those that are over; tell how many were opened.

    To be called when a service starts and once a day, as any role that may execute `open_inbox_partitions`.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT open_inbox_partitions(%s)", (moment + AHEAD,))
        opened: int = cursor.fetchone()[0]
    return opened
