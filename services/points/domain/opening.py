"""Opening balances: what members had in a unit's own system before, brought in once, line by line of a file.

The file is a liability of the unit, so two persons stand for it: one announces its sheet (digest, lines,
points), another approves; only then lines are taken, and never more of them, or of points, than the sheet
says. Refuses to invent: number, points and end are taken as the file has them, or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from services.points.domain.amounts import Points
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class SheetApprovedAlready(Refusal):
    """A second person has approved the sheet before."""

    kind = Kind.CONFLICT
    code = "sheet-approved-already"
    title = Words("期初清单已复核", "The sheet is approved already")
    advice = Words(
        "可直接导入；如文件有变，请重新登记清单。", "Load it; if the file changed, announce it anew."
    )


class SheetNotApproved(Refusal):
    """Nothing is brought in before another person has approved the file's sheet."""

    kind = Kind.CONFLICT
    code = "sheet-not-approved"
    retryable = True
    title = Words("期初清单尚未复核", "The sheet is not approved yet")
    advice = Words(
        "请由登记人 {asked_by} 以外的另一人复核后再导入。",
        "Somebody else than {asked_by} approves it first; then load it again.",
    )


class SheetExceeded(Refusal):
    """The sheet has as many lines or points as two persons agreed on."""

    kind = Kind.CONFLICT
    code = "sheet-exceeded"
    title = Words("超出期初清单总数", "More than the sheet says")
    advice = Words(
        "清单共 {lines} 行、{points} 积分；请核对文件，必要时另行登记清单。",
        "The sheet has {lines} lines and {points} points; check the file, or announce another sheet.",
    )


class OpeningConflict(Refusal):
    """The reference was brought in before with other facts."""

    kind = Kind.CONFLICT
    code = "opening-conflict"
    title = Words("该期初凭据已导入且内容不同", "The reference was brought in with other facts")
    advice = Words(
        "凭据 {reference} 已按 {points} 积分导入；请核对文件。",
        "Reference {reference} was brought in with {points} points; check the file.",
    )


class OpeningInvalid(Refusal):
    """The points are over already, or were earned in the future, or ended before they began."""

    kind = Kind.CONFLICT
    code = "opening-invalid"
    title = Words("期初积分日期有误", "The dates do not fit")
    advice = Words(
        "累积于 {earned_at}、到期于 {expires_at}；须已累积且尚未到期，请改正日期后重新导入。",
        "Earned at {earned_at}, over at {expires_at}; they must be earned by now and not over yet. "
        "Mend the dates and load the line again.",
    )


@dataclass(frozen=True, slots=True)
class Sheet:
    """What two persons agreed to bring in for a unit: so many lines, so many points, under that digest."""

    id: str
    unit: str
    digest: str
    lines: int
    points: int
    asked_by: str
    asked_at: datetime
    approved_by: str | None = None
    taken_lines: int = 0
    taken_points: int = 0

    def with_line(self, points: int) -> "Sheet":
        """Give the sheet with one more line taken.

        :raises SheetNotApproved: if no second person has approved it.
        :raises SheetExceeded: if that is more than the sheet says.
        """
        if self.approved_by is None:
            raise SheetNotApproved(asked_by=self.asked_by)
        lines, sum_ = self.taken_lines + 1, self.taken_points + points
        if lines > self.lines or sum_ > self.points:
            raise SheetExceeded(lines=self.lines, points=self.points)
        return replace(self, taken_lines=lines, taken_points=sum_)


@dataclass(frozen=True, slots=True)
class SheetAnnounced:
    """A file of opening balances was announced."""

    sheet: Sheet


@dataclass(frozen=True, slots=True)
class SheetApproved:
    """A second person let a sheet's lines be taken."""

    id: str
    approved_by: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class SheetTaken:
    """A sheet has one more line taken; the lines themselves are the record, so this is not saved."""

    sheet: Sheet


@dataclass(frozen=True, slots=True)
class OpeningKept:
    """A line of a sheet, remembered for ever under its natural name."""

    name: str
    id: str
    sheet_id: str
    unit: str
    reference: str
    wallet_id: str
    points: Points
    earned_at: datetime
    expires_at: datetime
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownOpening:
    """What a decision must know of a line that was brought in before."""

    wallet_id: str
    points: Points
    expires_at: datetime
    answer: Mapping[str, Any]


def check_dates(earned_at: datetime, expires_at: datetime, now: datetime) -> None:
    """Let points be brought in while they can still be spent.

    :raises OpeningInvalid: if they are over, were earned in the future, or ended before they began.
    """
    if not earned_at <= now < expires_at:
        raise OpeningInvalid(earned_at=earned_at.isoformat(), expires_at=expires_at.isoformat())
