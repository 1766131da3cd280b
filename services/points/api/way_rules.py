"""Drafts of the group's rules about other ways in and out: check-ins, grants and deductions by hand."""

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


WayDraft = CheckInDraft | GrantDraft
"""Every draft of this file."""
