"""Drafts of what grants and deductions by hand may be worth."""

from typing import Annotated, Literal

from services.points.api.draft import GroupDraft, Months
from services.points.api.earn_rules import BUDGET_MOST
from shared.web.fields import whole
from shared.web.strict import Inbound


class GrantBody(Inbound):
    """What one request for points by hand may be worth; months until granted points expire.

    `unit_day_fen`: what grants of one unit that are approved on one business day may be worth together.
    """

    most_fen: Annotated[int, whole(1, 1_000_000_000)]
    expiry_months: Months = 24
    unit_day_fen: Annotated[int, whole(1, BUDGET_MOST)] | None = None


class GrantDraft(GroupDraft):
    """A draft about grants and deductions by hand."""

    kind: Literal["grant"]
    body: GrantBody
