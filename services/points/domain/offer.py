"""Offers of outside partners: what a coupon costs, which unit sells it, who gives it out.

An offer is paid with points alone: what tills ask (the share of a price, the least amount) says nothing here.
Refuses to know where a partner answers: settings do.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.points.domain.amounts import Fen
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class NoSuchOffer(Refusal):
    """There is no such offer, or it is not sold now."""

    kind = Kind.CONFLICT
    code = "no-such-offer"
    title = Words("没有这项权益", "No such offer")
    advice = Words(
        "{offer} 目前未在兑换；请从 /points/v1/offers 选择。",
        "{offer} is not sold now; choose one from /points/v1/offers.",
    )


class OfferChanged(Refusal):
    """The price is another one than the member saw."""

    kind = Kind.CONFLICT
    code = "offer-changed"
    title = Words("价格已变动", "The price has changed")
    advice = Words(
        "{offer} 现价人民币 {price_fen} 分，积分未变动；请确认新价格后再兑换。",
        "{offer} costs {price_fen} fen now and no points have moved; show the new price and ask again.",
    )


class VoucherLimitReached(Refusal):
    """The member has as many of these vouchers today as the offer allows."""

    kind = Kind.CONFLICT
    code = "voucher-limit-reached"
    title = Words("今日兑换已达上限", "No more of these today")
    advice = Words(
        "每人每日至多兑换 {per_day} 张 {offer}；请明日再来。",
        "At most {per_day} of {offer} a day for one member; come again tomorrow.",
    )


class PartnerUnconnected(Refusal):
    """This installation has no way to the partner that gives the coupons out."""

    kind = Kind.CONFLICT
    code = "partner-unconnected"
    retryable = True
    title = Words("合作方暂未接通", "The partner is not connected")
    advice = Words(
        "合作方 {partner} 尚未接通，积分未变动；请稍后再试。",
        "Partner {partner} is not connected and no points have moved; try again later.",
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A coupon of a partner: `price_fen` in points, redeemed at `unit`, which pays the partner outside.

    `asked_s` is for how long the partner is asked for it; after that the partner is told to let it be.
    """

    code: str
    version: int
    partner: str
    unit: str
    price_fen: Fen
    per_day: int | None
    asked_s: int
    on_sale: bool

    @classmethod
    def read(cls, code: str, version: int, body: Mapping[str, Any]) -> "Offer":
        """Read an offer out of its rule's body."""
        return cls(
            code,
            version,
            body["partner"],
            body["unit"],
            Fen(body["price_fen"]),
            body.get("per_day"),
            body["asked_s"],
            body["on_sale"],
        )

    def ask_until(self, asked_at: datetime) -> datetime:
        """Give the moment from which the partner is no longer asked for a coupon, but to let it be."""
        return asked_at + timedelta(seconds=self.asked_s)

    def check(self, price_fen: int, today: int, connected: Collection[str]) -> None:
        """Let one more voucher be asked for at the price the member saw.

        :param today: how many the same person has asked for on this business day, those refused left out.
        :raises PartnerUnconnected: if nobody can ask the partner.
        :raises OfferChanged: if the price is another one by now.
        :raises VoucherLimitReached: if the day's vouchers are as many as allowed.
        """
        if self.partner not in connected:
            raise PartnerUnconnected(partner=self.partner)
        if price_fen != self.price_fen:
            raise OfferChanged(offer=self.code, price_fen=self.price_fen)
        if self.per_day is not None and today >= self.per_day:
            raise VoucherLimitReached(offer=self.code, per_day=self.per_day)
