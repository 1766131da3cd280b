"""Settle a voucher by the partner's word: a coupon takes the points, a no gives them back, once for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain.books import LedgerBooks
from services.points.domain.capture import CaptureWish, captured
from services.points.domain.hold import Ended, Hold
from services.points.domain.month import booking
from services.points.domain.naming import capture_name, coupon_name
from services.points.domain.release import released
from services.points.domain.voucher import Coupon, PartnerHeard, Voucher, VoucherSettled, VoucherState
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound

CAPTURE_NO = "coupon"
SECOND = 2
"""The version of a voucher that is settled: it was asked for before, and nothing comes after."""


@dataclass(frozen=True, slots=True)
class SettleVoucher:
    """What became of a voucher at the partner: a coupon, or the reason for which there will never be one."""

    asked: Asked
    voucher_id: str
    coupon: Coupon | None = None
    reason: str | None = None

    def needs(self) -> Needs:
        """Need the voucher and its hold, which the holder guards, and whose the coupon is."""
        rows = (("voucher", self.voucher_id), ("hold", self.voucher_id))
        if self.coupon is None:
            return Needs(rows=rows)
        digest = self.coupon.digest
        return Needs((coupon_name(digest),), rows, (("coupon", digest),))


def settle_voucher(books: LedgerBooks, command: SettleVoucher) -> Outcome:
    """Capture the hold in full for a coupon, or release it; a word that was heard before changes nothing.

    A coupon that is over, or that another voucher has, is none: the points go back, and a person is told.

    :raises NotFound: if there is no such voucher.
    """
    voucher = books.vouchers.get(command.voucher_id)
    if voucher is None:
        raise NotFound()
    if voucher.state is not VoucherState.ASKED:
        return Outcome(answer=_answer(voucher))
    hold = books.find_hold(voucher.id)
    assert hold is not None, "points of a voucher that is asked for are on hold"
    assert hold.ended_at is None, "and stay there until it is settled"
    # A clock that was set back a little must not date the end of a hold before its beginning.
    at = max(books.now, hold.occurred_at)
    if command.coupon is None:
        return _refused(books, command, voucher.refused(at, command.reason or "refused"), hold)
    worthless = command.coupon.worthless(books.now, books.coupons)
    if worthless is not None:
        return _refused(books, command, voucher.refused(at, worthless), hold)
    return _issued(books, command, voucher.issued(at, command.asked.id), hold)


def _issued(books: LedgerBooks, command: SettleVoucher, voucher: Voucher, hold: Hold) -> Outcome:
    assert command.coupon is not None
    at = _settled_at(voucher)
    name = capture_name(hold.id, CAPTURE_NO)
    terms = f"{hold.amount_fen}/True"
    wanted = CaptureWish(command.asked.id, name, terms, CAPTURE_NO, hold.amount_fen, final=True)
    outcome = captured(books, hold, wanted, at)
    kept = _kept(books, voucher, command.coupon)
    told = {"redemption": shown("red", command.asked.id), "valid_until": command.coupon.valid_until}
    event = Announcement("points.voucher.issued", voucher.number, SECOND, {**_told(voucher), **told}, at)
    return Outcome((*outcome.changes, kept, _heard(voucher)), _answer(voucher), (*outcome.events, event))


def _refused(books: LedgerBooks, command: SettleVoucher, voucher: Voucher, hold: Hold) -> Outcome:
    at = _settled_at(voucher)
    outcome = released(books, hold, command.asked.id, at, Ended.RELEASED)
    kept = _kept(books, voucher, None)
    data = {**_told(voucher), "cause": voucher.reason}
    event = Announcement("points.voucher.refused", voucher.number, SECOND, data, at)
    return Outcome((*outcome.changes, kept, _heard(voucher)), _answer(voucher), (*outcome.events, event))


def _heard(voucher: Voucher) -> PartnerHeard:
    return PartnerHeard(voucher.errand_id, voucher.state.value, _settled_at(voucher))


def _settled_at(voucher: Voucher) -> datetime:
    assert voucher.settled_at is not None, "it has just been settled"
    return voucher.settled_at


def _kept(books: LedgerBooks, voucher: Voucher, coupon: Coupon | None) -> VoucherSettled:
    month = booking(_settled_at(voucher), books.months).month
    return VoucherSettled(voucher, books.wallet(voucher.member).id, month, coupon)


def _answer(voucher: Voucher) -> Mapping[str, Any]:
    return {"voucher": voucher.number, "state": voucher.state.value, "reason": voucher.reason}


def _told(voucher: Voucher) -> Mapping[str, Any]:
    return {
        "voucher": voucher.number,
        "hold": shown("hld", voucher.id),
        "offer": voucher.offer,
        "partner": voucher.partner,
        "unit": voucher.unit,
        "price_fen": voucher.price_fen,
    }
