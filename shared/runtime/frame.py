"""The tables every service's database has beside its own: inbox, outbox, archive, parked, errands.

The text is frozen: a service's first migration executes `FRAME_1`; a later change is a new constant
executed by a new migration. Refuses to hold any service's nouns.
"""

FRAME_1 = """
CREATE TABLE inbox (
    name text PRIMARY KEY,
    fingerprint bytea NOT NULL,
    refused boolean NOT NULL,
    answer text NOT NULL,
    answered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX inbox_answered_at ON inbox USING brin (answered_at);

CREATE TABLE event_inbox (
    event_id uuid NOT NULL,
    topic text NOT NULL,
    answered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id)
) PARTITION BY RANGE (event_id);

CREATE TABLE heard (
    topic text NOT NULL,
    key text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (topic, key)
);

CREATE TABLE nonces (
    name text PRIMARY KEY,
    owner uuid NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX nonces_expires_at ON nonces USING brin (expires_at);

CREATE SEQUENCE outbox_id AS bigint CACHE 1;
CREATE TABLE outbox (
    id bigint PRIMARY KEY DEFAULT nextval('outbox_id'),
    event_id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    seq bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    data text NOT NULL CONSTRAINT outbox_data_at_most_256_kb CHECK (octet_length(data) <= 262144),
    traceparent text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE outbox_archive (
    id bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    seq bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    data text NOT NULL,
    traceparent text,
    recorded_at timestamptz NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id)
) PARTITION BY RANGE (event_id);

CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    event_id text NOT NULL,
    key text NOT NULL,
    headers text NOT NULL,
    body bytea NOT NULL,
    cause text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    healed_at timestamptz,
    CONSTRAINT parked_once UNIQUE (topic, partition, position)
);
CREATE INDEX parked_open ON parked (topic, key) WHERE healed_at IS NULL;

CREATE TABLE errands (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    leased_until timestamptz,
    done_at timestamptz,
    outcome text
);
CREATE INDEX errands_due ON errands (due_at) WHERE done_at IS NULL;
"""

# Added to in the order in which errands are done, as answers are.
FRAME_ERRANDS_1 = """
CREATE INDEX errands_done_at ON errands USING brin (done_at);
"""

# Whom it is said to, where several are: a messenger carries one lane or a few. A default that is constant
# touches no row.
FRAME_LANES_1 = """
ALTER TABLE errands ADD COLUMN lane text NOT NULL DEFAULT '';
CREATE INDEX errands_due_in_lane ON errands (lane, due_at) WHERE done_at IS NULL;
"""

FRAME_DESK_1 = """
CREATE FUNCTION frame_claim(
    names text[], inbox_names text[], event_ids uuid[], topics text[], keys text[], nonce_names text[]
) RETURNS json LANGUAGE plpgsql AS $frame$
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
    SELECT json_agg(json_build_array(name, encode(fingerprint, 'hex'), refused, answer))
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
END $frame$;

CREATE FUNCTION frame_save(
    kept_names text[], kept_prints bytea[], kept_refused boolean[], kept_answers text[],
    event_ids uuid[], event_topics text[],
    heard_topics text[], heard_keys text[], heard_seqs bigint[],
    nonce_names text[], nonce_owners uuid[], nonce_expiries timestamptz[],
    out_ids uuid[], out_types text[], out_keys text[], out_seqs bigint[],
    out_times timestamptz[], out_data text[], out_traces text[]
) RETURNS void LANGUAGE plpgsql AS $frame$
BEGIN
    INSERT INTO inbox (name, fingerprint, refused, answer)
    SELECT * FROM unnest(kept_names, kept_prints, kept_refused, kept_answers);
    IF cardinality(event_ids) > 0 THEN
        INSERT INTO event_inbox (event_id, topic) SELECT * FROM unnest(event_ids, event_topics);
        INSERT INTO heard (topic, key, seq)
        SELECT * FROM unnest(heard_topics, heard_keys, heard_seqs)
        ON CONFLICT (topic, key) DO UPDATE SET seq = excluded.seq;
    END IF;
    IF cardinality(nonce_names) > 0 THEN
        INSERT INTO nonces (name, owner, expires_at)
        SELECT * FROM unnest(nonce_names, nonce_owners, nonce_expiries) ON CONFLICT (name) DO NOTHING;
    END IF;
    -- Events last: a relay that reads by id must not find a number far below the newest still uncommitted.
    INSERT INTO outbox (event_id, type, key, seq, occurred_at, data, traceparent)
    SELECT * FROM unnest(out_ids, out_types, out_keys, out_seqs, out_times, out_data, out_traces);
END $frame$;
"""
