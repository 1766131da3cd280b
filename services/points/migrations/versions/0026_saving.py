"""Saving: lines name their journal by place, texts of JSON travel unquoted, an answer is kept once.

Of an answer that a receipt, a redemption or a hold keeps for ever, the inbox keeps `@` and that row's id.
"""

from alembic import op

revision = "0026"
down_revision = "0025"

# Whoever asks again is given the whole answer, processes of the release before among them.
ANSWERS = """
CREATE FUNCTION kept_answer(kept text) RETURNS text LANGUAGE sql STABLE
RETURN CASE WHEN left(kept, 1) <> '@' THEN kept ELSE coalesce(
    (SELECT r.answer FROM redemptions r WHERE r.id = substr(kept, 2)::uuid),
    (SELECT r.answer FROM receipts r WHERE r.id = substr(kept, 2)::uuid),
    (SELECT h.answer FROM holds h WHERE h.id = substr(kept, 2)::uuid)
) END;

CREATE OR REPLACE FUNCTION frame_claim(
    names text[], inbox_names text[], event_ids uuid[], topics text[], keys text[], nonce_names text[]
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    got boolean[];
    firsts json;
    known json;
    places json;
    used json;
BEGIN
    -- Each statement has its own snapshot: an answer is read only after its key is ours.
    SELECT array_agg(pg_try_advisory_xact_lock(hashtextextended(name, 0)) ORDER BY place)
      INTO got FROM unnest(names) WITH ORDINALITY AS n(name, place);
    SELECT json_agg(json_build_array(name, encode(fingerprint, 'hex'), refused, kept_answer(answer)))
      INTO firsts FROM inbox WHERE name = ANY (inbox_names);
    IF cardinality(event_ids) > 0 THEN
        SELECT json_agg(event_id) INTO known FROM event_inbox WHERE event_id = ANY (event_ids);
        SELECT json_agg(json_build_array(topic, key, seq))
          INTO places FROM heard WHERE topic = ANY (topics) AND key = ANY (keys);
    END IF;
    IF cardinality(nonce_names) > 0 THEN
        SELECT json_agg(json_build_array(name, owner)) INTO used FROM nonces WHERE name = ANY (nonce_names);
    END IF;
    RETURN json_build_object('got', got, 'first', firsts, 'events', known, 'heard', places, 'nonces', used);
END $$;
"""

# As in 0014. JSON has no control characters outside of escapes, so chr(30) sets its texts apart.
SAVE = """
CREATE FUNCTION points_save(
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
        UPDATE holders AS h SET version = n.version
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


def upgrade() -> None:
    """Let an answer be kept once, and create the function that saves so."""
    op.execute(ANSWERS)
    op.execute(SAVE)
