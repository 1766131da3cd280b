"""The ledger: holders, wallets, lots, journals and transfers by month, receipts, redemptions, rules."""

from alembic import op

from shared.runtime.frame import FRAME_1, FRAME_DESK_1
from shared.runtime.partitions import FRAME_PARTITIONS_1

revision = "0001"
down_revision = None

LEDGER = """
CREATE SEQUENCE account_id AS bigint START 10000;
CREATE SEQUENCE house_account_id AS bigint START 1 MAXVALUE 9999;
CREATE SEQUENCE transfer_id AS bigint;
CREATE SEQUENCE batch_id AS bigint;

CREATE TABLE holders (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CONSTRAINT holders_version_not_negative CHECK (version >= 0)
) WITH (fillfactor = 70);

CREATE TABLE wallets (
    id uuid PRIMARY KEY,
    identity text NOT NULL CONSTRAINT wallets_identity_once UNIQUE,
    holder_id uuid NOT NULL,
    first_holder_id uuid NOT NULL,
    account bigint NOT NULL CONSTRAINT wallets_account_once UNIQUE
);
CREATE INDEX wallets_holder ON wallets (holder_id);

CREATE TABLE accounts (
    id bigint PRIMARY KEY,
    role text NOT NULL,
    unit text NOT NULL,
    CONSTRAINT accounts_role_once_per_unit UNIQUE (role, unit),
    CONSTRAINT accounts_role_known CHECK (role IN ('issued', 'redeemed', 'expired', 'exchange', 'clearing'))
);
INSERT INTO accounts (id, role, unit) VALUES (nextval('house_account_id'), 'exchange', 'group');

CREATE TABLE lots (
    id uuid PRIMARY KEY,
    wallet_id uuid NOT NULL,
    asset text NOT NULL,
    issuer text NOT NULL,
    receipt_number text NOT NULL,
    parent_id uuid,
    earned bigint NOT NULL CONSTRAINT lots_earned_positive CHECK (earned > 0),
    points_left bigint NOT NULL,
    earned_at timestamptz NOT NULL,
    available_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    is_open boolean NOT NULL,
    CONSTRAINT lots_points_left_within_earned CHECK (points_left BETWEEN 0 AND earned),
    CONSTRAINT lots_open_while_points_left CHECK (is_open = (points_left > 0))
) WITH (fillfactor = 85);
-- A boolean that flips once keeps every consumption HOT; a predicate on points_left would not.
CREATE INDEX lots_open ON lots (wallet_id) WHERE is_open;
CREATE INDEX lots_to_expire ON lots (expires_at) WHERE is_open;

CREATE TABLE months (
    month date PRIMARY KEY CONSTRAINT months_begin_on_the_first CHECK (extract(day FROM month) = 1),
    state text NOT NULL CONSTRAINT months_state_known CHECK (state IN ('open', 'draining', 'sealed')),
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_by text,
    closed_at timestamptz,
    sealed_at timestamptz
);

CREATE TABLE journals (
    month date NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    concerns_month date,
    holder_id uuid NOT NULL,
    unit text NOT NULL,
    sides text[] NOT NULL,
    subject uuid NOT NULL,
    batch_id bigint NOT NULL,
    PRIMARY KEY (month, id)
) PARTITION BY LIST (month);
CREATE INDEX journals_holder ON journals (holder_id, occurred_at, id);

CREATE TABLE transfers (
    month date NOT NULL,
    id bigint NOT NULL,
    journal_id uuid NOT NULL,
    asset text NOT NULL,
    amount bigint NOT NULL CONSTRAINT transfers_amount_positive CHECK (amount > 0),
    from_account bigint NOT NULL,
    to_account bigint NOT NULL,
    lot_id uuid,
    cause_id bigint,
    worth_fen bigint,
    PRIMARY KEY (month, id),
    CONSTRAINT transfers_between_two_accounts CHECK (from_account <> to_account)
) PARTITION BY LIST (month);
CREATE INDEX transfers_journal ON transfers (journal_id);

CREATE TABLE batches (
    id bigint PRIMARY KEY,
    posted_at timestamptz NOT NULL,
    rows integer NOT NULL,
    digest bytea NOT NULL
);

CREATE TABLE receipts (
    name text PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT receipts_id_once UNIQUE,
    unit text NOT NULL,
    store text NOT NULL,
    number text NOT NULL,
    wallet_id uuid NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT receipts_amount_not_negative CHECK (amount_fen >= 0),
    purchased_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    month date NOT NULL,
    points bigint NOT NULL,
    answer text NOT NULL
);
CREATE INDEX receipts_month ON receipts USING brin (month);

CREATE TABLE redemptions (
    name text PRIMARY KEY,
    id uuid NOT NULL CONSTRAINT redemptions_id_once UNIQUE,
    unit text NOT NULL,
    order_no text NOT NULL,
    holder_id uuid NOT NULL,
    price_fen bigint NOT NULL,
    paid_fen bigint NOT NULL
        CONSTRAINT redemptions_paid_within_price CHECK (paid_fen BETWEEN 1 AND price_fen),
    change_points bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    month date NOT NULL,
    terms text NOT NULL,
    answer text NOT NULL
);
CREATE INDEX redemptions_month ON redemptions USING brin (month);

CREATE TABLE declines (
    id uuid PRIMARY KEY,
    unit text NOT NULL,
    order_no text NOT NULL,
    code text NOT NULL,
    occurred_at timestamptz NOT NULL,
    month date NOT NULL
);

CREATE TABLE rules (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    body text NOT NULL,
    drafted_by text NOT NULL,
    drafted_at timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    CONSTRAINT rules_version_once UNIQUE (kind, subject, version),
    CONSTRAINT rules_second_person CHECK (approved_by <> drafted_by)
);

-- Rows to lock for nouns that have none of their own: the rulebook, the calendar, a client, a signing key.
CREATE TABLE latches (
    noun text NOT NULL,
    id text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (noun, id)
);
INSERT INTO latches (noun, id, version) VALUES ('rulebook', 'group', 0), ('calendar', 'group', 0);

CREATE TABLE clients (
    client text PRIMARY KEY,
    role text NOT NULL,
    unit text,
    public_key text NOT NULL,
    is_revoked boolean NOT NULL
);

CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    public_key text NOT NULL,
    not_after timestamptz NOT NULL
);

CREATE TABLE statements (
    id uuid PRIMARY KEY,
    month date NOT NULL,
    unit text NOT NULL,
    net_fen bigint NOT NULL,
    figures text NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT statements_once_per_unit UNIQUE (month, unit)
);

CREATE TABLE summaries (
    month date PRIMARY KEY,
    figures text NOT NULL,
    issued_at timestamptz NOT NULL
);

CREATE TABLE closing_lots (
    month date NOT NULL,
    lot_id uuid NOT NULL,
    points_left bigint NOT NULL,
    PRIMARY KEY (month, lot_id)
);
"""

MONTHS = """
CREATE FUNCTION refuse_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'month of % is sealed', TG_TABLE_NAME USING ERRCODE = 'TF001';
END $$;

CREATE FUNCTION open_month(opened date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    suffix text := to_char(opened, 'YYYY_MM');
    parent text;
BEGIN
    IF EXISTS (SELECT 1 FROM months WHERE month > opened AND state = 'sealed') THEN
        RAISE EXCEPTION 'a month after % is sealed', opened USING ERRCODE = 'TF002';
    END IF;
    FOREACH parent IN ARRAY ARRAY['journals', 'transfers'] LOOP
        IF to_regclass(format('%I', parent || '_' || suffix)) IS NULL THEN
            -- Created apart and then attached: writers of other months are not stopped.
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || '_' || suffix, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%L)',
                           parent, parent || '_' || suffix, opened);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION seal_month(sealed date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
    suffix text := to_char(sealed, 'YYYY_MM');
    child text;
BEGIN
    -- The month's row first: every batch holds it shared until its commit, so nobody is half inside.
    -- Locked before it is written: an update that waits has read the clock before it waited, and the last
    -- batch would seem to have come after the seal.
    PERFORM 1 FROM months WHERE month = sealed FOR NO KEY UPDATE;
    UPDATE months SET state = 'sealed', sealed_at = clock_timestamp()
     WHERE month = sealed AND state = 'draining';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOREACH child IN ARRAY ARRAY['journals_' || suffix, 'transfers_' || suffix] LOOP
        EXECUTE format('CREATE TRIGGER refuse_rows BEFORE INSERT OR UPDATE OR DELETE ON %I '
                       'FOR EACH ROW EXECUTE FUNCTION refuse_sealed()', child);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION refuse_sealed()', child);
        -- Always: a session in replica role would walk past an ordinary trigger.
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_rows', child);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER refuse_truncate', child);
    END LOOP;
    RETURN true;
END $$;
"""

GRANTS = """
REVOKE ALL ON FUNCTION open_month(date), seal_month(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_month(date), seal_month(date) TO points_desk;
REVOKE ALL ON FUNCTION open_inbox_partitions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_inbox_partitions(timestamptz) TO points_desk;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO points_desk;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO points_desk;
REVOKE INSERT ON outbox_archive FROM points_desk;
GRANT UPDATE (version) ON holders TO points_desk;
GRANT UPDATE (holder_id) ON wallets TO points_desk;
GRANT UPDATE (points_left, is_open) ON lots TO points_desk;
GRANT UPDATE (state, closed_by, closed_at) ON months TO points_desk;
GRANT UPDATE (approved_by, approved_at) ON rules TO points_desk;
GRANT UPDATE ON latches, clients, signing_keys, heard, errands TO points_desk;
GRANT DELETE ON inbox, nonces TO points_desk;
GRANT UPDATE ON parked TO points_desk;
GRANT SELECT, DELETE ON outbox TO points_relay;
GRANT SELECT, INSERT ON outbox_archive TO points_relay;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO points_auditor;
GRANT SELECT ON holders, wallets, accounts, lots, months, journals, transfers, receipts, redemptions,
    declines, rules, clients, signing_keys, statements, summaries, parked TO points_reader;
"""

POLICIES = """
CREATE FUNCTION asking_unit() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.unit', true), '');
CREATE FUNCTION asking_holder() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.holder', true), '')::uuid;

-- Who somebody is must be known before their rows can be shown: the one question asked above the policies.
CREATE FUNCTION holder_of(asked text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT holder_id FROM wallets WHERE identity = asked;
END;
REVOKE ALL ON FUNCTION holder_of(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION holder_of(text) TO points_reader;
"""

# Journals name their holder of then: what a number did before it was linked is its first holder's.
PAST = "holder_id = asking_holder()"
PAST += " OR holder_id IN (SELECT first_holder_id FROM wallets WHERE holder_id = asking_holder())"
WHOLE = (
    "wallets",
    "holders",
    "lots",
    "journals",
    "transfers",
    "receipts",
    "redemptions",
    "declines",
    "statements",
)
OWN = {
    "holders": "id = asking_holder() OR asking_unit() = '*'",
    "wallets": "holder_id = asking_holder() OR asking_unit() = '*'"
    " OR starts_with(identity, asking_unit() || ':')",
    "lots": "wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())"
    " OR issuer = asking_unit() OR asking_unit() = '*'",
    "journals": f"{PAST} OR asking_unit() = ANY (sides) OR asking_unit() = '*'",
    "transfers": "EXISTS (SELECT 1 FROM journals j"
    " WHERE j.month = transfers.month AND j.id = transfers.journal_id)",
    "receipts": "wallet_id IN (SELECT id FROM wallets WHERE holder_id = asking_holder())"
    " OR unit = asking_unit() OR asking_unit() = '*'",
    "redemptions": f"{PAST} OR unit = asking_unit() OR asking_unit() = '*'",
    "declines": "unit = asking_unit() OR asking_unit() = '*'",
    "statements": "unit = asking_unit() OR asking_unit() = '*'",
}


def upgrade() -> None:
    """Create the frame, the ledger, its functions, grants and policies."""
    for text in (FRAME_1, FRAME_DESK_1, FRAME_PARTITIONS_1, LEDGER, MONTHS, GRANTS, POLICIES):
        op.execute(text)
    for table in WHOLE:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_whole ON {table} TO points_owner, points_desk, points_auditor"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"CREATE POLICY {table}_own ON {table} FOR SELECT TO points_reader USING ({OWN[table]})")
