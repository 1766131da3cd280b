"""Books full of other people: many rows of one unit, some of another, past all commands.

For tests that ask what a page costs. What stands in such rows matters only as far as it is found or not, so
no auditor would call them sound.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from services.points.store.side_indexes import index_sides
from shared.runtime.database import connect
from tests import stack
from tests.service.points.ledger_house import JANUARY, LedgerHouse

_NOON = "'2017-01-05 12:00+08'::timestamptz"
_FACTS = f"{_NOON}, '2017-01-01', '{{}}'"

# One row a person in every table that a page reads; their ids were drawn that long ago.
_CROWD = f"""
CREATE TEMP TABLE crowd AS
SELECT n, '%(unit)s ' || n AS name,
       'receipt %(unit)s|CROWD|' || n || '|2017-01-05' AS receipt_name,
       'order %(unit)s|' || n AS order_name, 'mem_%(unit)s' || n AS member, nextval('account_id') AS account,
       uuidv7(ago) AS receipt, uuidv7(ago) AS wallet, uuidv7(ago) AS holder, uuidv7(ago) AS lot,
       uuidv7(ago) AS redemption, uuidv7(ago) AS refund, uuidv7(ago) AS "return", uuidv7(ago) AS hold,
       uuidv7(ago) AS earning, uuidv7(ago) AS spending, uuidv7(ago) AS other, uuidv7(ago) AS another
FROM (SELECT n, -(interval '%(ago)s') AS ago FROM generate_series(1, %(count)s) AS n) AS numbered;

INSERT INTO holders (id, version) SELECT holder, 1 FROM crowd;
INSERT INTO wallets (id, identity, holder_id, first_holder_id, account)
SELECT wallet, '%(unit)s:C' || n, holder, holder, account FROM crowd;
INSERT INTO wallets (id, identity, holder_id, first_holder_id, account)
SELECT other, member, holder, holder, nextval('account_id') FROM crowd;
INSERT INTO lots (id, wallet_id, asset, issuer, receipt_number, earned, points_left, earned_at, available_at,
                  expires_at, is_open)
SELECT lot, wallet, 'PROP', '%(unit)s', n::text, 9, 9, {_NOON}, {_NOON}, {_NOON} + interval '24 months', true
FROM crowd;
INSERT INTO receipts (name, id, unit, store, number, wallet_id, amount_fen, purchased_at, points,
                      occurred_at, month, answer)
SELECT receipt_name, receipt, '%(unit)s', 'crowd', n::text, wallet, 0, {_NOON}, 9, {_FACTS} FROM crowd;
INSERT INTO returns (name, id, receipt_id, unit, return_no, amount_fen, returned_fen, points, debt_fen,
                     occurred_at, month, answer)
SELECT name, "return", receipt, '%(unit)s', n::text, 1, 1, 0, 0, {_FACTS} FROM crowd;
INSERT INTO redemptions (name, id, unit, order_no, holder_id, price_fen, paid_fen, change_points, terms,
                         hold_id, occurred_at, month, answer)
SELECT order_name, redemption, '%(unit)s', n::text, holder, 1, 1, 0, '', hold, {_FACTS} FROM crowd;
INSERT INTO refunds (name, id, redemption_id, unit, refund_no, amount_fen, refunded_fen,
                     occurred_at, month, answer)
SELECT name, refund, redemption, '%(unit)s', n::text, 1, 1, {_FACTS} FROM crowd;
INSERT INTO holds (id, name, identity, holder_id, unit, order_no, price_fen, amount_fen, expires_at,
                   journal_id, terms, occurred_at, month, answer)
SELECT hold, order_name, '%(unit)s:C' || n, holder, '%(unit)s', n::text, 1, 1, {_NOON} + interval '1 hour',
       spending, '', {_FACTS} FROM crowd;
INSERT INTO hold_slices (hold_id, place, lot_id, points, points_left) SELECT hold, 0, lot, 1, 1 FROM crowd;
INSERT INTO declines (id, unit, order_no, code, occurred_at, month)
SELECT other, '%(unit)s', n::text, 'insufficient-points', {_NOON}, '2017-01-01' FROM crowd;
INSERT INTO debts (wallet_id, issuer, fen) SELECT wallet, '%(unit)s', 1 FROM crowd;

INSERT INTO doubts (id, name, unit, store, number, identity, wallet_id, amount_fen, purchased_at, source,
                    told_by, told_at, day, state, decided_by, decided_at)
SELECT other, receipt_name, '%(unit)s', 'crowd', n::text, '%(unit)s:C' || n, wallet, 1, {_NOON}, 'photo',
       member, {_NOON}, '2017-01-05', state, CASE state WHEN 'rejected' THEN 'finance' END,
       CASE state WHEN 'rejected' THEN {_NOON} END
FROM crowd, LATERAL (SELECT CASE n %% 2 WHEN 0 THEN 'open' ELSE '%(decided)s' END AS state) AS s;
INSERT INTO adjustments (id, kind, unit, identity, points, reason, asked_by, asked_at, state, decided_by,
                         decided_at)
SELECT CASE kind WHEN 'grant' THEN other ELSE another END, kind, '%(unit)s', '%(unit)s:C' || n, 1, 'crowd',
       'operator-1', {_NOON}, state, CASE state WHEN 'rejected' THEN 'operator-2' END,
       CASE state WHEN 'rejected' THEN {_NOON} END
FROM crowd, unnest(ARRAY['grant', 'deduction']) AS kind,
     LATERAL (SELECT CASE n %% 2 WHEN 0 THEN 'open' ELSE '%(decided)s' END AS state) AS s;
INSERT INTO vouchers (id, member, wallet_id, offer, offer_version, partner, unit, price_fen, asked_at,
                      ask_until, day, month, state, reason, settled_at, settled_month)
SELECT other, member, wallet, 'taxi', 1, 'taxi', '%(unit)s', 1, {_NOON}, {_NOON}, '2017-01-05', '2017-01-01',
       state, CASE state WHEN 'refused' THEN 'crowd' END, CASE state WHEN 'refused' THEN {_NOON} END,
       CASE state WHEN 'refused' THEN '2017-01-01'::date END
FROM crowd, LATERAL (SELECT CASE n %% 2 WHEN 0 THEN 'asked' ELSE '%(settled)s' END AS state) AS s;
INSERT INTO voidings (id, voucher_id, wallet_id, unit, asked_by, reason, asked_at, month, state, settled_at,
                      settled_month)
SELECT another, other, wallet, '%(unit)s', 'finance', 'crowd', {_NOON}, '2017-01-01', state,
       CASE state WHEN 'used' THEN {_NOON} END, CASE state WHEN 'used' THEN '2017-01-01'::date END
FROM crowd, LATERAL (SELECT CASE n %% 2 WHEN 0 THEN 'asked' ELSE '%(given_back)s' END AS state) AS s;
INSERT INTO gifts (id, giver, giver_wallet_id, receiver, asset, points, worth_fen, asked_at, day, expires_at,
                   is_known)
SELECT other, member, wallet, 'mem_nobody', 'PROP', 1, 1, {_NOON}, '2017-01-05', {_NOON}, true FROM crowd;
INSERT INTO check_ins (wallet_id, day, id, streak, points, occurred_at, month, answer)
SELECT other, '2017-01-05', other, 1, 1, {_FACTS} FROM crowd;
INSERT INTO exchanges (id, quote_id, holder_id, day, from_asset, to_asset, points, given, value_fen, fee_fen,
                       residual_fen, in_numerator, in_denominator, out_numerator, out_denominator, fee_bp,
                       quoted_at, occurred_at, month, answer)
SELECT other, other, holder, '2017-01-05', 'PROP', 'GRUP', 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, {_NOON}, {_FACTS}
FROM crowd;
INSERT INTO opening_sheets (id, unit, digest, lines, points, asked_by, asked_at)
SELECT other, '%(unit)s', 'crowd', 1, 1, 'operator-1', {_NOON} FROM crowd;
INSERT INTO openings (name, id, sheet_id, unit, reference, wallet_id, points, earned_at, expires_at,
                      occurred_at, month, answer)
SELECT name, other, other, '%(unit)s', n::text, wallet, 1, {_NOON}, {_NOON} + interval '1 day', {_FACTS}
FROM crowd;
INSERT INTO budgets (name, "window", total, granted)
SELECT 'crowd %(unit)s ' || n, '2017-01', 1, 1 FROM crowd;
INSERT INTO limits (name, "window", slice, granted, used)
SELECT 'crowd %(unit)s ' || n, '2017-01', 0, 1, 1 FROM crowd;

INSERT INTO journals_2017_01 (month, id, kind, occurred_at, posted_at, holder_id, unit, sides, subject,
                              batch_id)
SELECT '2017-01-01', earning, 'earn', {_NOON}, {_NOON}, holder, '%(unit)s', '{{%(unit)s}}', receipt, n
FROM crowd;
INSERT INTO journals_2017_01 (month, id, kind, occurred_at, posted_at, holder_id, unit, sides, subject,
                              batch_id)
SELECT '2017-01-01', spending, 'hold', {_NOON}, {_NOON}, holder, '%(unit)s', '{{%(unit)s}}', hold, n
FROM crowd;
INSERT INTO transfers_2017_01 (month, id, journal_id, asset, amount, from_account, to_account, lot_id)
SELECT '2017-01-01', nextval('transfer_id'), earning, 'PROP', 9, a.id, account, lot
FROM crowd JOIN accounts a ON a.role = 'issued' AND a.unit = '%(unit)s' ORDER BY n;
INSERT INTO transfers_2017_01 (month, id, journal_id, asset, amount, from_account, to_account, lot_id)
SELECT '2017-01-01', nextval('transfer_id'), spending, 'PROP', 1, account, -account, lot FROM crowd
ORDER BY n;
DROP TABLE crowd;
"""


def crowd(house: LedgerHouse, unit: str, count: int, ago: str, *, decided: str, settled: str) -> None:
    """Let so many people of a unit have done one thing each in every way, in January 2017.

    :param ago: how long ago the ids of their rows were drawn, an interval.
    :param decided: the state of every second doubt and adjustment; the others are open.
    :param settled: the state of every second voucher; the others are asked for, as their voidings are.
    """
    given_back = "asked" if settled == "asked" else "used"
    facts = {"unit": unit, "count": count, "ago": ago, "decided": decided, "settled": settled}
    facts["given_back"] = given_back
    house.rows(_CROWD % facts)


_COME_BACK = f"""
INSERT INTO returns (name, id, receipt_id, unit, return_no, amount_fen, returned_fen, points, debt_fen,
                     occurred_at, month, answer)
SELECT 'often ' || n, uuidv7(), r.id, r.unit, 'often ' || n, 1, 1 + n, 0, 0, {_FACTS}
FROM (SELECT * FROM receipts WHERE unit = '%(unit)s' ORDER BY id DESC LIMIT 1) AS r,
     generate_series(1, %(count)s) AS n;
INSERT INTO refunds (name, id, redemption_id, unit, refund_no, amount_fen, refunded_fen,
                     occurred_at, month, answer)
SELECT 'often ' || n, uuidv7(), r.id, r.unit, 'often ' || n, 1, 1 + n, {_FACTS}
FROM (SELECT * FROM redemptions WHERE unit = '%(unit)s' ORDER BY id DESC LIMIT 1) AS r,
     generate_series(1, %(count)s) AS n;
INSERT INTO redemptions (name, id, unit, order_no, holder_id, price_fen, paid_fen, change_points, terms,
                         hold_id, occurred_at, month, answer)
SELECT 'often ' || n, uuidv7(-interval '2 days'), h.unit, h.order_no, h.holder_id, 1, 1, 0, '', h.id, {_FACTS}
FROM (SELECT * FROM holds WHERE unit = '%(unit)s' ORDER BY id DESC LIMIT 1) AS h,
     generate_series(1, %(count)s) AS n;
INSERT INTO doubts (id, name, unit, store, number, identity, wallet_id, amount_fen, purchased_at, source,
                    told_by, told_at, day, state, decided_by, decided_at, receipt_id)
SELECT uuidv7(-interval '2 days'), 'often ' || n, r.unit, 'crowd', n::text, '%(unit)s:often', r.wallet_id, 1,
       {_NOON}, 'photo', 'mem_often', {_NOON}, '2017-01-05', 'accepted', 'finance', {_NOON}, r.id
FROM (SELECT * FROM receipts WHERE unit = '%(unit)s' ORDER BY id DESC LIMIT 1) AS r,
     generate_series(1, %(count)s) AS n;
"""


def come_back(house: LedgerHouse, unit: str, count: int) -> None:
    """Let the last purchase and the last order of a unit's crowd come back that many times more.

    And its last hold be captured as often, before any of those orders, and as many doubts be accepted.
    """
    house.rows(_COME_BACK % {"unit": unit, "count": count})


_BUSY = f"""
CREATE TEMP TABLE busy AS
SELECT uuidv7() AS journal, holder_id AS holder, account, n
FROM wallets, generate_series(1, %(count)s) AS n WHERE identity = '%(member)s';
INSERT INTO journals_2017_01 (month, id, kind, occurred_at, posted_at, holder_id, unit, sides, subject,
                              batch_id)
SELECT '2017-01-01', journal, 'earn', {_NOON}, {_NOON}, holder, 'hotel', '{{hotel}}', journal, n FROM busy;
INSERT INTO transfers_2017_01 (month, id, journal_id, asset, amount, from_account, to_account)
SELECT '2017-01-01', nextval('transfer_id'), journal, 'HOTL', 9, a.id, account
FROM busy JOIN accounts a ON a.role = 'issued' AND a.unit = 'hotel', generate_series(1, 4) ORDER BY n;
DROP TABLE busy;
"""


def be_busy(house: LedgerHouse, member: str, count: int) -> None:
    """Let a member of a crowd have so many journals more, of four lines each."""
    house.rows(_BUSY % {"member": member, "count": count})


def seal_january(house: LedgerHouse) -> None:
    """Seal the month of the crowds; each unit has a statement of it, and of every month for years before."""
    house.rows(
        "UPDATE months SET state = 'draining', closed_by = 'operator-1', closed_at = clock_timestamp()"
        " WHERE month = '2017-01-01'"
    )
    assert house.seal(JANUARY)
    house.rows(
        "INSERT INTO statements (id, month, unit, net_fen, figures, issued_at)"
        " SELECT uuidv7(), month, unit, 0, '{}', clock_timestamp() FROM accounts,"
        " generate_series('2007-01-01'::date, '2017-01-01', '1 month') AS month WHERE role = 'clearing'"
    )
    with closing(connect(house.database.url("desk"))) as connection:
        index_sides(connection, JANUARY)


def tables(house: LedgerHouse) -> list[str]:
    """Name every table that holds rows: of what is partitioned, its partitions."""
    found = house.rows(
        "SELECT oid::regclass::text FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    return [name for (name,) in found]


@contextmanager
def unsound_house() -> Iterator[LedgerHouse]:
    """Lend a house of one's own that nobody audits, without a planner's statistics."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        try:
            for table in tables(house):
                house.rows(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
            yield house
        finally:
            house.close()
