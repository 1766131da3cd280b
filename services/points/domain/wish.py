"""A wish to pay with points: what a holder's usable lots give for it, or why not, counted for the unit.

Redemptions and holds grant it by the same rules. Refuses to post anything.
"""

from collections.abc import Mapping
from datetime import date, datetime

from services.points.domain import changes as c
from services.points.domain.amounts import Rate
from services.points.domain.books import LedgerBooks
from services.points.domain.lot import usable_in_order
from services.points.domain.redemption import BelowMinimum, InsufficientPoints, Price, agreed
from services.points.domain.rulebook import SpendTerms
from services.points.domain.spending import Slice, slices, worth
from shared.kernel.ids import derived

DECLINE = 3
"""The place of a declined wish among what its command names."""


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
    """
    rates = books.rulebook.rates(now)
    # Points of an asset that has no rate yet are worth nothing yet; they wait for their rate.
    lots = usable_in_order((lot for lot in books.lots_of(holder_id) if lot.asset in rates), now)
    try:
        pay = agreed(price, terms or books.rulebook.spend_terms(now), worth(lots, rates))
    except (BelowMinimum, InsufficientPoints) as refusal:
        declined = c.RedemptionDeclined(derived(asked_id, DECLINE), *order, refusal.code, now, month)
        raise type(refusal)(changes=(declined,), **refusal.facts) from None
    return slices(lots, rates, pay), rates
