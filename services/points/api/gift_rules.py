"""Drafts of what members may give each other."""

from typing import Annotated, Literal

from services.points.api.draft import GroupDraft
from shared.web.fields import whole
from shared.web.strict import Inbound


class GiftTermsBody(Inbound):
    """What a member may give a business day: worth at most, begun at most; seconds to confirm one."""

    day_fen: Annotated[int, whole(1, 1_000_000_000)]
    per_day: Annotated[int, whole(1, 100)]
    confirm_s: Annotated[int, whole(60, 3_600)] = 600


class GiftDraft(GroupDraft):
    """A draft about gifts from member to member."""

    kind: Literal["gift"]
    body: GiftTermsBody
