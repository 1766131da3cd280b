"""What drafts of rules have in common. Refuses to say what a rule holds: each kind has a file of its own."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from shared.web.fields import Moment, whole
from shared.web.strict import Inbound

FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)

Months = Annotated[int, whole(1, 120)]
"""In how many months points expire."""


class Draft(Inbound):
    """A draft of a rule; without `valid_from` it is meant for books that have no journal yet."""

    valid_from: Moment = FIRST_DAY


class GroupDraft(Draft):
    """A draft of a rule of the whole group."""

    subject: Literal["group"]
