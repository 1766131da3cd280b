"""Drafts of what checking in brings."""

from typing import Annotated, Literal

from pydantic import Field

from services.points.api.draft import GroupDraft, Months
from shared.web.fields import whole
from shared.web.strict import Inbound

STREAK_MAX = 366


class CheckInBody(Inbound):
    """What each day of a streak brings, the last figure on every day after that; months until expiry."""

    points: Annotated[list[Annotated[int, whole(1, 1_000_000)]], Field(min_length=1, max_length=STREAK_MAX)]
    expiry_months: Months = 24


class CheckInDraft(GroupDraft):
    """A draft about what checking in brings."""

    kind: Literal["check-in"]
    body: CheckInBody
