"""Redeeming: how much of a price points may pay, from which lots, and the lines that take it from them.

Redemptions, holds and vouchers are granted by the same rules. Refuses to post anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import GROUP, AccountRole, Accounts
from services.points.domain.amounts import CNY_PER_FEN, Fen, Points, Rate
from services.points.domain.books import LedgerBooks
from services.points.domain.journal import CNY, GROUP_POINT, Lines, Transfer
from services.points.domain.lot import Lot, Origin, usable_in_order
from services.points.domain.rulebook import SpendTerms
from services.points.domain.spending import Slice, slices, worth
from services.points.domain.taking import LOTS_MAX, TooManyLots
from shared.kernel.ids import derived
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.swift import swift
from shared.kernel.words import Words

DECLINE = 3
"""The place of a declined wish among what its command names."""


class InsufficientPoints(Refusal):
    """The holder's usable points are not worth enough."""

    kind = Kind.CONFLICT
    code = "insufficient-points"
    title = Words("积分不足", "Not enough points")
    advice = Words(
        "可用积分价值人民币 {available_fen} 分，本次需要 {wanted_fen} 分；请减少抵扣金额。",
        "Points worth {available_fen} fen can be spent, {wanted_fen} fen were needed; ask for less.",
    )


class BelowMinimum(Refusal):
    """Points would pay less than the least that is allowed."""

    kind = Kind.CONFLICT
    code = "below-minimum"
    title = Words("低于最低抵扣额", "Below the minimum")
    advice = Words(
        "每次至少抵扣人民币 {minimum_fen} 分，本次为 {wanted_fen} 分；请提高抵扣金额，或不使用积分。",
        "Points pay at least {minimum_fen} fen at a time, this would be {wanted_fen}; ask for more, "
        "or for none.",
    )


class AboveShare(Refusal):
    """Points may not pay that much of this price."""

    kind = Kind.CONFLICT
    code = "above-share"
    title = Words("超过可抵扣比例", "Above the share of the price")
    advice = Words(
        "此订单最多可用积分抵扣人民币 {most_fen} 分；请减少抵扣金额。",
        "Points may pay at most {most_fen} fen of this order; ask for less.",
    )


class OrderRedeemed(Refusal):
    """The unit's order has been redeemed with other terms or by somebody else."""

    kind = Kind.CONFLICT
    code = "order-redeemed"
    title = Words("订单已抵扣", "The order has been redeemed")
    advice = Words(
        "订单 {order_no} 已抵扣过；请查询该订单的抵扣结果。",
        "Order {order_no} has a redemption already; read it instead of redeeming again.",
    )


@swift
@dataclass(frozen=True, slots=True)
class Price:
    """What is to be paid: the price, and either exactly `pay_fen` or at most `up_to_fen` of it in points."""

    price_fen: int
    pay_fen: int | None
    up_to_fen: int | None

    @property
    def terms(self) -> str:
        """Give the request in one word, to tell a repeat from another request for the same order."""
        return f"{self.price_fen}/{self.pay_fen}/{self.up_to_fen}"

    @property
    def most_fen(self) -> int:
        """The most that could be paid in points, whatever the rules allow."""
        return self.pay_fen if self.pay_fen is not None else min(self.up_to_fen or 0, self.price_fen)


def agreed(price: Price, terms: SpendTerms, available_fen: int) -> Fen:
    """Give what points will pay, in fen.

    :raises AboveShare: if exactly more was asked than the share of the price allows.
    :raises BelowMinimum: if what was asked is less than the minimum.
    :raises InsufficientPoints: if the holder's points do not reach (with `up_to_fen`: not even the minimum).
    """
    most = terms.most(price.price_fen)
    # Even where the rules know no minimum, a redemption of nothing is none.
    least = max(1, terms.minimum_fen)
    wanted = price.pay_fen if price.pay_fen is not None else min(price.up_to_fen or 0, most)
    if wanted > most:
        raise AboveShare(wanted_fen=wanted, most_fen=most)
    if wanted < least:
        raise BelowMinimum(wanted_fen=wanted, minimum_fen=least)
    pay = wanted if price.pay_fen is not None else min(wanted, available_fen)
    if pay > available_fen or pay < least:
        raise InsufficientPoints(available_fen=available_fen, wanted_fen=max(pay, least))
    return Fen(pay)


def granted(
    books: LedgerBooks,
    asked_id: str,
    holder_id: str,
    order: tuple[str, str],
    price: Price,
    now: datetime,
    month: date,
    terms: SpendTerms | None = None,
) -> tuple[list[Slice], Mapping[str, Rate]]:
    """Give the slices that pay what is agreed, soonest-expiring first, and the rates they are taken at.

    :param order: the unit and its order number.
    :param month: the month in which a refusal is counted.
    :param terms: how points may pay this, where it is not as at a till.
    :raises InsufficientPoints: if the points do not reach; the refusal is counted for the unit.
    :raises BelowMinimum: if too little was asked; counted as well.
    :raises TooManyLots: if more than 1,500 lots would be drawn; with `up_to_fen`, if as many are not worth
        the minimum.
    """
    rates, allowed = books.rulebook.rates(now), terms or books.rulebook.spend_terms(now)
    # Points of an asset that has no rate yet are worth nothing yet; they wait for their rate.
    lots = usable_in_order((lot for lot in books.lots_of(holder_id) if lot.asset in rates), now)
    try:
        pay = agreed(price, allowed, worth(lots, rates))
    except (BelowMinimum, InsufficientPoints) as refusal:
        declined = c.RedemptionDeclined(derived(asked_id, DECLINE), *order, refusal.code, now, month)
        raise type(refusal)(changes=(declined,), **refusal.facts) from None
    return _within_lots(slices(lots, rates, pay), price, allowed), rates


def _within_lots(taken: list[Slice], price: Price, terms: SpendTerms) -> list[Slice]:
    """Keep to as many lots as one command draws from: whoever asked for as much as can be pays with those."""
    if len(taken) <= LOTS_MAX:
        return taken
    # Those that others would have followed are used up, and leave no change.
    first = taken[:LOTS_MAX]
    if price.up_to_fen is None or sum(one.paid_fen for one in first) < terms.minimum_fen:
        raise TooManyLots(most=LOTS_MAX)
    return first


def lines(
    taken: Sequence[Slice],
    unit: str,
    accounts: Accounts,
    wallet_accounts: Mapping[str, int],
    rates: Mapping[str, Rate],
    change_ids: Iterable[str],
) -> Lines:
    """Write the lines of a redemption at a unit.

    Each slice goes to the unit's redeemed account; where its issuer is another unit, a line in money settles
    it. A point that pays only in part is exchanged whole into a new lot of group points, of which the rest
    stays.

    :param wallet_accounts: account number by wallet id.
    :param change_ids: ids for change lots, as many as are asked for.
    """
    transfers: list[Transfer] = []
    drawn: list[Lot] = []
    opened: list[Lot] = []
    names = iter(change_ids)
    redeemed = accounts.of(AccountRole.REDEEMED, unit)
    exchange = accounts.of(AccountRole.EXCHANGE, GROUP)
    for one in taken:
        lot, wallet = one.lot, wallet_accounts[one.lot.wallet_id]
        drawn.append(lot.left_with(lot.points_left - one.points))
        if one.direct:
            paid = rates[lot.asset].worth(one.direct)
            transfers.append(Transfer(lot.asset, one.direct, wallet, redeemed, lot.id, worth_fen=paid))
            transfers.extend(_settling(one, unit, accounts, paid, len(transfers) - 1))
        if one.exchanged:
            rest = one.paid_fen - rates[lot.asset].worth(one.direct)
            change = _change_lot(one, next(names), rest)
            transfers.append(Transfer(lot.asset, one.exchanged, wallet, exchange, lot.id))
            out = len(transfers) - 1
            transfers.append(Transfer(GROUP_POINT, change.earned, exchange, wallet, change.id, cause=out))
            if rest:
                transfers.append(
                    Transfer(GROUP_POINT, rest, wallet, redeemed, change.id, cause=out + 1, worth_fen=rest)
                )
                transfers.extend(_settling(one, unit, accounts, rest, len(transfers) - 1))
            opened.append(change)
    return Lines(tuple(transfers), tuple(drawn), tuple(opened))


def _settling(one: Slice, unit: str, accounts: Accounts, paid_fen: int, cause: int) -> list[Transfer]:
    if one.lot.issuer == unit:
        return []
    issuer = accounts.of(AccountRole.CLEARING, one.lot.issuer)
    redeemer = accounts.of(AccountRole.CLEARING, unit)
    return [Transfer(CNY, paid_fen * CNY_PER_FEN, issuer, redeemer, cause=cause)]


def _change_lot(one: Slice, name: str, rest_fen: int) -> Lot:
    parent = one.lot
    return Lot(
        id=name,
        wallet_id=parent.wallet_id,
        asset=GROUP_POINT,
        issuer=parent.issuer,
        receipt_number=parent.receipt_number,
        earned=Points(rest_fen + one.change),
        points_left=one.change,
        earned_at=parent.earned_at,
        available_at=parent.available_at,
        expires_at=parent.expires_at,
        parent_id=parent.id,
        origin=Origin.CHANGE,
    )


def owed_to(unit: str, taken: Iterable[Slice]) -> list[dict[str, Any]]:
    """Add up what each other issuer comes to owe the redeeming unit."""
    owed: dict[str, int] = {}
    for one in taken:
        if one.lot.issuer != unit:
            owed[one.lot.issuer] = owed.get(one.lot.issuer, 0) + one.paid_fen
    return [{"issuer": issuer, "amount_fen": fen} for issuer, fen in sorted(owed.items())]
