"""Gifts: points of one member go to another, as lots of the same issuer and end, once the giver confirmed.

Refuses to give what is pending, on hold or over, to give to oneself, and more a day than the rule allows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.points.domain.amounts import Fen, Points
from services.points.domain.journal import Transfer
from services.points.domain.lot import Lot, Origin, usable_in_order
from services.points.domain.taking import Share
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class SelfGift(Refusal):
    """Giver and receiver are one person."""

    kind = Kind.MALFORMED
    code = "self-gift"
    title = Words("不能赠送给自己", "Nobody gives to themselves")
    advice = Words("请选择另一位会员。", "Choose another member.")


class GiftLimitExceeded(Refusal):
    """The day's gifts would be worth more than the rule allows."""

    kind = Kind.CONFLICT
    code = "gift-limit-exceeded"
    title = Words("超过当日赠送限额", "No more can be given today")
    advice = Words(
        "每日至多赠送价值人民币 {day_fen} 分的积分，今日已赠 {given_fen} 分，本次 {wanted_fen} 分；"
        "请减少数量或明日再赠。",
        "Gifts of a day may be worth {day_fen} fen; {given_fen} were given, this is {wanted_fen}. "
        "Give less, or tomorrow.",
    )


class TooManyGifts(Refusal):
    """As many gifts were begun today as the rule allows, those of unknown receivers counted."""

    kind = Kind.CONFLICT
    code = "too-many-gifts"
    title = Words("今日赠送次数过多", "Too many gifts today")
    advice = Words(
        "每日至多发起 {per_day} 次赠送；请明日再试。", "At most {per_day} gifts a day; come again tomorrow."
    )


class GiftOver(Refusal):
    """The gift was not confirmed in time; nothing has moved."""

    kind = Kind.GONE
    code = "gift-over"
    title = Words("赠送已失效", "The gift is over")
    advice = Words(
        "未在 {until} 前确认，积分未变动；请重新发起。", "It was not confirmed by {until}; begin anew."
    )


class WrongConfirmation(Refusal):
    """The confirmation is none of this gift by this member, or is over."""

    kind = Kind.UNAUTHENTICATED
    code = "wrong-confirmation"
    title = Words("确认凭证无效", "The confirmation does not fit")
    advice = Words(
        "请为此次赠送重新获取并输入确认码。", "Ask for a code for this very gift and confirm again."
    )


@dataclass(frozen=True, slots=True)
class GiftTerms:
    """What one member may give a day: worth at most `day_fen`, in at most `per_day` gifts begun.

    A gift waits `confirm_s` seconds for its confirmation.
    """

    version: int
    day_fen: Fen
    per_day: int
    confirm_s: int

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "GiftTerms":
        """Read the body of a rule."""
        return cls(version, Fen(body["day_fen"]), body["per_day"], body["confirm_s"])

    def expires_at(self, asked_at: datetime) -> datetime:
        """Give the moment at which an unconfirmed gift is over."""
        return asked_at + timedelta(seconds=self.confirm_s)

    def check(self, begun: int, given_fen: int, wanted_fen: int) -> None:
        """Let a gift pass beside what was begun and given on the same business day.

        :raises TooManyGifts: if as many as allowed were begun.
        :raises GiftLimitExceeded: if the day's gifts would be worth too much.
        """
        if begun >= self.per_day:
            raise TooManyGifts(per_day=self.per_day)
        self.check_worth(given_fen, wanted_fen)

    def check_worth(self, given_fen: int, wanted_fen: int) -> None:
        """Let a gift of that worth pass beside what was given on the same business day.

        :raises GiftLimitExceeded: if the day's gifts would be worth too much.
        """
        if given_fen + wanted_fen > self.day_fen:
            raise GiftLimitExceeded(day_fen=self.day_fen, given_fen=given_fen, wanted_fen=wanted_fen)


@dataclass(frozen=True, slots=True)
class Gift:
    """Points of one asset that a member means to give; nothing has moved before `given` is set.

    `known` tells whether points had heard of the receiver; a gift to nobody only counts as begun.
    """

    id: str
    giver: str
    receiver: str
    asset: str
    points: Points
    worth_fen: Fen
    asked_at: datetime
    expires_at: datetime
    known: bool = True
    given: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class GiftPrepared:
    """A member means to give; it counts as begun that business day, by whoever holds the giver's wallet."""

    gift: Gift
    holder_id: str
    wallet_id: str
    day: date


@dataclass(frozen=True, slots=True)
class GiftGiven:
    """A confirmed gift has passed, once, on that business day, and is booked in a month."""

    gift: Gift
    holder_id: str
    at: datetime
    day: date
    month: date
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GiftDay:
    """What wallets of one holder have begun and given on one business day."""

    begun: int = 0
    given_fen: int = 0


def givable(lots: Iterable[Lot], asset: str, at: datetime) -> list[Lot]:
    """Give the lots of an asset that can be given at that moment, in the order in which they are spent."""
    return [lot for lot in usable_in_order(lots, at) if lot.asset == asset]


NO_GIFTS = GiftDay()


@dataclass(frozen=True, slots=True)
class Passage:
    """The lines on the giver's and on the receiver's side, the lots drawn and the lots opened."""

    giving: tuple[Transfer, ...]
    receiving: tuple[Transfer, ...]
    drawn: tuple[Lot, ...]
    opened: tuple[Lot, ...]

    @property
    def issuers(self) -> tuple[str, ...]:
        """The units whose points pass, sorted."""
        return tuple(sorted({lot.issuer for lot in self.opened}))


def passage(
    shares: Sequence[Share],
    from_accounts: Mapping[str, int],
    to_wallet: str,
    to_account: int,
    through: int,
    ids: Iterable[str],
) -> Passage:
    """Let shares pass through the gift account into new lots of the receiver's wallet.

    Each new lot keeps issuer, asset, receipt number and dates of the one it comes from, and names it.

    :param from_accounts: account number by wallet id of the giver.
    :param ids: names for the new lots, as many as are asked for.
    """
    names = iter(ids)
    opened = tuple(_passed(share, next(names), to_wallet) for share in shares)
    return Passage(
        giving=tuple(
            Transfer(one.lot.asset, one.points, from_accounts[one.lot.wallet_id], through, one.lot.id)
            for one in shares
        ),
        receiving=tuple(Transfer(lot.asset, lot.earned, through, to_account, lot.id) for lot in opened),
        drawn=tuple(one.left for one in shares),
        opened=opened,
    )


def _passed(share: Share, name: str, wallet_id: str) -> Lot:
    parent = share.lot
    return Lot(
        id=name,
        wallet_id=wallet_id,
        asset=parent.asset,
        issuer=parent.issuer,
        receipt_number=parent.receipt_number,
        earned=share.points,
        points_left=share.points,
        earned_at=parent.earned_at,
        available_at=parent.available_at,
        expires_at=parent.expires_at,
        parent_id=parent.id,
        origin=Origin.GIFT,
    )
