"""Business months: which one a movement is booked in, and how a month closes.

open -> draining -> sealed. A sealed month never changes; what comes late goes to the oldest open month.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shared.kernel.calendar import month_after, month_bounds, month_of
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.swift import swift
from shared.kernel.words import Words

AHEAD_MAX = 12
"""How many months ahead of the present one a person may open."""

CALENDAR = ("calendar", "group")
"""The row that whoever opens or closes months has locked: one decision at a time."""


class MonthState(StrEnum):
    """Where a month stands."""

    OPEN = "open"
    DRAINING = "draining"
    SEALED = "sealed"


class MonthNotOpen(Refusal):
    """The moment's month is not open and no later one is."""

    kind = Kind.CONFLICT
    code = "month-not-open"
    retryable = True
    title = Words("账期未开放", "The month is not open")
    advice = Words(
        "账期 {month} 尚未开放，请联系运营人员开放。",
        "Month {month} is not open yet; ask an operator to open it.",
    )


class MonthNotOver(Refusal):
    """A month cannot be closed before its end."""

    kind = Kind.CONFLICT
    code = "month-not-over"
    retryable = True
    title = Words("账期尚未结束", "The month is not over")
    advice = Words("账期 {month} 在 {ends_at} 之后才能关账。", "Month {month} can be closed after {ends_at}.")


class MonthBeforeSealed(Refusal):
    """A month before a sealed one is never opened: its books are closed."""

    kind = Kind.CONFLICT
    code = "month-before-sealed"
    title = Words("不能开放已封账之前的账期", "A month before a sealed one cannot be opened")
    advice = Words(
        "已封账的最近账期是 {sealed}；请开放其后的账期。",
        "The latest sealed month is {sealed}; open a later one.",
    )


class MonthTooEarly(Refusal):
    """Nobody opens a month more than a year ahead: sealed once, it would close all months before it."""

    kind = Kind.CONFLICT
    code = "month-too-early"
    retryable = True
    title = Words("开放账期过早", "It is too early to open the month")
    advice = Words("目前最远可开放账期 {latest}。", "The latest month that can be opened today is {latest}.")


class MonthOrder(Refusal):
    """Months close in order: an earlier one is still open."""

    kind = Kind.CONFLICT
    code = "month-order"
    retryable = True
    title = Words("请先关闭更早的账期", "An earlier month is still open")
    advice = Words("请先关闭账期 {earlier}。", "Close month {earlier} first.")


@swift
@dataclass(frozen=True, slots=True)
class Booking:
    """The month a movement is booked in, and the sealed month it concerns, if it came late."""

    month: date
    concerns: date | None = None


def booking(occurred_at: datetime, months: Mapping[date, MonthState]) -> Booking:
    """Choose the month of a movement: its own while open or draining, else the oldest open month after it.

    :raises MonthNotOpen: if there is no such month.
    """
    own = month_of(occurred_at)
    state = months.get(own)
    if state is MonthState.OPEN or state is MonthState.DRAINING:
        return Booking(own)
    later = [month for month, found in months.items() if found is MonthState.OPEN and month > own]
    if not later:
        raise MonthNotOpen(month=own.strftime("%Y-%m"))
    return Booking(min(later), concerns=own)


def check_opening(month: date, months: Mapping[date, MonthState]) -> None:
    """Let a month be opened.

    :raises MonthBeforeSealed: if a later month is sealed already.
    """
    sealed = [found for found, state in months.items() if state is MonthState.SEALED and found > month]
    if sealed:
        raise MonthBeforeSealed(sealed=max(sealed).strftime("%Y-%m"))


def check_near(month: date, now: datetime) -> None:
    """Let a person open a month up to a year ahead.

    :raises MonthTooEarly: if it begins later.
    """
    latest = month_after(month_of(now), AHEAD_MAX)
    if month > latest:
        raise MonthTooEarly(latest=latest.strftime("%Y-%m"))


def check_closing(month: date, months: Mapping[date, MonthState], at: datetime) -> None:
    """Let a month be closed.

    :raises MonthNotOpen: if it was never opened.
    :raises MonthNotOver: if it has not ended by that moment.
    :raises MonthOrder: if an earlier month is still open.
    """
    if month not in months:
        raise MonthNotOpen(month=month.strftime("%Y-%m"))
    ends_at = month_bounds(month)[1]
    if at < ends_at:
        raise MonthNotOver(month=month.strftime("%Y-%m"), ends_at=ends_at.isoformat())
    earlier = [found for found, state in months.items() if state is MonthState.OPEN and found < month]
    if earlier:
        raise MonthOrder(earlier=min(earlier).strftime("%Y-%m"))
