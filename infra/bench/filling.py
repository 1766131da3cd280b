"""The bulk loader: books of any size, written set by set past the doors and sound to the last line.

Whatever it writes an auditor finds as if the desk had written it: receipts with their lots and journals,
redemptions settled between units, batches with their digests. Refuses to run on books of anybody: it is the
superuser's, in a stack of the benchmark's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg2
from psycopg2.extensions import connection as Connection

from shared.kernel.calendar import month_of, quarter_end_after

POINTS, SPENT = 100, 50
AT_ONCE = 50_000
"""How many wallets one transaction fills: half a million lines, a few seconds."""

_AMOUNT_FEN = {"office": 20_000, "property": 100_000, "residential": 2_000_000}
_ASSETS = {"office": "OFFI", "property": "PROP", "residential": "RESI"}

_OPEN = """
CREATE TEMP TABLE purses ON COMMIT DROP AS
SELECT n, uuidv7() AS wallet_id, uuidv7() AS holder_id, nextval('account_id') AS account
FROM generate_series(%(first)s, %(last)s) AS n;
INSERT INTO holders (id, version) SELECT holder_id, 0 FROM purses;
INSERT INTO wallets (id, identity, holder_id, first_holder_id, account)
SELECT wallet_id, %(unit)s || ':' || %(run)s || '-' || n, holder_id, holder_id, account FROM purses;
"""
# Numbers that somebody has linked: those of a filling belong to nobody, and are many.
_FIND = """
CREATE TEMP TABLE purses ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY id) AS n, id AS wallet_id, holder_id, account
FROM wallets WHERE identity LIKE %(unit)s || ':%%' AND holder_id <> first_holder_id;
"""
# One receipt, one lot, one journal of one line each, a second apart as receipts are.
_EARN = """
CREATE TEMP TABLE earned ON COMMIT DROP AS
SELECT p.*, k, %(at)s::timestamptz + k * interval '1 second' AS at, uuidv7() AS receipt_id,
       uuidv7() AS lot_id, uuidv7() AS journal_id, nextval('transfer_id') AS line_id
FROM purses p CROSS JOIN generate_series(1, %(lots)s) AS k;
INSERT INTO lots (id, wallet_id, asset, issuer, receipt_number, earned, points_left, earned_at, available_at,
                  expires_at, is_open)
SELECT lot_id, wallet_id, %(asset)s, %(unit)s, (n * 1000 + k)::text, %(points)s, %(points)s, at, at,
       %(expires_at)s, true
FROM earned;
INSERT INTO receipts (name, id, unit, store, number, wallet_id, amount_fen, purchased_at, occurred_at, month,
                      points, answer)
SELECT concat_ws('|', 'receipt ' || %(unit)s, upper(%(run)s), n * 1000 + k,
                 (at AT TIME ZONE 'Asia/Shanghai')::date), receipt_id, %(unit)s, %(run)s,
       (n * 1000 + k)::text, wallet_id, %(amount_fen)s, at, at, %(month)s, %(points)s,
       json_build_object('receipt', 'rcp_' || replace(receipt_id::text, '-', ''), 'unit', %(unit)s,
                         'store', %(run)s, 'receipt_no', (n * 1000 + k)::text,
                         'amount_fen', %(amount_fen)s, 'asset', %(asset)s, 'points', %(points)s,
                         'lot', 'lot_' || replace(lot_id::text, '-', ''), 'available_at', at,
                         'expires_at', %(expires_at)s)::text
FROM earned;
CREATE TEMP TABLE posted ON COMMIT DROP AS
SELECT journal_id, 'earning' AS kind, at AS occurred_at, holder_id, %(unit)s AS unit,
       ARRAY[%(unit)s] AS sides, receipt_id AS subject
FROM earned;
CREATE TEMP TABLE lines ON COMMIT DROP AS
SELECT line_id AS id, journal_id, %(asset)s AS asset, %(points)s::bigint AS amount,
       (SELECT id FROM accounts WHERE role = 'issued' AND unit = %(unit)s) AS from_account,
       account AS to_account, lot_id, NULL::bigint AS cause_id, NULL::bigint AS worth_fen
FROM earned;
"""
# Three lots pay half of themselves at the hotel; the issuer owes it for each.
_REDEEM = """
CREATE TEMP TABLE paid ON COMMIT DROP AS
SELECT n, wallet_id, holder_id, account, uuidv7() AS id, uuidv7() AS journal_id FROM purses;
CREATE TEMP TABLE slices ON COMMIT DROP AS
SELECT p.journal_id, e.lot_id, e.account, nextval('transfer_id') AS line_id,
       nextval('transfer_id') AS money_id
FROM paid p JOIN earned e ON e.wallet_id = p.wallet_id AND e.k <= 3;
UPDATE lots AS l SET points_left = l.points_left - %(spent)s FROM slices s WHERE l.id = s.lot_id;
INSERT INTO redemptions (name, id, unit, order_no, holder_id, price_fen, paid_fen, change_points, occurred_at,
                         month, terms, answer)
SELECT 'order hotel|' || upper(%(run)s || '-' || n), id, 'hotel', %(run)s || '-' || n, holder_id,
       %(spent)s * 6, %(spent)s * 3, 0, %(later)s, %(month)s, '', json_build_object(
           'redemption', 'red_' || replace(id::text, '-', ''), 'unit', 'hotel',
           'order_no', %(run)s || '-' || n, 'price_fen', %(spent)s * 6, 'paid_fen', %(spent)s * 3,
           'change_points', 0)::text
FROM paid;
INSERT INTO posted
SELECT journal_id, 'redemption', %(later)s, holder_id, 'hotel', ARRAY['hotel', %(unit)s], id FROM paid;
INSERT INTO lines
SELECT line_id, journal_id, %(asset)s, %(spent)s, account,
       (SELECT id FROM accounts WHERE role = 'redeemed' AND unit = 'hotel'), lot_id, NULL, %(spent)s
FROM slices
UNION ALL
SELECT money_id, journal_id, 'CNY', %(spent)s * 100,
       (SELECT id FROM accounts WHERE role = 'clearing' AND unit = %(unit)s),
       (SELECT id FROM accounts WHERE role = 'clearing' AND unit = 'hotel'), NULL, line_id, NULL
FROM slices;
"""
_POST = """
CREATE TEMP TABLE batched ON COMMIT DROP AS
SELECT *, (SELECT last_value FROM batch_id) + 1 + (row_number() OVER ()) / 500 AS batch_id FROM posted;
SELECT setval('batch_id', (SELECT max(batch_id) FROM batched));
INSERT INTO journals (month, id, kind, occurred_at, posted_at, holder_id, unit, sides, subject, batch_id)
SELECT %(month)s, journal_id, kind, occurred_at, now(), holder_id, unit, sides, subject, batch_id
FROM batched;
INSERT INTO transfers (month, id, journal_id, asset, amount, from_account, to_account, lot_id, cause_id,
                       worth_fen)
SELECT %(month)s, id, journal_id, asset, amount, from_account, to_account, lot_id, cause_id, worth_fen
FROM lines ORDER BY id;
INSERT INTO batches (id, posted_at, rows, digest)
SELECT b.batch_id, now(), count(*), sha256(convert_to(string_agg(concat_ws(
           '|', %(month)s::date, l.id, l.journal_id, l.asset, l.amount, l.from_account, l.to_account,
           coalesce(l.lot_id::text, '-'), coalesce(l.cause_id::text, '-'), coalesce(l.worth_fen::text, '-')),
           E'\\n' ORDER BY l.id), 'UTF8'))
FROM lines l JOIN batched b USING (journal_id) GROUP BY b.batch_id;
UPDATE holders AS h SET version = h.version + n.journals, batch_id = n.batch_id
FROM (SELECT holder_id, count(*) AS journals, max(batch_id) AS batch_id FROM batched GROUP BY holder_id) AS n
WHERE h.id = n.holder_id;
"""
_TUNED = "SET work_mem = '128MB'; SET synchronous_commit = off; SET timezone = 'UTC'"
_LATER = timedelta(minutes=1)
LINES_PER_WALLET = 10
"""Four receipts and a redemption of three lots, each settled: what one loaded wallet leaves in the books."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What one filling writes: lots of one unit, under a name of its own, at one moment of an open month."""

    run: str
    unit: str
    at: datetime

    def terms(self, lots: int) -> dict[str, object]:
        """Give what its statements take."""
        return {
            "run": self.run,
            "unit": self.unit,
            "asset": _ASSETS[self.unit],
            "amount_fen": _AMOUNT_FEN[self.unit],
            "at": self.at,
            "later": self.at + _LATER,
            "month": self.month,
            "expires_at": quarter_end_after(self.at, 24),
            "lots": lots,
            "points": POINTS,
            "spent": SPENT,
        }

    @property
    def month(self) -> date:
        """The month it is booked in."""
        return month_of(self.at)


def fill_known(url: str, filling: Filling, lots: int) -> None:
    """Give every wallet of a unit that a member has linked that many lots more."""
    with _session(url) as connection, connection.cursor() as cursor:
        cursor.execute(_FIND + _EARN + _POST, filling.terms(lots))


def fill_new(url: str, filling: Filling, wallets: int) -> Iterator[int]:
    """Open that many wallets, each with four lots and a redemption; give how many stand after each part."""
    for first in range(0, wallets, AT_ONCE):
        last = min(first + AT_ONCE, wallets) - 1
        with _session(url) as connection, connection.cursor() as cursor:
            told = {**filling.terms(4), "first": first, "last": last}
            cursor.execute(_OPEN + _EARN + _REDEEM + _POST, told)
        yield last + 1


def settle_down(url: str) -> None:
    """Let the database know what it holds, as its own housekeeping would have done by then."""
    connection = _session(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    connection.close()


def _session(url: str) -> Connection:
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute(_TUNED)
    connection.commit()
    return connection
