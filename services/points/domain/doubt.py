"""Receipts in doubt: what a member photographed and no till has told yet, what contradicts a known receipt.

A doubt earns nothing. A till or payment notice that tells the same later settles it; else a person decides,
with both sides shown, and of a large receipt two persons. Refuses to lose the later of two words about one
receipt, and to let both earn by themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from shared.kernel.ids import shown
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.spoken import States
from shared.kernel.words import Words


class Source(StrEnum):
    """Who told of a receipt."""

    TILL = "till"
    PAYMENT = "payment"
    PHOTO = "photo"


class DoubtState(StrEnum):
    """Where a doubt stands; `settled`: a till or payment notice told the same person's purchase."""

    OPEN = "open"
    SETTLED = "settled"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DoubtDecided(Refusal):
    """The doubt was settled or decided before."""

    kind = Kind.CONFLICT
    code = "doubt-decided"
    title = Words("存疑小票已处理", "The doubt has been decided")
    advice = Words(
        "该小票{state}；如需更改，请以手工发放或扣减更正。",
        "It is {state}; if that is wrong, mend it by a grant or a deduction.",
    )
    spoken: ClassVar[Mapping[str, States]] = {
        "state": {
            "settled": Words("已由收银入账", "settled"),
            "accepted": Words("已认可", "accepted"),
            "rejected": Words("已驳回", "rejected"),
        }
    }


class DoubtChanged(Refusal):
    """What is known of the receipt is not what was accepted beside it: somebody was first."""

    kind = Kind.CONFLICT
    code = "doubt-changed"
    title = Words("小票的登记情况已变化", "What is known of the receipt has changed")
    advice = Words(
        "该小票现登记为 {receipt}；请重新查看双方内容，确属另一笔消费时以该编号作为 beside 提交。",
        "The receipt is now known as {receipt}; look at both again, and if this is a purchase of its own, "
        "send that id as beside.",
    )


class AnotherYesNeeded(Refusal):
    """The receipt is of more than one person may accept: the first yes is kept, another one is needed."""

    kind = Kind.CONFLICT
    code = "another-yes-needed"
    title = Words("需要另一人认可", "Another person accepts it as well")
    advice = Words(
        "小票金额为人民币 {amount_fen} 分，一人至多可认可 {alone_fen} 分；已登记 {first_accepted_by} 的认可，"
        "须由另一人再次认可后方可入账。",
        "The receipt is of {amount_fen} fen, and one person may accept {alone_fen} fen at most; the yes of "
        "{first_accepted_by} is kept, and it earns once another person accepts it as well.",
    )


class TooManyClaims(Refusal):
    """A member claims as many receipts a day as the rule allows."""

    kind = Kind.CONFLICT
    code = "too-many-claims"
    title = Words("今日补录小票过多", "Too many receipts were claimed today")
    advice = Words(
        "每日至多补录 {per_day} 张小票；请明日再试。",
        "At most {per_day} receipts can be claimed a day; come again tomorrow.",
    )


class ClaimTooLate(Refusal):
    """A photographed receipt is claimed within so many days."""

    kind = Kind.CONFLICT
    code = "claim-too-late"
    title = Words("小票已超过补录期限", "The receipt is too old to be claimed")
    advice = Words(
        "消费后 {back_days} 天内可补录；请联系门店处理。",
        "A receipt can be claimed within {back_days} days; ask the store.",
    )


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """How many receipts a member may claim a business day, and how many days back.

    A receipt in doubt of more than `alone_fen` is accepted by two persons, None: any by one.
    """

    version: int
    per_day: int
    back_days: int
    alone_fen: int | None = None

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "ClaimTerms":
        """Read the body of a rule."""
        return cls(version, body["per_day"], body["back_days"], body.get("alone_fen"))

    def check(self, claimed_today: int, purchased_at: datetime, now: datetime) -> None:
        """Let a claim pass.

        :raises TooManyClaims: if as many as allowed were claimed today.
        :raises ClaimTooLate: if the purchase lies too far back.
        """
        if claimed_today >= self.per_day:
            raise TooManyClaims(per_day=self.per_day)
        if purchased_at < now - timedelta(days=self.back_days):
            raise ClaimTooLate(back_days=self.back_days)


@dataclass(frozen=True, slots=True)
class FirstYes:
    """What the first of two persons said to a doubt: why, and beside which known receipt (None: none)."""

    by: str
    at: datetime
    reason: str
    beside: str | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word about a receipt (by its natural name) that waits; `holder_id` is who holds its wallet now."""

    id: str
    name: str
    unit: str
    store: str
    number: str
    identity: str
    wallet_id: str
    holder_id: str
    amount_fen: int
    purchased_at: datetime
    source: Source
    told_by: str
    told_at: datetime
    state: DoubtState = DoubtState.OPEN
    decided_by: str | None = None
    reason: str | None = None
    receipt_id: str | None = None
    first_yes: FirstYes | None = None


@dataclass(frozen=True, slots=True)
class DoubtRaised:
    """Somebody's word about a receipt waits."""

    doubt: Doubt


@dataclass(frozen=True, slots=True)
class DoubtTurned:
    """A word about a receipt was settled by those who know, or accepted or rejected by a person."""

    doubt: Doubt
    at: datetime


@dataclass(frozen=True, slots=True)
class DoubtHalfAccepted:
    """The first of two persons has accepted a word about a receipt; it stays open."""

    doubt: Doubt


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's yes to a doubt: which one, whose identity earns, and why.

    `beside` is the last receipt of the slip that was shown with it, as people see its id: this is another
    purchase. None: none was shown, so this is the receipt.
    """

    doubt: str
    identity: str
    reason: str
    beside: str | None = None

    def check_seen(self, known: str | None) -> None:
        """Let the yes count while what it was said to is still so.

        :param known: the last receipt of the slip, as people see its id, or None.
        :raises DoubtChanged: if it is another one than was shown, or there is one by now.
        """
        if known != self.beside:
            raise DoubtChanged(receipt=known or "-")


def last_receipt(first: str | None, doubts: Iterable[Doubt]) -> str | None:
    """Give the last receipt that a slip has earned as: its first, or an accepted doubt's, in the shown form.

    :param first: the receipt of the slip's own name, in the shown form, or None.
    """
    later = (one.receipt_id for one in doubts if one.state is DoubtState.ACCEPTED)
    # Ids are told apart by time; an accepted doubt that is the receipt itself has the same.
    return max([*filter(None, (first,)), *(shown("rcp", one) for one in later if one)], default=None)


def told_before(doubts: Iterable[Doubt], holder_id: str, amount_fen: int) -> Doubt | None:
    """Find the doubt in which the same person told the same amount."""
    return next((one for one in doubts if (one.holder_id, one.amount_fen) == (holder_id, amount_fen)), None)


def settled(doubts: Iterable[Doubt], holder_id: str, by: str, receipt_id: str) -> list[Doubt]:
    """Settle what the person's own open claims of a receipt wait for: it has been told by those who know.

    Claims of other persons stay open: who is right, a person says.
    """
    return [
        replace(one, state=DoubtState.SETTLED, decided_by=by, receipt_id=receipt_id)
        for one in doubts
        if one.state is DoubtState.OPEN and one.holder_id == holder_id and one.source is Source.PHOTO
    ]


def accepted(doubt: Doubt, by: str, reason: str, receipt_id: str) -> Doubt:
    """Let a person accept a doubt: it earns as the receipt of its slip, or as another one beside it.

    :raises DoubtDecided: if it is no longer open.
    """
    _check_open(doubt)
    return replace(doubt, state=DoubtState.ACCEPTED, decided_by=by, reason=reason, receipt_id=receipt_id)


def check_alone(doubt: Doubt, by: str, yes: Acceptance, terms: ClaimTerms | None, now: datetime) -> None:
    """Let a yes count by itself up to what one person may accept, beyond it as the second to the same facts.

    A first yes that was said beside another known receipt was said to something else: this one replaces it.

    :raises AnotherYesNeeded: if another person is needed; with the first yes as a change, once.
    """
    if terms is None or terms.alone_fen is None or doubt.amount_fen <= terms.alone_fen:
        return
    first = doubt.first_yes
    changes: tuple[DoubtHalfAccepted, ...] = ()
    if first is None or first.beside != yes.beside:
        kept = FirstYes(by, now, yes.reason, yes.beside)
        changes = (DoubtHalfAccepted(replace(doubt, first_yes=kept)),)
    elif first.by != by:
        return
    raise AnotherYesNeeded(
        changes=changes,
        amount_fen=doubt.amount_fen,
        alone_fen=terms.alone_fen,
        first_accepted_by=by,
    )


def rejected(doubt: Doubt, by: str, reason: str) -> Doubt:
    """Let a person reject a doubt: it earns nothing, for ever.

    :raises DoubtDecided: if it is no longer open.
    """
    _check_open(doubt)
    return replace(doubt, state=DoubtState.REJECTED, decided_by=by, reason=reason)


def _check_open(doubt: Doubt) -> None:
    if doubt.state is not DoubtState.OPEN:
        raise DoubtDecided(state=doubt.state.value)
