"""Loading: the first lots of whoever pays, what binds an order, holds with their lots, debts, in one call.

A purse is a beginning of the spending order, read by an index in that order; whether it is worth enough the
desk judges itself.
"""

from alembic import op

revision = "0024"
down_revision = "0023"

# In the order of spending: whoever pays with a few of a hundred lots need not read the others.
INDEX = """
CREATE INDEX lots_spending ON lots (wallet_id, expires_at, earned_at) WHERE is_open;
-- Gone in a moment, once whoever reads just now has ended; the one above has taken its place by then.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX lots_open;
"""

# The narrower ones stay for processes of the releases before. Every join below goes from few rows to their
# keys and stops at a LIMIT, or is no join: a plan made on small tables must not read all of them for ever.
LOAD = """
CREATE FUNCTION points_load(
    names text[], inbox_names text[], event_ids uuid[], topics text[], keys text[], nonce_names text[],
    identities text[], spenders text[], payers text[], reach integer, receipt_names text[],
    order_names text[], debtors text[], doubted text[], hold_ids uuid[]
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    frame json;
    missing text[];
    made uuid[];
    locked uuid[];
    moment timestamptz;
    spending uuid[] := '{}';
    paying uuid[] := '{}';
    purses uuid[];
    behind text[];
    found json;
    rows_ json;
    lots_ json;
    purse_ json;
    receipts_ json;
    orders_ json;
    bound_ json;
    named_ json;
    holds_ json;
    slices_ json;
    held_ json;
    debts_ json;
    doubts_ json;
    months_ json;
BEGIN
    frame := frame_claim(names, inbox_names, event_ids, topics, keys, nonce_names);
    IF cardinality(hold_ids) > 0 THEN
        -- Whom a hold was placed for, and whose points it took: lots never move, so nothing here changes.
        SELECT json_agg(json_build_array(n.id, n.identity)), array_agg(n.identity) INTO named_, behind
          FROM (SELECT h.id, h.identity FROM holds h WHERE h.id = ANY (hold_ids)
                UNION
                SELECT s.hold_id, (SELECT w.identity FROM wallets w WHERE w.id =
                                   (SELECT l.wallet_id FROM lots l WHERE l.id = s.lot_id))
                FROM hold_slices s WHERE s.hold_id = ANY (hold_ids)) AS n;
        identities := identities || behind;
    END IF;
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
    IF cardinality(payers) > 0 THEN
        paying := ARRAY(SELECT DISTINCT holder_id FROM wallets
                        WHERE identity = ANY (payers) AND holder_id <> ALL (spending));
        SELECT json_agg(json_build_array(p.holder_id, (
                   SELECT json_agg(json_build_array(
                              o.id, o.wallet_id, o.asset, o.issuer, o.receipt_number, o.parent_id, o.earned,
                              o.points_left, o.earned_at, o.available_at, o.expires_at, o.origin))
                   FROM (SELECT x.* FROM wallets w CROSS JOIN LATERAL (
                             SELECT * FROM lots l
                             WHERE l.wallet_id = w.id AND l.is_open AND l.available_at <= moment
                               AND l.expires_at > moment
                             ORDER BY l.expires_at, l.earned_at LIMIT reach) AS x
                         WHERE w.holder_id = p.holder_id
                         ORDER BY x.expires_at, x.earned_at LIMIT reach) AS o)))
          INTO purse_ FROM unnest(paying) AS p(holder_id);
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
        SELECT json_agg(json_build_array(name, holder_id, terms, answer))
          INTO bound_ FROM holds WHERE name = ANY (order_names) AND (is_open OR captured_fen > 0);
    END IF;
    IF cardinality(hold_ids) > 0 THEN
        SELECT json_agg(json_build_array(id, name, identity, holder_id, unit, order_no, price_fen, amount_fen,
                                         captured_fen, occurred_at, expires_at, terms, ended_at, ended_by))
          INTO holds_ FROM holds WHERE id = ANY (hold_ids);
        SELECT json_agg(json_build_array(hold_id, place, lot_id, points, points_left)
                        ORDER BY hold_id, place),
               array_agg(lot_id) FILTER (WHERE points_left > 0)
          INTO slices_, purses FROM hold_slices WHERE hold_id = ANY (hold_ids);
        SELECT json_agg(json_build_array(id, wallet_id, asset, issuer, receipt_number, parent_id, earned,
                                         points_left, earned_at, available_at, expires_at, origin))
          INTO held_ FROM lots WHERE id = ANY (purses);
    END IF;
    IF cardinality(debtors) > 0 AND EXISTS (SELECT 1 FROM debts WHERE fen > 0) THEN
        SELECT json_agg(json_build_array(d.account, d.wallet_id, d.issuer, d.fen, w.identity, w.holder_id,
                                         w.account))
          INTO debts_
          FROM debts d JOIN wallets w ON w.id = d.wallet_id
         WHERE d.fen > 0 AND d.wallet_id = ANY (ARRAY(
               SELECT id FROM wallets WHERE holder_id = ANY (ARRAY(
                   SELECT holder_id FROM wallets WHERE identity = ANY (debtors)))));
    END IF;
    IF cardinality(doubted) > 0 THEN
        SELECT json_agg(DISTINCT name) INTO doubts_ FROM doubts WHERE name = ANY (doubted);
    END IF;
    -- Shared until the commit: a month cannot be sealed around a batch that still counts on it.
    PERFORM 1 FROM months WHERE state <> 'sealed' ORDER BY month FOR SHARE;
    SELECT json_agg(json_build_array(month, state)) INTO months_ FROM months;
    RETURN json_build_object(
        'frame', frame, 'wallets', rows_, 'holders', found, 'lots', lots_, 'purse', purse_,
        'receipts', receipts_, 'redemptions', orders_, 'bound', bound_, 'named', named_, 'holds', holds_,
        'slices', slices_, 'held', held_, 'debts', debts_, 'doubted', doubts_, 'months', months_,
        'rules', (SELECT version FROM latches WHERE noun = 'rulebook' AND id = 'group'),
        'now', moment, 'batch', nextval('batch_id'));
END $$;
"""


def upgrade() -> None:
    """Create the index and the wider function."""
    op.execute(INDEX)
    op.execute(LOAD)
