"""Vouchers behind their members' holders, sealed codes in a table of their own, errands that ask partners.

Digests of codes are kept apart and for ever, so that a coupon is for one voucher.

Refuses to read a code: only the door of its member does.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from services.points.domain.voiding import VoidingAsked, VoidingSettled
from services.points.domain.voucher import (
    PartnerErrand,
    PartnerHeard,
    Voucher,
    VoucherAsked,
    VoucherSettled,
    VoucherState,
)
from services.points.store.noun import Noun
from services.points.store.voidings import ask_voidings, load_voidings, settle_voidings
from shared.kernel.calendar import day_of
from shared.runtime.errands import FINISH

_BEHIND = "SELECT id::text, member FROM vouchers WHERE id = ANY (%s::uuid[])"
_READ = """
SELECT id::text, member, offer, offer_version, partner, unit, price_fen, asked_at, ask_until, state, reason,
       settled_at, redemption_id::text, given_back_fen
FROM vouchers WHERE id = ANY (%s::uuid[])
"""

# One that was refused costs nothing and counts for nothing.
_DAYS = """
SELECT a.name, w.holder_id::text, count(v.id)
FROM unnest(%(names)s::text[], %(offers)s::text[], %(members)s::text[]) AS a(name, offer, member)
JOIN wallets w ON w.identity = a.member
LEFT JOIN vouchers v ON v.offer = a.offer AND v.day = %(day)s AND v.state <> 'refused'
     AND v.wallet_id = ANY (ARRAY(SELECT o.id FROM wallets o WHERE o.holder_id = w.holder_id))
GROUP BY a.name, w.holder_id
"""


def _load(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    cursor.execute(_READ, (list(ids),))
    names = [column.name for column in cursor.description]
    for row in cursor.fetchall():
        facts: dict[str, Any] = dict(zip(names, row, strict=True))
        voucher = Voucher(**{**facts, "state": VoucherState(facts["state"])})
        books.vouchers[voucher.id] = voucher
    load_voidings(cursor, books, ids)


def _load_days(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    today: date = day_of(books.now)
    offers, members = zip(*(name.split(" ", 1) for name in names), strict=True)
    told = {"names": list(names), "offers": list(offers), "members": list(members), "day": today}
    cursor.execute(_DAYS, told)
    for name, holder_id, asked in cursor.fetchall():
        books.voucher_days[holder_id, name.partition(" ")[0]] = asked


def _load_coupons(cursor: Cursor, books: LedgerBooks, digests: Sequence[str]) -> None:
    cursor.execute("SELECT digest FROM coupons WHERE digest = ANY (%s)", (list(digests),))
    books.coupons.update(digest for (digest,) in cursor.fetchall())


def _ask(cursor: Cursor, changes: Sequence[VoucherAsked]) -> None:
    for one in changes:
        voucher = one.voucher
        cursor.execute(
            "INSERT INTO vouchers (id, member, wallet_id, offer, offer_version, partner, unit, price_fen,"
            " asked_at, ask_until, day, month) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                voucher.id,
                voucher.member,
                one.wallet_id,
                voucher.offer,
                voucher.offer_version,
                voucher.partner,
                voucher.unit,
                voucher.price_fen,
                voucher.asked_at,
                voucher.ask_until,
                one.day,
                one.month,
            ),
        )


def _settle(cursor: Cursor, changes: Sequence[VoucherSettled]) -> None:
    for one in changes:
        coupon = one.coupon
        cursor.execute(
            "UPDATE vouchers SET state = %s, settled_at = %s, settled_month = %s, redemption_id = %s,"
            " valid_until = %s, reason = %s WHERE id = %s",
            (
                one.voucher.state.value,
                one.voucher.settled_at,
                one.month,
                one.voucher.redemption_id,
                None if coupon is None else coupon.valid_until,
                one.voucher.reason,
                one.voucher.id,
            ),
        )
        if coupon is not None:
            cursor.execute(
                "INSERT INTO voucher_codes (voucher_id, wallet_id, sealed) VALUES (%s, %s, %s)",
                (one.voucher.id, one.wallet_id, coupon.sealed),
            )
            cursor.execute(
                "INSERT INTO coupons (digest, voucher_id) VALUES (%s, %s)", (coupon.digest, one.voucher.id)
            )


def _leave(cursor: Cursor, changes: Sequence[PartnerErrand]) -> None:
    for one in changes:
        cursor.execute(
            "INSERT INTO errands (id, kind, lane, subject, body, due_at) VALUES (%s, %s, %s, %s, %s, %s)",
            (one.id, one.kind, one.partner, one.subject, one.body, one.due_at),
        )


def _end(cursor: Cursor, changes: Sequence[PartnerHeard]) -> None:
    # As a messenger ends an errand; the one that carried this finds it done.
    for one in changes:
        cursor.execute(FINISH, {"id": one.errand_id, "now": one.at, "outcome": one.outcome})


VOUCHERS = Noun(
    "voucher",
    load=_load,
    identities=_BEHIND,
    writers={
        VoucherAsked: _ask,
        VoucherSettled: _settle,
        VoidingAsked: ask_voidings,
        VoidingSettled: settle_voidings,
        PartnerErrand: _leave,
        PartnerHeard: _end,
    },
)
VOUCHER_DAYS = Noun("voucher-day", load=_load_days)
COUPON = Noun("coupon", load=_load_coupons)
