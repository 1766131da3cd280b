"""Amounts by category, as a till or a hotel's folio sends them, and what caps cut of the points."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from services.points.api.earn_rules import CategoryCode
from services.points.domain.earning import NO_CATEGORY
from shared.web.faults import broken
from shared.web.fields import AmountFen, AmountFenOrZero
from shared.web.strict import Inbound

LINES_MOST = 50


class LineBody(Inbound):
    """A part of the amount that has a category; what has none leaves it out."""

    category: CategoryCode | None = None
    amount_fen: AmountFen


class SplitBody(Inbound):
    """An amount paid in cash; a `category` for all of it, or `lines` that come to it, or neither."""

    amount_fen: AmountFenOrZero
    category: CategoryCode | None = None
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=LINES_MOST)] | None = None

    @model_validator(mode="after")
    def _comes_to_the_amount(self) -> Self:
        if self.lines is None:
            return self
        if self.category is not None:
            raise broken(
                "lines", "category 与 lines 只能填写其一", "only one of category and lines may be given"
            )
        if sum(line.amount_fen for line in self.lines) != self.amount_fen:
            raise broken("lines", "各行金额之和须等于 amount_fen", "the lines must come to amount_fen")
        return self

    @property
    def split(self) -> tuple[tuple[str, int], ...]:
        """Fen by category, each category once; nothing where nothing has one."""
        if self.category is not None:
            return ((self.category, self.amount_fen),)
        fen: dict[str, int] = {}
        for line in self.lines or ():
            category = line.category or NO_CATEGORY
            fen[category] = fen.get(category, 0) + line.amount_fen
        return () if fen.keys() <= {NO_CATEGORY} else tuple(sorted(fen.items()))


class CutView(BaseModel):
    """What a cap or a budget took, of the receipt's points or of the bonus."""

    rule: str
    of: str
    points: int
