"""In hand: points on hold beside points in the wallet, debts of members, where a lot comes from, lines that
reverse a line of an earlier journal.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

# Accounts of members have no row in `accounts`: the number tells the role, below and in domain/account.py.
ACCOUNTS = """
-- Wider than before: whoever wrote under the old list may go on.
-- squawk-ignore ban-drop-constraint
ALTER TABLE accounts DROP CONSTRAINT accounts_role_known;
ALTER TABLE accounts ADD CONSTRAINT accounts_role_known CHECK (role IN (
    'issued', 'redeemed', 'expired', 'exchange', 'clearing', 'debts', 'fee', 'residual', 'gift')) NOT VALID;
INSERT INTO accounts (id, role, unit)
VALUES (nextval('house_account_id'), 'fee', 'group'), (nextval('house_account_id'), 'residual', 'group'),
       (nextval('house_account_id'), 'gift', 'group');
INSERT INTO accounts (id, role, unit)
SELECT nextval('house_account_id'), 'debts', unit FROM accounts WHERE role = 'clearing' ORDER BY id;

CREATE SEQUENCE debt_account_id AS bigint START 1000000000000000;
GRANT USAGE ON SEQUENCE debt_account_id TO points_desk;
CREATE FUNCTION member_role(account bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN account < 0 THEN 'held' WHEN account >= 1000000000000000 THEN 'debt' ELSE 'wallet' END;
"""

LOTS = """
ALTER TABLE lots ADD COLUMN origin text NOT NULL DEFAULT 'receipt';
UPDATE lots SET origin = 'change' WHERE parent_id IS NOT NULL;
ALTER TABLE lots ADD CONSTRAINT lots_origin_known CHECK (origin IN (
    'receipt', 'change', 'restored', 'exchange', 'gift', 'grant', 'checkin', 'opening')) NOT VALID;
"""

TABLES = """
CREATE TABLE holds (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT holds_name_once UNIQUE,
    identity text NOT NULL,
    holder_id uuid NOT NULL,
    unit text NOT NULL,
    order_no text NOT NULL,
    price_fen bigint NOT NULL,
    amount_fen bigint NOT NULL,
    captured_fen bigint NOT NULL DEFAULT 0,
    is_open boolean NOT NULL DEFAULT true,
    occurred_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    month date NOT NULL,
    journal_id uuid NOT NULL,
    terms text NOT NULL,
    answer text NOT NULL,
    CONSTRAINT holds_amount_within_price CHECK (amount_fen BETWEEN 1 AND price_fen),
    CONSTRAINT holds_captured_within_amount CHECK (captured_fen BETWEEN 0 AND amount_fen),
    CONSTRAINT holds_ended_once_shut CHECK (is_open = (ended_at IS NULL))
) WITH (fillfactor = 85);
CREATE INDEX holds_to_expire ON holds (expires_at) WHERE is_open;
CREATE INDEX holds_of_holder ON holds (holder_id, occurred_at);

CREATE TABLE hold_slices (
    hold_id uuid NOT NULL,
    place integer NOT NULL,
    lot_id uuid NOT NULL,
    points bigint NOT NULL CONSTRAINT hold_slices_points_positive CHECK (points > 0),
    points_left bigint NOT NULL,
    PRIMARY KEY (hold_id, place),
    CONSTRAINT hold_slices_points_left_within_points CHECK (points_left BETWEEN 0 AND points)
) WITH (fillfactor = 85);
CREATE INDEX hold_slices_lot ON hold_slices (lot_id);

CREATE TABLE debts (
    account bigint PRIMARY KEY DEFAULT nextval('debt_account_id'),
    wallet_id uuid NOT NULL,
    issuer text NOT NULL,
    fen bigint NOT NULL CONSTRAINT debts_fen_not_negative CHECK (fen >= 0),
    CONSTRAINT debts_once_per_wallet_and_issuer UNIQUE (wallet_id, issuer)
) WITH (fillfactor = 85);

ALTER TABLE redemptions ADD COLUMN hold_id uuid;
"""

GRANTS = """
GRANT SELECT, INSERT ON holds, hold_slices, debts TO points_desk;
GRANT UPDATE (captured_fen, is_open, ended_at) ON holds TO points_desk;
GRANT UPDATE (points_left) ON hold_slices TO points_desk;
GRANT UPDATE (fen) ON debts TO points_desk;
GRANT SELECT ON holds, hold_slices, debts TO points_auditor, points_reader;
"""

OWN = {
    "holds": "holder_id = asking_holder()"
    " OR holder_id IN (SELECT first_holder_id FROM wallets WHERE holder_id = asking_holder())"
    " OR unit = asking_unit() OR asking_unit() = '*'",
    "hold_slices": "EXISTS (SELECT 1 FROM holds h WHERE h.id = hold_slices.hold_id)",
    "debts": "wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())"
    " OR issuer = asking_unit() OR asking_unit() = '*'",
}

# As in 0002, with the lots' origin.
LOAD = """
CREATE OR REPLACE FUNCTION points_load(
    names text[], inbox_names text[], event_ids uuid[], topics text[], keys text[], nonce_names text[],
    identities text[], spenders text[], receipt_names text[], order_names text[]
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    frame json;
    missing text[];
    made uuid[];
    locked uuid[];
    spending uuid[];
    purses uuid[];
    found json;
    rows_ json;
    lots_ json;
    receipts_ json;
    orders_ json;
    months_ json;
BEGIN
    frame := frame_claim(names, inbox_names, event_ids, topics, keys, nonce_names);
    missing := ARRAY(SELECT unnest(identities) EXCEPT
                     SELECT identity FROM wallets WHERE identity = ANY (identities));
    IF cardinality(missing) > 0 THEN
        -- First touch: whoever gets the name opens the wallet; everyone else comes again.
        missing := ARRAY(SELECT i FROM unnest(missing) AS i
                         WHERE pg_try_advisory_xact_lock(hashtextextended('identity ' || i, 0)));
        missing := ARRAY(SELECT unnest(missing) EXCEPT
                         SELECT identity FROM wallets WHERE identity = ANY (missing));
        made := ARRAY(SELECT uuidv7() FROM unnest(missing));
        INSERT INTO holders (id, version) SELECT h, 0 FROM unnest(made) AS h;
        INSERT INTO wallets (id, identity, holder_id, first_holder_id, account)
        SELECT uuidv7(), i, h, h, nextval('account_id') FROM unnest(missing, made) AS n(i, h);
    END IF;
    locked := ARRAY(SELECT id FROM holders
                    WHERE id = ANY (ARRAY(SELECT holder_id FROM wallets WHERE identity = ANY (identities)))
                    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
    -- Read again after the lock: a wallet may have moved to another holder in between.
    IF cardinality(spenders) > 0 THEN
        spending := ARRAY(SELECT holder_id FROM wallets WHERE identity = ANY (spenders));
        purses := ARRAY(SELECT id FROM wallets WHERE holder_id = ANY (spending));
        SELECT json_agg(json_build_array(id, wallet_id, asset, issuer, receipt_number, parent_id, earned,
                                         points_left, earned_at, available_at, expires_at, origin))
          INTO lots_ FROM lots WHERE wallet_id = ANY (purses) AND is_open;
        SELECT json_agg(json_build_array(identity, id, holder_id, account))
          INTO rows_ FROM wallets WHERE identity = ANY (identities) OR holder_id = ANY (spending);
    ELSE
        SELECT json_agg(json_build_array(identity, id, holder_id, account))
          INTO rows_ FROM wallets WHERE identity = ANY (identities);
    END IF;
    SELECT json_agg(json_build_array(id, version)) INTO found FROM holders WHERE id = ANY (locked);
    IF cardinality(receipt_names) > 0 THEN
        SELECT json_agg(json_build_array(name, amount_fen, wallet_id, answer))
          INTO receipts_ FROM receipts WHERE name = ANY (receipt_names);
    END IF;
    IF cardinality(order_names) > 0 THEN
        SELECT json_agg(json_build_array(name, holder_id, terms, answer))
          INTO orders_ FROM redemptions WHERE name = ANY (order_names);
    END IF;
    -- Shared until the commit: a month cannot be sealed around a batch that still counts on it.
    PERFORM 1 FROM months WHERE state <> 'sealed' ORDER BY month FOR SHARE;
    SELECT json_agg(json_build_array(month, state)) INTO months_ FROM months;
    RETURN json_build_object(
        'frame', frame, 'wallets', rows_, 'holders', found, 'lots', lots_, 'receipts', receipts_,
        'redemptions', orders_, 'months', months_,
        'rules', (SELECT version FROM latches WHERE noun = 'rulebook' AND id = 'group'),
        'now', clock_timestamp(), 'batch', nextval('batch_id'));
END $$;
"""

# As in 0002, with the lot's origin and the line of an earlier journal. The narrower one stays for processes
# of the release before, which know neither; so does the default of the column.
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
    receipt_months date[], receipt_points bigint[], receipt_answers text[],
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
                          month, points, answer)
    SELECT name, id, unit, store, number, wallet_id, amount, purchased, purchased, month, points, answer
      FROM unnest(receipt_names, receipt_ids, receipt_units, receipt_stores, receipt_numbers, receipt_wallets,
                  receipt_amounts, receipt_purchased, receipt_months, receipt_points, receipt_answers)
           AS n(name, id, unit, store, number, wallet_id, amount, purchased, month, points, answer);
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
    """Widen accounts and lots, create holds and debts, and save what is new of lots and lines."""
    for text in (ACCOUNTS, LOTS, TABLES, GRANTS, LOAD, SAVE):
        op.execute(text)
    for table, own in OWN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_whole ON {table} TO points_owner, points_desk, points_auditor"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"CREATE POLICY {table}_own ON {table} FOR SELECT TO points_reader USING ({own})")
