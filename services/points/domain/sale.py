"""Sales that come back: what a receipt still earns once part of it was returned, and what is to be taken.

Every return is judged at the receipt's own terms, by what all returns together leave. So it does not matter
in how many parts a purchase comes back. Refuses to know where the points are by now: domain/clawback.py does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from services.points.domain.account import GROUP
from services.points.domain.amounts import Fen, Points
from services.points.domain.clawback import Claim
from services.points.domain.earning import Earning, Split, Terms, less
from services.points.domain.journal import GROUP_POINT
from services.points.domain.rulebook import Rulebook
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class ReturnAbovePurchase(Refusal):
    """More comes back than was bought."""

    kind = Kind.CONFLICT
    code = "return-above-purchase"
    title = Words("退货超过小票金额", "More than was bought")
    advice = Words(
        "小票金额人民币 {amount_fen} 分，已退货 {returned_fen} 分；最多还可退货 {left_fen} 分，"
        "本次为 {wanted_fen} 分。",
        "The receipt is of {amount_fen} fen, {returned_fen} fen were returned already: at most {left_fen} fen"
        " can still be returned, this would be {wanted_fen} fen.",
    )


class ReturnConflict(Refusal):
    """The unit's return number is known with another receipt or another amount."""

    kind = Kind.CONFLICT
    code = "return-conflict"
    title = Words("退货单号已登记且内容不同", "The return is known with other facts")
    advice = Words(
        "退货单号 {return_no} 已按人民币 {amount_fen} 分登记；另一笔退货请使用新的单号。",
        "Return {return_no} is known with {amount_fen} fen; give another return a number of its own.",
    )


class ReturnTooEarly(Refusal):
    """Nothing comes back before it was bought."""

    kind = Kind.CONFLICT
    code = "return-too-early"
    title = Words("退货时间早于购买", "The return lies before the purchase")
    advice = Words(
        "该笔消费发生于 {purchased_at}，请核对退货时间。",
        "The purchase was at {purchased_at}; check the time you stated.",
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a purchase that came back: so many fen, of a category where the receipt has several."""

    fen: Fen
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A receipt as a return sees it: its terms, what it was given and in which lots, what came back of it.

    `lots` are the receipt's own, by what they brought: `points`, and `bonus` where a campaign gave one. Of
    `returned`, parts of one category may stand as their sum.
    """

    id: str
    unit: str
    store: str
    receipt_no: str
    wallet_id: str
    amount_fen: Fen
    purchased_at: datetime
    terms: Terms
    given: Earning
    lots: Mapping[str, str]
    returned: tuple[Part, ...] = ()

    @property
    def returned_fen(self) -> Fen:
        """What came back so far."""
        return Fen(sum(one.fen for one in self.returned))

    @property
    def left_fen(self) -> Fen:
        """What can still come back."""
        return Fen(self.amount_fen - self.returned_fen)

    def with_part(self, part: Part) -> "Sale":
        """Give the purchase after one more part came back."""
        return replace(self, returned=(*self.returned, part))


def check_return(sale: Sale, part: Part, at: datetime) -> None:
    """Let a part of a purchase come back at that moment.

    :raises ReturnTooEarly: if that is before it was bought.
    :raises ReturnAbovePurchase: if all returns together would be more than was bought.
    """
    if at < sale.purchased_at:
        raise ReturnTooEarly(purchased_at=sale.purchased_at.isoformat())
    if part.fen > sale.left_fen:
        raise ReturnAbovePurchase(
            amount_fen=sale.amount_fen,
            returned_fen=sale.returned_fen,
            left_fen=sale.left_fen,
            wanted_fen=part.fen,
        )


def still_earned(rulebook: Rulebook, sale: Sale) -> Earning:
    """Give what the receipt would have earned for what has not come back.

    :raises CategoryNeeded: if it has several categories and a part names none.
    :raises CategoryExceeded: if more came back of a category than was bought.
    """
    left: Split = sale.terms.split(sale.amount_fen)
    for one in sale.returned:
        left = less(left, one.fen, one.category)
    return rulebook.still_earned(sale.unit, sale.terms, left, sale.given)


def claims(rulebook: Rulebook, sale: Sale, part: Part) -> list[Claim]:
    """Say what the return of one more part takes back: what was earned so far less what is still earned.

    The unit's own points first, then a campaign's bonus, which may be the group's.
    """
    before = still_earned(rulebook, sale)
    after = still_earned(rulebook, sale.with_part(part))
    unit = rulebook.find_unit(sale.unit, sale.purchased_at)
    assert unit is not None, "a receipt was earned at a unit"
    bearer = sale.terms.given.bearer if sale.terms.given else sale.unit
    bonus_asset = GROUP_POINT if bearer == GROUP else unit.asset
    found: dict[tuple[str, str], Claim] = {}
    for issuer, asset, points, of in (
        (sale.unit, unit.asset, before.points - after.points, "points"),
        (bearer, bonus_asset, before.bonus - after.bonus, "bonus"),
    ):
        if points > 0:
            claim = found.get((issuer, asset), Claim(issuer, asset, Points(0)))
            lots = (*claim.lot_ids, *((sale.lots[of],) if of in sale.lots else ()))
            found[issuer, asset] = Claim(issuer, asset, Points(claim.points + points), lots)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class ReturnKept:
    """A return of a purchase, remembered for ever under its unit and return number.

    `returned_fen` is all so far; `points` are what it took back, whoever issued them; `debt_fen` what of it
    is owed.
    """

    name: str
    id: str
    receipt_id: str
    unit: str
    return_no: str
    part: Part
    returned_fen: int
    points: int
    debt_fen: int
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownReturn:
    """What a decision must know of a return that was kept before."""

    receipt_id: str
    part: Part
    answer: Mapping[str, Any]
