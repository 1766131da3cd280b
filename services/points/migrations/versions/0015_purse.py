"""Purse: who spends a sum has as many lots loaded as pay it, soonest-expiring first, not all they have."""

from alembic import op

revision = "0015"
down_revision = "0014"

# As in 0010, with purses. The narrower one stays for processes of the release before.
LOAD = """
CREATE FUNCTION points_load(
    names text[], inbox_names text[], event_ids uuid[], topics text[], keys text[], nonce_names text[],
    identities text[], spenders text[], receipt_names text[], order_names text[],
    purse_identities text[], purse_fen bigint[], assets text[], worths_ppm bigint[]
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    frame json;
    missing text[];
    made uuid[];
    locked uuid[];
    moment timestamptz;
    spending uuid[] := '{}';
    paying uuid[] := '{}';
    wishes bigint[];
    purses uuid[];
    found json;
    rows_ json;
    lots_ json;
    purse_ json;
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
    moment := clock_timestamp();
    -- Read again after the lock: a wallet may have moved to another holder in between.
    IF cardinality(spenders) > 0 THEN
        spending := ARRAY(SELECT holder_id FROM wallets WHERE identity = ANY (spenders));
        purses := ARRAY(SELECT id FROM wallets WHERE holder_id = ANY (spending));
        SELECT json_agg(json_build_array(id, wallet_id, asset, issuer, receipt_number, parent_id, earned,
                                         points_left, earned_at, available_at, expires_at, origin))
          INTO lots_ FROM lots WHERE wallet_id = ANY (purses) AND is_open;
    END IF;
    IF cardinality(purse_identities) > 0 THEN
        SELECT coalesce(array_agg(holder_id), '{}'), array_agg(fen) INTO paying, wishes
          FROM (SELECT w.holder_id, sum(n.fen)::bigint AS fen
                FROM unnest(purse_identities, purse_fen) AS n(identity, fen)
                JOIN wallets w ON w.identity = n.identity
                WHERE w.holder_id <> ALL (spending) GROUP BY w.holder_id) AS asked;
        -- In the order of spending down to lots that expire and were earned at the same moments: those are
        -- taken all or none. What a lot is worth is never overrated, so what is left out is never needed.
        SELECT json_agg(json_build_array(l.id, l.wallet_id, l.asset, l.issuer, l.receipt_number, l.parent_id,
                                         l.earned, l.points_left, l.earned_at, l.available_at, l.expires_at,
                                         l.origin, t.whole < t.wish))
          INTO purse_
          FROM (SELECT id, wish,
                       sum(fen) OVER (PARTITION BY holder_id ORDER BY expires_at, earned_at)
                       - sum(fen) OVER (PARTITION BY holder_id, expires_at, earned_at) AS before,
                       sum(fen) OVER (PARTITION BY holder_id) AS whole
                FROM (SELECT p.holder_id, p.wish, o.id, o.expires_at, o.earned_at,
                             coalesce(least(o.points_left, 900000000)
                                      * worths_ppm[array_position(assets, o.asset)] / 1000000, 0) AS fen
                      FROM unnest(paying, wishes) AS p(holder_id, wish)
                      JOIN wallets w ON w.holder_id = p.holder_id
                      JOIN lots o ON o.wallet_id = w.id AND o.is_open
                      WHERE o.available_at <= moment AND o.expires_at > moment) AS v) AS t
          JOIN lots l ON l.id = t.id
         WHERE t.before < t.wish;
    END IF;
    SELECT json_agg(json_build_array(identity, id, holder_id, account))
      INTO rows_ FROM wallets WHERE identity = ANY (identities) OR holder_id = ANY (spending || paying);
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
        'frame', frame, 'wallets', rows_, 'holders', found, 'lots', lots_, 'purse', purse_,
        'receipts', receipts_, 'redemptions', orders_, 'months', months_,
        'rules', (SELECT version FROM latches WHERE noun = 'rulebook' AND id = 'group'),
        'now', moment, 'batch', nextval('batch_id'));
END $$;
"""


def upgrade() -> None:
    """Create the wider function."""
    op.execute(LOAD)
