"""Changed holders: each says which batch changed it last, so that a wallet that did not change is not read.

A wallet that is read is read with one snapshot for all who are asked about, points on hold apart from lots.
"""

from alembic import op

revision = "0031"
down_revision = "0030"

# Nobody is in the middle of a batch behind this lock, and the function below comes with the column: all who
# are there were changed by the last batch at the latest.
HOLDERS = """
LOCK TABLE holders IN ACCESS EXCLUSIVE MODE;
DO $$ BEGIN
    EXECUTE format('ALTER TABLE holders ADD COLUMN batch_id bigint NOT NULL DEFAULT %s',
                   (SELECT last_value FROM batch_id));
END $$;
ALTER TABLE holders ALTER COLUMN batch_id SET DEFAULT 0;
GRANT UPDATE (batch_id) ON holders TO points_desk;
"""

# As in 0026, and whoever is named among the holders gets the number of the batch.
SAVE = """
CREATE OR REPLACE FUNCTION points_save(
    kept_names text[], kept_prints bytea[], kept_refused boolean[], kept_answers text,
    event_ids uuid[], event_topics text[], heard_topics text[], heard_keys text[], heard_seqs bigint[],
    nonce_names text[], nonce_owners uuid[], nonce_expiries timestamptz[],
    out_ids uuid[], out_types text[], out_keys text[], out_seqs bigint[],
    out_times timestamptz[], out_data text, out_traces text[],
    batch bigint, moment timestamptz,
    holder_ids uuid[], holder_versions bigint[],
    lot_ids uuid[], lot_wallets uuid[], lot_assets text[], lot_issuers text[], lot_numbers text[],
    lot_parents uuid[], lot_origins text[], lot_earned bigint[], lot_left bigint[],
    lot_earned_at timestamptz[], lot_available_at timestamptz[], lot_expires_at timestamptz[],
    drawn_ids uuid[], drawn_left bigint[],
    journal_ids uuid[], journal_kinds text[], journal_months date[], journal_concerns date[],
    journal_times timestamptz[], journal_holders uuid[], journal_units text[], journal_sides text[],
    journal_subjects uuid[],
    line_journals integer[], line_assets text[], line_amounts bigint[],
    line_from bigint[], line_to bigint[], line_lots uuid[], line_causes integer[],
    line_cause_lines bigint[], line_worths bigint[],
    receipt_names text[], receipt_ids uuid[], receipt_units text[], receipt_stores text[],
    receipt_numbers text[], receipt_wallets uuid[], receipt_amounts bigint[], receipt_purchased timestamptz[],
    receipt_months date[], receipt_points bigint[], receipt_answers text, receipt_terms text,
    receipt_capped date[],
    order_names text[], order_ids uuid[], order_units text[], order_nos text[], order_holders uuid[],
    order_prices bigint[], order_paid bigint[], order_changes bigint[], order_times timestamptz[],
    order_months date[], order_terms text[], order_answers text, order_holds uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line_ids bigint[];
BEGIN
    IF cardinality(holder_ids) > 0 THEN
        UPDATE holders AS h SET version = n.version, batch_id = batch
          FROM unnest(holder_ids, holder_versions) AS n(id, version) WHERE h.id = n.id;
    END IF;
    IF cardinality(lot_ids) > 0 THEN
        INSERT INTO lots (id, wallet_id, asset, issuer, receipt_number, parent_id, origin, earned,
                          points_left, earned_at, available_at, expires_at, is_open)
        SELECT id, wallet_id, asset, issuer, receipt_number, parent_id, origin, earned, points_left,
               earned_at, available_at, expires_at, points_left > 0
          FROM unnest(lot_ids, lot_wallets, lot_assets, lot_issuers, lot_numbers, lot_parents, lot_origins,
                      lot_earned, lot_left, lot_earned_at, lot_available_at, lot_expires_at)
               AS n(id, wallet_id, asset, issuer, receipt_number, parent_id, origin, earned, points_left,
                    earned_at, available_at, expires_at);
    END IF;
    IF cardinality(drawn_ids) > 0 THEN
        UPDATE lots AS l SET points_left = n.points_left, is_open = n.points_left > 0
          FROM unnest(drawn_ids, drawn_left) AS n(id, points_left) WHERE l.id = n.id;
    END IF;
    IF cardinality(journal_ids) > 0 THEN
        INSERT INTO journals (month, id, kind, occurred_at, posted_at, concerns_month, holder_id, unit, sides,
                              subject, batch_id)
        SELECT month, id, kind, occurred_at, moment, concerns, holder_id, unit, string_to_array(sides, ','),
               subject, batch
          FROM unnest(journal_months, journal_ids, journal_kinds, journal_times, journal_concerns,
                      journal_holders, journal_units, journal_sides, journal_subjects)
               AS n(month, id, kind, occurred_at, concerns, holder_id, unit, sides, subject);
        line_ids := ARRAY(SELECT nextval('transfer_id') FROM generate_series(1, cardinality(line_journals)));
        WITH posted AS (
            INSERT INTO transfers (month, id, journal_id, asset, amount, from_account, to_account, lot_id,
                                   cause_id, worth_fen)
            SELECT journal_months[journal], line_ids[place], journal_ids[journal], asset, amount,
                   from_account, to_account, lot_id, coalesce(line_ids[cause], cause_line), worth
              FROM unnest(line_journals, line_assets, line_amounts, line_from, line_to, line_lots,
                          line_causes, line_cause_lines, line_worths)
                   WITH ORDINALITY
                   AS n(journal, asset, amount, from_account, to_account, lot_id, cause, cause_line, worth,
                        place)
            RETURNING month, id, journal_id, asset, amount, from_account, to_account, lot_id, cause_id,
                      worth_fen)
        INSERT INTO batches (id, posted_at, rows, digest)
        SELECT batch, moment, cardinality(line_journals), sha256(convert_to(string_agg(concat_ws(
                   '|', month, id, journal_id, asset, amount, from_account, to_account,
                   coalesce(lot_id::text, '-'), coalesce(cause_id::text, '-'),
                   coalesce(worth_fen::text, '-')), E'\\n' ORDER BY id), 'UTF8'))
          FROM posted;
    END IF;
    IF cardinality(receipt_names) > 0 THEN
        INSERT INTO receipts (name, id, unit, store, number, wallet_id, amount_fen, purchased_at, occurred_at,
                              month, points, answer, terms, capped_on)
        SELECT name, id, unit, store, number, wallet_id, amount, purchased, purchased, month, points, answer,
               terms, capped
          FROM unnest(receipt_names, receipt_ids, receipt_units, receipt_stores, receipt_numbers,
                      receipt_wallets, receipt_amounts, receipt_purchased, receipt_months, receipt_points,
                      string_to_array(receipt_answers, chr(30)), string_to_array(receipt_terms, chr(30)),
                      receipt_capped)
               AS n(name, id, unit, store, number, wallet_id, amount, purchased, month, points, answer, terms,
                    capped);
    END IF;
    IF cardinality(order_names) > 0 THEN
        INSERT INTO redemptions (name, id, unit, order_no, holder_id, price_fen, paid_fen, change_points,
                                 occurred_at, month, terms, answer, hold_id)
        SELECT * FROM unnest(order_names, order_ids, order_units, order_nos, order_holders, order_prices,
                             order_paid, order_changes, order_times, order_months, order_terms,
                             string_to_array(order_answers, chr(30)), order_holds);
    END IF;
    PERFORM frame_save(kept_names, kept_prints, kept_refused, string_to_array(kept_answers, chr(30)),
                       event_ids, event_topics, heard_topics, heard_keys, heard_seqs,
                       nonce_names, nonce_owners, nonce_expiries,
                       out_ids, out_types, out_keys, out_seqs, out_times,
                       string_to_array(out_data, chr(30)), out_traces);
END $$;
"""

# As holders_of: asked above the policies, and tells nothing but who somebody is and when they changed.
CHANGED = """
CREATE FUNCTION holders_changed(asked text[], OUT place integer, OUT holder uuid, OUT batch bigint)
RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT n.place::integer, w.holder_id, (SELECT h.batch_id FROM holders h WHERE h.id = w.holder_id)
    FROM unnest(asked) WITH ORDINALITY AS n(identity, place)
    LEFT JOIN LATERAL (SELECT o.holder_id FROM wallets o WHERE o.identity = n.identity OFFSET 0) AS w ON true;
END;
REVOKE ALL ON FUNCTION holders_changed(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION holders_changed(text[]) TO points_reader;
"""

# As slices_of_hold, for all open holds of whoever asks at once, and nobody else's lots among them.
ON_HOLD = """
CREATE FUNCTION points_on_hold(OUT asset text, OUT points bigint) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT l.asset, sum(s.points_left)::bigint
    FROM (SELECT asking_holder() AS id
          UNION SELECT w.first_holder_id FROM wallets w WHERE w.holder_id = asking_holder()) AS o
    CROSS JOIN LATERAL (SELECT h.id FROM holds h WHERE h.is_open AND h.holder_id = o.id OFFSET 0) AS h
    CROSS JOIN LATERAL (SELECT s.lot_id, s.points_left FROM hold_slices s
                        WHERE s.hold_id = h.id AND s.points_left > 0 OFFSET 0) AS s
    CROSS JOIN LATERAL (SELECT l.asset, l.wallet_id FROM lots l WHERE l.id = s.lot_id OFFSET 0) AS l
    CROSS JOIN LATERAL (SELECT 1 FROM wallets w
                        WHERE w.id = l.wallet_id AND w.holder_id = asking_holder() OFFSET 0) AS w
    GROUP BY l.asset;
END;
REVOKE ALL ON FUNCTION points_on_hold() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION points_on_hold() TO points_reader;
"""

# As wallets_shown of 0027, which stays for processes of the release before: security invoker, no statement is
# for two members, rows are looked up key by key. Being stable it sees one moment of the books from its first
# statement to its last: no wallet is shown without the points of a number that is linked meanwhile.
READING = """
CREATE FUNCTION wallets_now(identities text[], moment timestamptz, soon timestamptz)
RETURNS TABLE (place integer, holder uuid, asset text, available bigint, pending bigint, on_hold bigint,
               expiring bigint, next_expiry timestamptz, next_available timestamptz, next_soon timestamptz,
               owing text, owed_fen bigint)
LANGUAGE plpgsql STABLE AS $$
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
        RETURN QUERY
        SELECT turn, whose, l.asset,
               coalesce(sum(l.points_left) FILTER (WHERE l.available_at <= moment), 0)::bigint,
               coalesce(sum(l.points_left) FILTER (WHERE l.available_at > moment), 0)::bigint,
               0::bigint,
               coalesce(sum(l.points_left) FILTER (WHERE l.expires_at <= soon), 0)::bigint,
               min(l.expires_at),
               min(l.available_at) FILTER (WHERE l.available_at > moment),
               min(l.expires_at) FILTER (WHERE l.expires_at > soon),
               NULL::text, NULL::bigint
        FROM unnest(mine) AS m(id) CROSS JOIN LATERAL (
            SELECT * FROM lots l
            WHERE l.is_open AND l.expires_at > moment AND l.wallet_id = m.id OFFSET 0) AS l
        GROUP BY l.asset;
        IF NOT FOUND THEN
            -- Somebody without an open lot has a wallet all the same.
            RETURN QUERY SELECT turn, whose, NULL::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
                                NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::text,
                                NULL::bigint;
        END IF;
        once := array_remove(once, whose) || whose;
        IF EXISTS (SELECT 1 FROM unnest(once) AS o(id) CROSS JOIN LATERAL (
                       SELECT 1 FROM holds h WHERE h.is_open AND h.holder_id = o.id OFFSET 0)) THEN
            RETURN QUERY
            SELECT turn, whose, p.asset, 0::bigint, 0::bigint, p.points, 0::bigint,
                   NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::text, NULL::bigint
            FROM points_on_hold() AS p;
        END IF;
        IF EXISTS (SELECT 1 FROM unnest(mine) AS m(id) CROSS JOIN LATERAL (
                       SELECT 1 FROM debts d WHERE d.fen > 0 AND d.wallet_id = m.id OFFSET 0)) THEN
            RETURN QUERY
            SELECT turn, whose, NULL::text, 0::bigint, 0::bigint, 0::bigint, 0::bigint, NULL::timestamptz,
                   NULL::timestamptz, NULL::timestamptz, d.issuer, sum(d.fen)::bigint
            FROM debts d WHERE d.fen > 0 AND d.wallet_id = ANY (mine)
            GROUP BY d.issuer ORDER BY d.issuer;
        END IF;
    END LOOP;
    said := set_config('app.holder', '', true);
END $$;
REVOKE ALL ON FUNCTION wallets_now(text[], timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wallets_now(text[], timestamptz, timestamptz) TO points_reader;
"""


def upgrade() -> None:
    """Add the column, let every batch write it, and create what asks for it and what reads a wallet."""
    for text in (HOLDERS, SAVE, CHANGED, ON_HOLD, READING):
        op.execute(text)
