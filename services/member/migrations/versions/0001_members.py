"""Members, their identities, codes, sessions, staff, clients, signing keys, and who read personal data."""

from alembic import op

from shared.runtime.frame import FRAME_1, FRAME_DESK_1
from shared.runtime.partitions import FRAME_PARTITIONS_1

revision = "0001"
down_revision = None

PEOPLE = """
CREATE TABLE members (
    id uuid PRIMARY KEY,
    version bigint NOT NULL CONSTRAINT members_version_positive CHECK (version > 0),
    registered_at timestamptz NOT NULL,
    registered_by text NOT NULL
) WITH (fillfactor = 85);

CREATE TABLE identities (
    name text GENERATED ALWAYS AS (kind || ' ' || scope || ' ' || value) STORED PRIMARY KEY,
    kind text NOT NULL CONSTRAINT identities_kind_known CHECK (kind IN ('phone', 'unit-number')),
    scope text NOT NULL CONSTRAINT identities_scope_one_word CHECK (scope ~ '^[a-z][a-z0-9-]*$'),
    value text NOT NULL CONSTRAINT identities_value_bounded CHECK (length(value) BETWEEN 1 AND 64),
    member uuid NOT NULL,
    linked_at timestamptz NOT NULL,
    range_known boolean NOT NULL
);
CREATE INDEX identities_member ON identities (member);

CREATE TABLE stated_phones (
    id uuid PRIMARY KEY,
    member uuid NOT NULL,
    phone text NOT NULL,
    range_known boolean NOT NULL,
    stated_by text NOT NULL,
    stated_at timestamptz NOT NULL
);
CREATE INDEX stated_phones_member ON stated_phones (member);

CREATE TABLE personal_reads (
    id uuid PRIMARY KEY,
    reader text NOT NULL,
    member uuid NOT NULL,
    reason text NOT NULL CONSTRAINT personal_reads_reason_said CHECK (length(reason) BETWEEN 4 AND 200),
    read_at timestamptz NOT NULL
);
CREATE INDEX personal_reads_member ON personal_reads (member, read_at);
"""

SIGN_IN = """
CREATE TABLE challenges (
    phone text PRIMARY KEY,
    digest bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    guesses integer NOT NULL CONSTRAINT challenges_guesses_at_most_six CHECK (guesses BETWEEN 0 AND 6),
    used boolean NOT NULL,
    day_began_at timestamptz NOT NULL,
    codes_in_day integer NOT NULL
        CONSTRAINT challenges_codes_in_day_at_most_ten CHECK (codes_in_day BETWEEN 0 AND 10)
);
CREATE INDEX challenges_sent_at ON challenges (sent_at);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    member uuid NOT NULL,
    generation integer NOT NULL CONSTRAINT sessions_generation_positive CHECK (generation > 0),
    opened_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT sessions_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) WITH (fillfactor = 85);
CREATE INDEX sessions_member ON sessions (member);

CREATE TABLE messages (
    id uuid PRIMARY KEY,
    phone text NOT NULL,
    text text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX messages_sent_at ON messages (sent_at);
"""

TRUST = """
CREATE TABLE staff (
    subject text PRIMARY KEY,
    role text NOT NULL CONSTRAINT staff_role_known CHECK (role IN ('operator', 'finance')),
    unit text,
    active boolean NOT NULL,
    edited_at timestamptz NOT NULL,
    CONSTRAINT staff_unit_of_finance_alone CHECK ((role = 'finance') = (unit IS NOT NULL))
);

CREATE TABLE clients (
    id text PRIMARY KEY,
    role text NOT NULL CONSTRAINT clients_role_signs CHECK (role IN ('unit-system', 'importer')),
    unit text,
    public_key text NOT NULL,
    version bigint NOT NULL CONSTRAINT clients_version_positive CHECK (version > 0),
    registered_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT clients_unit_of_systems_alone CHECK ((role = 'unit-system') = (unit IS NOT NULL))
);

CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    public_key text NOT NULL,
    sealed bytea NOT NULL,
    signs_from timestamptz NOT NULL,
    signs_until timestamptz NOT NULL,
    version bigint NOT NULL CONSTRAINT signing_keys_version_positive CHECK (version > 0),
    CONSTRAINT signing_keys_signs_until_not_before CHECK (signs_from <= signs_until)
);
"""

GRANTS = """
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO member_desk;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO member_desk;
REVOKE INSERT ON outbox_archive, alembic_version FROM member_desk;
REVOKE SELECT ON personal_reads, stated_phones FROM member_desk;
GRANT SELECT (id) ON personal_reads TO member_desk;
GRANT UPDATE (version) ON members TO member_desk;
GRANT UPDATE ON challenges, sessions, staff, clients, signing_keys, heard, errands, parked TO member_desk;
GRANT DELETE ON challenges, messages, inbox, nonces TO member_desk;
GRANT SELECT, DELETE ON outbox TO member_relay;
GRANT SELECT, INSERT ON outbox_archive TO member_relay;
REVOKE EXECUTE ON FUNCTION open_inbox_partitions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_inbox_partitions(timestamptz) TO member_desk;
GRANT SELECT ON members, identities, stated_phones, personal_reads, messages, staff, clients, parked,
    alembic_version TO member_reader;
GRANT SELECT (kid, public_key, signs_from, signs_until, version) ON signing_keys TO member_reader;
GRANT SELECT ON members, identities, stated_phones, personal_reads, staff, clients, inbox, outbox,
    outbox_archive, parked, heard TO member_auditor;
GRANT SELECT (kid, public_key, signs_from, signs_until, version) ON signing_keys TO member_auditor;
GRANT SELECT (id, member, generation, opened_at, rotated_at, ended_at, ended_by) ON sessions
    TO member_auditor;
"""

POLICIES = """
CREATE FUNCTION asking_unit() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.unit', true), '');
CREATE FUNCTION asking_member() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.holder', true), '')::uuid;
"""

OWN = {
    "members": "id = asking_member() OR asking_unit() = '*'",
    "identities": "member = asking_member() OR asking_unit() = '*'"
    " OR (kind = 'unit-number' AND scope = asking_unit())",
    "stated_phones": "asking_unit() = '*'",
    "personal_reads": "asking_unit() = '*'",
    "messages": "asking_unit() = '*'",
    "staff": "asking_unit() = '*'",
    "clients": "unit = asking_unit() OR asking_unit() = '*'",
}


def upgrade() -> None:
    """Create the frame, the tables, their grants and policies."""
    for text in (FRAME_1, FRAME_DESK_1, FRAME_PARTITIONS_1, PEOPLE, SIGN_IN, TRUST, GRANTS, POLICIES):
        op.execute(text)
    for table, own in OWN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_whole ON {table} TO member_owner, member_desk, member_auditor"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"CREATE POLICY {table}_own ON {table} FOR SELECT TO member_reader USING ({own})")
