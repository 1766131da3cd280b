"""Drafts of how many receipts members may photograph, and how old."""

from typing import Annotated, Literal

from services.points.api.draft import GroupDraft
from services.points.api.earn_rules import BUDGET_MOST
from shared.web.fields import whole
from shared.web.strict import Inbound


class ClaimTermsBody(Inbound):
    """How many receipts a member may claim a business day, and how many days back.

    `alone_fen`: a receipt in doubt of more than that is accepted by two persons; without it, any by one.
    """

    per_day: Annotated[int, whole(1, 100)]
    back_days: Annotated[int, whole(1, 365)]
    alone_fen: Annotated[int, whole(0, BUDGET_MOST)] | None = None


class ClaimDraft(GroupDraft):
    """A draft about receipts that members photograph."""

    kind: Literal["claim"]
    body: ClaimTermsBody
