"""The desk's one round trip before it decides: claim names, lock rows by rank, read what is needed."""

from alembic import op

revision = "0002"
down_revision = "0001"

LOAD = """
CREATE FUNCTION member_load(
    names text[], inbox_names text[], event_ids uuid[], topics text[], keys text[], nonce_names text[],
    identity_names text[], profile_ids uuid[], session_ids uuid[],
    phones text[], client_ids text[], subjects text[], all_keys boolean
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    frame json;
    owners uuid[];
    locked_members uuid[];
    locked_sessions uuid[];
    locked_clients text[];
    people json;
    known json;
    codes json;
    sittings json;
    systems json;
    colleagues json;
    signing json;
BEGIN
    frame := frame_claim(names, inbox_names, event_ids, topics, keys, nonce_names);
    -- By rank, each rank sorted, and nobody waits: who holds a row elsewhere makes us come again.
    owners := ARRAY(SELECT DISTINCT member FROM identities WHERE name = ANY (identity_names));
    locked_members := ARRAY(SELECT id FROM members WHERE id = ANY (owners)
                             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
    locked_sessions := ARRAY(SELECT id FROM sessions WHERE id = ANY (session_ids)
                              ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
    locked_clients := ARRAY(SELECT id FROM clients WHERE id = ANY (client_ids)
                             ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
    IF all_keys THEN
        PERFORM FROM signing_keys ORDER BY kid FOR NO KEY UPDATE SKIP LOCKED;
        SELECT json_agg(json_build_array(kid, public_key, encode(sealed, 'hex'), signs_from, signs_until,
                                         version))
          INTO signing FROM signing_keys;
    END IF;
    SELECT json_agg(json_build_array(kind, scope, value, member, linked_at, range_known)) INTO known
      FROM identities WHERE name = ANY (identity_names) OR member = ANY (profile_ids);
    SELECT json_agg(json_build_array(id, version, registered_at, registered_by)) INTO people
      FROM members WHERE id = ANY (owners || profile_ids);
    IF cardinality(phones) > 0 THEN
        SELECT json_agg(json_build_array(phone, encode(digest, 'hex'), sent_at, guesses, used, day_began_at,
                                         codes_in_day))
          INTO codes FROM challenges WHERE phone = ANY (phones);
    END IF;
    IF cardinality(session_ids) > 0 THEN
        SELECT json_agg(json_build_array(id, member, generation, opened_at, rotated_at, ended_at, ended_by))
          INTO sittings FROM sessions WHERE id = ANY (session_ids);
    END IF;
    IF cardinality(client_ids) > 0 THEN
        SELECT json_agg(json_build_array(id, role, unit, public_key, version, registered_at, revoked_at))
          INTO systems FROM clients WHERE id = ANY (client_ids);
    END IF;
    IF cardinality(subjects) > 0 THEN
        SELECT json_agg(json_build_array(subject, role, unit, active, edited_at))
          INTO colleagues FROM staff WHERE subject = ANY (subjects);
    END IF;
    RETURN json_build_object(
        'frame', frame, 'locked_members', locked_members, 'locked_sessions', locked_sessions,
        'locked_clients', locked_clients, 'identities', known, 'members', people, 'challenges', codes,
        'sessions', sittings, 'clients', systems, 'staff', colleagues, 'keys', signing);
END $$;
"""


def upgrade() -> None:
    """Create the function; the desk's role may call what its grants allow (security invoker)."""
    op.execute(LOAD)
