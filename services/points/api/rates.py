"""Rates for everyone to read, signed in or not: what a point is worth, and how that came to be."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.queries.rates import rates_in_force, rates_published
from shared.kernel.command import Asked
from shared.runtime.clock import now
from shared.web.door import ANYONE, Call, Door
from shared.web.fields import AssetCode, Moment
from shared.web.strict import Inbound


class RatesQuery(Inbound):
    """At which moment (now, if not stated)."""

    at: Moment | None = None


class HistoryQuery(PageQuery):
    """Which page; of one asset alone, if it is named."""

    asset: AssetCode | None = None


class RateView(BaseModel):
    """A version of a rate: points of `to_asset` for one point of `from_asset`.

    `direct` tells a pair's own rate from the value of an asset in group points.
    """

    from_asset: str
    to_asset: str
    numerator: int
    denominator: int
    direct: bool
    version: int
    valid_from: str


class TermsView(BaseModel):
    """What an exchange costs, and how much of it there may be; null: no limit."""

    fee_bp: int
    member_day_points: int | None
    pair_month_points: int | None


class RatesView(BaseModel):
    """All rates in force: any two assets meet in the group point, a direct rate goes before that."""

    data: list[RateView]
    terms: TermsView


class RateHistoryView(BaseModel):
    """A page of published versions, the one that begins last first."""

    data: list[RateView]
    cursor: NextView


def declare(door: Door, front: Front) -> None:
    """Declare the routes of rates; they hold nothing personal and are counted by address."""

    @door.get("/rates", takes=RatesQuery, gives=RatesView, roles=ANYONE)
    def list_rates(asked: Asked, query: RatesQuery, call: Call) -> Mapping[str, Any]:
        """List the rates in force and what an exchange costs."""
        with front.reader.asked_by() as questions:
            return rates_in_force(questions, query.at or now())

    @door.get("/rates/history", takes=HistoryQuery, gives=RateHistoryView, roles=ANYONE)
    def list_history(asked: Asked, query: HistoryQuery, call: Call) -> Mapping[str, Any]:
        """List every version of every rate that was ever published, those to come included."""
        after = front.after(call, query.cursor)
        with front.reader.asked_by() as questions:
            rows, last = rates_published(questions, query.asset, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
