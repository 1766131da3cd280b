"""Drafts of the group's rules about other ways in and out: check-ins, grants by hand, gifts, claims."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.web.fields import Moment, whole
from shared.web.strict import Inbound

STREAK_MAX = 366
Months = Annotated[int, whole(1, 120)]


class _GroupDraft(Inbound):
    # As every draft: without a date it is meant for books that have no journal yet.
    valid_from: Moment = datetime(2000, 1, 1, tzinfo=UTC)
    subject: Literal["group"]


class CheckInBody(Inbound):
    """What each day of a streak brings, the last figure on every day after that; months until expiry."""

    points: Annotated[list[Annotated[int, whole(1, 1_000_000)]], Field(min_length=1, max_length=STREAK_MAX)]
    expiry_months: Months = 24


class CheckInDraft(_GroupDraft):
    """A draft about what checking in brings."""

    kind: Literal["check-in"]
    body: CheckInBody


class GrantBody(Inbound):
    """What one request for points by hand may be worth; months until granted points expire."""

    most_fen: Annotated[int, whole(1, 1_000_000_000)]
    expiry_months: Months = 24


class GrantDraft(_GroupDraft):
    """A draft about grants and deductions by hand."""

    kind: Literal["grant"]
    body: GrantBody


class GiftTermsBody(Inbound):
    """What a member may give a business day: worth at most, begun at most; seconds to confirm one."""

    day_fen: Annotated[int, whole(1, 1_000_000_000)]
    per_day: Annotated[int, whole(1, 100)]
    confirm_s: Annotated[int, whole(60, 3_600)] = 600


class GiftDraft(_GroupDraft):
    """A draft about gifts from member to member."""

    kind: Literal["gift"]
    body: GiftTermsBody


class ClaimBody(Inbound):
    """How many receipts a member may claim a business day, and how many days back."""

    per_day: Annotated[int, whole(1, 100)]
    back_days: Annotated[int, whole(1, 365)]


class ClaimDraft(_GroupDraft):
    """A draft about receipts that members photograph."""

    kind: Literal["claim"]
    body: ClaimBody


WayDraft = CheckInDraft | GrantDraft | GiftDraft | ClaimDraft
"""Every draft of this file."""
