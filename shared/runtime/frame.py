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
    refused boolean NOT NULL,
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
