"""Reading: the wallets of many members in one round trip, each behind the policy of its own holder."""

from alembic import op

revision = "0008"
down_revision = "0007"

READING = """
-- Security invoker, and one statement per member: while it runs, app.holder is that member's holder alone, so
-- the policies show no row of anybody else who is asked about in the same round trip.
CREATE FUNCTION wallets_read(identities text[], moment timestamptz, soon timestamptz)
RETURNS TABLE (place integer, holder uuid, asset text, available bigint, pending bigint, expiring bigint,
               next_expiry timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    whose uuid;
BEGIN
    PERFORM set_config('app.unit', '', true);
    FOR turn IN 1 .. cardinality(identities) LOOP
        whose := holder_of(identities[turn]);
        CONTINUE WHEN whose IS NULL;
        PERFORM set_config('app.holder', whose::text, true);
        RETURN QUERY
        SELECT turn, whose, l.asset,
               coalesce(sum(l.points_left) FILTER (WHERE l.available_at <= moment), 0)::bigint,
               coalesce(sum(l.points_left) FILTER (WHERE l.available_at > moment), 0)::bigint,
               coalesce(sum(l.points_left) FILTER (WHERE l.expires_at <= soon), 0)::bigint,
               min(l.expires_at)
        FROM lots l
        WHERE l.is_open AND l.expires_at > moment
          AND l.wallet_id = ANY (ARRAY(SELECT w.id FROM wallets w WHERE w.holder_id = whose))
        GROUP BY l.asset ORDER BY l.asset;
        IF NOT FOUND THEN
            -- Somebody without an open lot has a wallet all the same.
            RETURN QUERY SELECT turn, whose, NULL::text, 0::bigint, 0::bigint, 0::bigint, NULL::timestamptz;
        END IF;
    END LOOP;
    PERFORM set_config('app.holder', '', true);
END $$;
REVOKE ALL ON FUNCTION wallets_read(text[], timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wallets_read(text[], timestamptz, timestamptz) TO points_reader;
"""


def upgrade() -> None:
    """Create the function; it runs with the rights of whoever calls it."""
    op.execute(READING)
