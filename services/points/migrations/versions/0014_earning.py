"""Earning by tier, caps and campaigns: the terms of each receipt, days with caps, members' tiers."""

from alembic import op

revision = "0014"
down_revision = "0013"

# A receipt of before earned under the version in force when it was paid: there were no other terms.
TERMS = """
ALTER TABLE receipts ADD COLUMN terms text, ADD COLUMN capped_on date;
CREATE FUNCTION plain_terms(earned_at text, paid_at timestamptz) RETURNS text LANGUAGE sql STABLE
RETURN format('{"rule":%s}', (SELECT version FROM rules
                              WHERE kind = 'earn' AND subject = earned_at AND approved_at IS NOT NULL
                                AND valid_from <= paid_at
                              ORDER BY valid_from DESC, version DESC LIMIT 1));
UPDATE receipts SET terms = plain_terms(unit, purchased_at);

-- For as long as processes of the version before are at work: they know of no terms.
CREATE FUNCTION keep_plain_terms() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.terms := plain_terms(NEW.unit, NEW.purchased_at);
    RETURN NEW;
END $$;
CREATE TRIGGER keep_plain_terms BEFORE INSERT ON receipts FOR EACH ROW
    WHEN (NEW.terms IS NULL) EXECUTE FUNCTION keep_plain_terms();
ALTER TABLE receipts ADD CONSTRAINT receipts_terms_kept CHECK (terms IS NOT NULL) NOT VALID;
-- Where no caps hold a receipt has no entry here, and costs none.
CREATE INDEX receipts_capped ON receipts (wallet_id, capped_on) WHERE capped_on IS NOT NULL;

-- squawk-ignore ban-drop-constraint
ALTER TABLE lots DROP CONSTRAINT lots_origin_known;
ALTER TABLE lots ADD CONSTRAINT lots_origin_known CHECK (origin IN (
    'receipt', 'change', 'restored', 'exchange', 'gift', 'grant', 'checkin', 'opening', 'campaign'
)) NOT VALID;
"""

TIERS = """
CREATE TABLE tiers (
    member text NOT NULL,
    seq bigint NOT NULL,
    tier integer NOT NULL CONSTRAINT tiers_tier_within_ten CHECK (tier BETWEEN 0 AND 9),
    since timestamptz NOT NULL,
    PRIMARY KEY (member, seq)
);
GRANT SELECT, INSERT ON tiers TO points_desk;
GRANT SELECT ON tiers TO points_auditor;
"""

# As in 0010, with a receipt's terms and the day on which caps counted it.
SAVE = """
CREATE FUNCTION points_save(
    kept_names text[], kept_prints bytea[], kept_refused boolean[], kept_answers text[],
    event_ids uuid[], event_topics text[], heard_topics text[], heard_keys text[], heard_seqs bigint[],
    nonce_names text[], nonce_owners uuid[], nonce_expiries timestamptz[],
    out_ids uuid[], out_types text[], out_keys text[], out_seqs bigint[],
    out_times timestamptz[], out_data text[], out_traces text[],
    batch bigint, moment timestamptz,
    holder_ids uuid[], holder_versions bigint[],
    lot_ids uuid[], lot_wallets uuid[], lot_assets text[], lot_issuers text[], lot_numbers text[],
    lot_parents uuid[], lot_origins text[], lot_earned bigint[], lot_left bigint[],
    lot_earned_at timestamptz[], lot_available_at timestamptz[], lot_expires_at timestamptz[],
    drawn_ids uuid[], drawn_left bigint[],
    journal_ids uuid[], journal_kinds text[], journal_months date[], journal_concerns date[],
    journal_times timestamptz[], journal_holders uuid[], journal_units text[], journal_sides text[],
    journal_subjects uuid[],
    line_journals uuid[], line_months date[], line_assets text[], line_amounts bigint[],
    line_from bigint[], line_to bigint[], line_lots uuid[], line_causes integer[],
    line_cause_lines bigint[], line_worths bigint[],
    receipt_names text[], receipt_ids uuid[], receipt_units text[], receipt_stores text[],
    receipt_numbers text[], receipt_wallets uuid[], receipt_amounts bigint[], receipt_purchased timestamptz[],
    receipt_months date[], receipt_points bigint[], receipt_answers text[], receipt_terms text[],
    receipt_capped date[],
    order_names text[], order_ids uuid[], order_units text[], order_nos text[], order_holders uuid[],
    order_prices bigint[], order_paid bigint[], order_changes bigint[], order_times timestamptz[],
    order_months date[], order_terms text[], order_answers text[], order_holds uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line_ids bigint[];
BEGIN
    UPDATE holders AS h SET version = n.version
      FROM unnest(holder_ids, holder_versions) AS n(id, version) WHERE h.id = n.id;
    INSERT INTO lots (id, wallet_id, asset, issuer, receipt_number, parent_id, origin, earned, points_left,
                      earned_at, available_at, expires_at, is_open)
    SELECT id, wallet_id, asset, issuer, receipt_number, parent_id, origin, earned, points_left,
           earned_at, available_at, expires_at, points_left > 0
      FROM unnest(lot_ids, lot_wallets, lot_assets, lot_issuers, lot_numbers, lot_parents, lot_origins,
                  lot_earned, lot_left, lot_earned_at, lot_available_at, lot_expires_at)
           AS n(id, wallet_id, asset, issuer, receipt_number, parent_id, origin, earned, points_left,
                earned_at, available_at, expires_at);
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
        INSERT INTO transfers (month, id, journal_id, asset, amount, from_account, to_account, lot_id,
                               cause_id, worth_fen)
        SELECT month, line_ids[place], journal_id, asset, amount, from_account, to_account, lot_id,
               coalesce(line_ids[cause], cause_line), worth
          FROM unnest(line_months, line_journals, line_assets, line_amounts, line_from, line_to, line_lots,
                      line_causes, line_cause_lines, line_worths)
               WITH ORDINALITY
               AS n(month, journal_id, asset, amount, from_account, to_account, lot_id, cause, cause_line,
                    worth, place);
        INSERT INTO batches (id, posted_at, rows, digest)
        SELECT batch, moment, cardinality(line_journals), sha256(convert_to(string_agg(concat_ws(
                   '|', month, line_ids[place], journal_id, asset, amount, from_account, to_account,
                   coalesce(lot_id::text, '-'), coalesce(coalesce(line_ids[cause], cause_line)::text, '-'),
                   coalesce(worth::text, '-')), E'\\n' ORDER BY line_ids[place]), 'UTF8'))
          FROM unnest(line_months, line_journals, line_assets, line_amounts, line_from, line_to, line_lots,
                      line_causes, line_cause_lines, line_worths)
               WITH ORDINALITY
               AS n(month, journal_id, asset, amount, from_account, to_account, lot_id, cause, cause_line,
                    worth, place);
    END IF;
    INSERT INTO receipts (name, id, unit, store, number, wallet_id, amount_fen, purchased_at, occurred_at,
                          month, points, answer, terms, capped_on)
    SELECT name, id, unit, store, number, wallet_id, amount, purchased, purchased, month, points, answer,
           terms, capped
      FROM unnest(receipt_names, receipt_ids, receipt_units, receipt_stores, receipt_numbers, receipt_wallets,
                  receipt_amounts, receipt_purchased, receipt_months, receipt_points, receipt_answers,
                  receipt_terms, receipt_capped)
           AS n(name, id, unit, store, number, wallet_id, amount, purchased, month, points, answer, terms,
                capped);
    IF cardinality(order_names) > 0 THEN
        INSERT INTO redemptions (name, id, unit, order_no, holder_id, price_fen, paid_fen, change_points,
                                 occurred_at, month, terms, answer, hold_id)
        SELECT * FROM unnest(order_names, order_ids, order_units, order_nos, order_holders, order_prices,
                             order_paid, order_changes, order_times, order_months, order_terms,
                             order_answers, order_holds);
    END IF;
    PERFORM frame_save(kept_names, kept_prints, kept_refused, kept_answers, event_ids, event_topics,
                       heard_topics, heard_keys, heard_seqs, nonce_names, nonce_owners, nonce_expiries,
                       out_ids, out_types, out_keys, out_seqs, out_times, out_data, out_traces);
END $$;
"""


def upgrade() -> None:
    """Keep terms, tiers and days with caps."""
    for text in (TERMS, TIERS, SAVE):
        op.execute(text)
