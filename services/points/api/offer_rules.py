"""Drafts of outside partners' offers."""

from typing import Annotated, Literal

from services.points.api.draft import Draft
from services.points.api.earn_rules import NameBody
from shared.web.fields import AmountFen, UnitCode, code_form, whole
from shared.web.strict import Inbound

ASKED_S = 600
"""For how long a partner is asked for a coupon where the offer does not say."""

OfferCode = Annotated[str, code_form("taxi-20")]
"""The code of an offer or of a partner, like `taxi-20`."""


class OfferBody(Inbound):
    """A partner's coupon at a price in points, redeemed at `unit`, which pays the partner outside.

    `per_day` is how many one member may have a business day; `asked_s` for how long the partner is asked.
    A version with `on_sale` false ends the offer.
    """

    name: NameBody
    partner: OfferCode
    unit: UnitCode
    price_fen: AmountFen
    per_day: Annotated[int, whole(1, 1_000)] | None = None
    asked_s: Annotated[int, whole(1, 86_400)] = ASKED_S
    on_sale: bool = True


class OfferDraft(Draft):
    """A draft of an outside partner's offer."""

    kind: Literal["offer"]
    subject: OfferCode
    body: OfferBody
