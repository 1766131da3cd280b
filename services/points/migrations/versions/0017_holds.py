"""Holds: how they ended, which one binds an order, what they took, and how much of a wallet is on hold."""

from alembic import op

revision = "0017"
down_revision = "0016"

HOLDS = """
ALTER TABLE holds ADD COLUMN ended_by text
    CONSTRAINT holds_ended_by_known CHECK (ended_by IN ('captured', 'released', 'expired'));
ALTER TABLE holds ADD COLUMN ended_month date
    CONSTRAINT holds_ended_in_a_month CHECK ((ended_month IS NULL) = (ended_by IS NULL));
-- An order whose hold was let go without a capture may be held again, or redeemed.
-- squawk-ignore ban-drop-constraint
ALTER TABLE holds DROP CONSTRAINT holds_name_once;
CREATE UNIQUE INDEX holds_order_once ON holds (name) WHERE is_open OR captured_fen > 0;
CREATE INDEX holds_open ON holds (holder_id) WHERE is_open;
CREATE INDEX holds_name ON holds (name);
CREATE INDEX holds_month ON holds USING brin (month);
CREATE INDEX redemptions_hold ON redemptions (hold_id) WHERE hold_id IS NOT NULL;
GRANT UPDATE (ended_by, ended_month) ON holds TO points_desk;
"""

# A unit sees no lots that others issued; of its own holds it may know what they took.
SLICES = """
CREATE FUNCTION slices_of_hold(
    asked uuid, OUT place integer, OUT lot_id uuid, OUT asset text, OUT issuer text, OUT points bigint,
    OUT points_left bigint
) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT s.place, s.lot_id, l.asset, l.issuer, s.points, s.points_left
    FROM holds h
    JOIN hold_slices s ON s.hold_id = h.id
    JOIN lots l ON l.id = s.lot_id
    WHERE h.id = asked
      AND (h.unit = asking_unit() OR asking_unit() = '*' OR h.holder_id = asking_holder()
           OR h.holder_id IN (SELECT w.first_holder_id FROM wallets w WHERE w.holder_id = asking_holder()));
END;
REVOKE ALL ON FUNCTION slices_of_hold(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION slices_of_hold(uuid) TO points_reader;
"""

# As in 0008, with what is on hold: its points do not expire, so nothing else is said of them.
READING = """
-- squawk-ignore ban-drop-function
DROP FUNCTION wallets_read(text[], timestamptz, timestamptz);
CREATE FUNCTION wallets_read(identities text[], moment timestamptz, soon timestamptz)
RETURNS TABLE (place integer, holder uuid, asset text, available bigint, pending bigint, on_hold bigint,
               expiring bigint, next_expiry timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    whose uuid;
    mine uuid[];
BEGIN
    PERFORM set_config('app.unit', '', true);
    FOR turn IN 1 .. cardinality(identities) LOOP
        whose := holder_of(identities[turn]);
        CONTINUE WHEN whose IS NULL;
        PERFORM set_config('app.holder', whose::text, true);
        mine := ARRAY(SELECT w.id FROM wallets w WHERE w.holder_id = whose);
        RETURN QUERY
        SELECT turn, whose, p.asset,
               coalesce(sum(p.points) FILTER (WHERE p.available_at <= moment), 0)::bigint,
               coalesce(sum(p.points) FILTER (WHERE p.available_at > moment), 0)::bigint,
               sum(p.held)::bigint,
               coalesce(sum(p.points) FILTER (WHERE p.expires_at <= soon), 0)::bigint,
               min(p.expires_at)
        FROM (SELECT l.asset, l.points_left AS points, 0 AS held, l.available_at, l.expires_at
              FROM lots l WHERE l.is_open AND l.expires_at > moment AND l.wallet_id = ANY (mine)
              UNION ALL
              SELECT l.asset, 0, s.points_left, NULL, NULL
              FROM holds h
              JOIN hold_slices s ON s.hold_id = h.id AND s.points_left > 0
              JOIN lots l ON l.id = s.lot_id AND l.wallet_id = ANY (mine)
              WHERE h.is_open AND h.holder_id = ANY (
                  ARRAY(SELECT w.first_holder_id FROM wallets w WHERE w.holder_id = whose) || whose)) AS p
        GROUP BY p.asset ORDER BY p.asset;
        IF NOT FOUND THEN
            -- Somebody without an open lot has a wallet all the same.
            RETURN QUERY SELECT turn, whose, NULL::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
                                NULL::timestamptz;
        END IF;
    END LOOP;
    PERFORM set_config('app.holder', '', true);
END $$;
REVOKE ALL ON FUNCTION wallets_read(text[], timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wallets_read(text[], timestamptz, timestamptz) TO points_reader;
"""


def upgrade() -> None:
    """Say how a hold ended, bind an order by its hold, and let unit and member see what it took."""
    op.execute(HOLDS)
    op.execute(SLICES)
    op.execute(READING)
