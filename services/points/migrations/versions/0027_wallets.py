"""Wallets: what is owed is read with the points, holds only of those who have any, holders all at once."""

from alembic import op

revision = "0027"
down_revision = "0026"

# As holder_of, for many: the one question asked above the policies.
HOLDERS = """
CREATE FUNCTION holders_of(asked text[]) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT array_agg((SELECT w.holder_id FROM wallets w WHERE w.identity = n.identity) ORDER BY n.place)
    FROM unnest(asked) WITH ORDINALITY AS n(identity, place);
END;
REVOKE ALL ON FUNCTION holders_of(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION holders_of(text[]) TO points_reader;
"""

# As wallets_read of 0017 and debts_read of 0023, which stay for processes of the releases before. Security
# invoker, and no statement is for two members: app.holder is one member's holder alone while it runs.
# Rows are looked up key by key, in this order (LATERAL, OFFSET 0): of a table that had three rows when that
# was planned, `= ANY`, a join or a policy's EXISTS would read all for as long as its statistics stay.
READING = """
CREATE FUNCTION wallets_shown(identities text[], moment timestamptz, soon timestamptz)
RETURNS TABLE (place integer, holder uuid, asset text, available bigint, pending bigint, on_hold bigint,
               expiring bigint, next_expiry timestamptz, owing text, owed_fen bigint)
LANGUAGE plpgsql AS $$
DECLARE
    holders uuid[] := holders_of(identities);
    whose uuid;
    mine uuid[];
    once uuid[];
    said text := set_config('app.unit', '', true);
BEGIN
    FOR turn IN 1 .. cardinality(identities) LOOP
        whose := holders[turn];
        CONTINUE WHEN whose IS NULL;
        said := set_config('app.holder', whose::text, true);
        -- Each former holder once: several wallets may have come from one, and it may be who holds them now.
        SELECT array_agg(w.id), array_agg(DISTINCT w.first_holder_id) INTO mine, once
          FROM wallets w WHERE w.holder_id = whose;
        once := array_remove(once, whose) || whose;
        IF EXISTS (SELECT 1 FROM unnest(once) AS o(id) CROSS JOIN LATERAL (
                       SELECT 1 FROM holds h WHERE h.is_open AND h.holder_id = o.id OFFSET 0)) THEN
            RETURN QUERY
            SELECT turn, whose, p.asset,
                   coalesce(sum(p.points) FILTER (WHERE p.available_at <= moment), 0)::bigint,
                   coalesce(sum(p.points) FILTER (WHERE p.available_at > moment), 0)::bigint,
                   sum(p.held)::bigint,
                   coalesce(sum(p.points) FILTER (WHERE p.expires_at <= soon), 0)::bigint,
                   min(p.expires_at), NULL::text, NULL::bigint
            FROM (SELECT l.asset, l.points_left AS points, 0 AS held, l.available_at, l.expires_at
                  FROM unnest(mine) AS m(id) CROSS JOIN LATERAL (
                      SELECT * FROM lots l
                      WHERE l.is_open AND l.expires_at > moment AND l.wallet_id = m.id OFFSET 0) AS l
                  UNION ALL
                  SELECT l.asset, 0, s.points_left, NULL, NULL
                  FROM unnest(once) AS o(id)
                  CROSS JOIN LATERAL (
                      SELECT * FROM holds h WHERE h.is_open AND h.holder_id = o.id OFFSET 0) AS h
                  CROSS JOIN LATERAL slices_of_hold(h.id) AS s
                  CROSS JOIN LATERAL (SELECT * FROM lots l WHERE l.id = s.lot_id OFFSET 0) AS l
                  WHERE s.points_left > 0 AND l.wallet_id = ANY (mine)) AS p
            GROUP BY p.asset ORDER BY p.asset;
        ELSE
            RETURN QUERY
            SELECT turn, whose, l.asset,
                   coalesce(sum(l.points_left) FILTER (WHERE l.available_at <= moment), 0)::bigint,
                   coalesce(sum(l.points_left) FILTER (WHERE l.available_at > moment), 0)::bigint,
                   0::bigint,
                   coalesce(sum(l.points_left) FILTER (WHERE l.expires_at <= soon), 0)::bigint,
                   min(l.expires_at), NULL::text, NULL::bigint
            FROM unnest(mine) AS m(id) CROSS JOIN LATERAL (
                SELECT * FROM lots l
                WHERE l.is_open AND l.expires_at > moment AND l.wallet_id = m.id OFFSET 0) AS l
            GROUP BY l.asset ORDER BY l.asset;
        END IF;
        IF NOT FOUND THEN
            -- Somebody without an open lot has a wallet all the same.
            RETURN QUERY SELECT turn, whose, NULL::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
                                NULL::timestamptz, NULL::text, NULL::bigint;
        END IF;
        IF EXISTS (SELECT 1 FROM unnest(mine) AS m(id) CROSS JOIN LATERAL (
                       SELECT 1 FROM debts d WHERE d.fen > 0 AND d.wallet_id = m.id OFFSET 0)) THEN
            RETURN QUERY
            SELECT turn, whose, NULL::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint, NULL::timestamptz,
                   d.issuer, sum(d.fen)::bigint
            FROM debts d WHERE d.fen > 0 AND d.wallet_id = ANY (mine)
            GROUP BY d.issuer ORDER BY d.issuer;
        END IF;
    END LOOP;
    said := set_config('app.holder', '', true);
END $$;
REVOKE ALL ON FUNCTION wallets_shown(text[], timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wallets_shown(text[], timestamptz, timestamptz) TO points_reader;
"""


def upgrade() -> None:
    """Create both functions; the wider one runs with the rights of whoever calls it."""
    op.execute(HOLDERS)
    op.execute(READING)
