"""Check-ins: a member says hello once a day, and sees the streak."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.commands.check_in import CheckIn
from services.points.queries.check_ins import check_ins_of
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.door import Call, Door
from shared.web.strict import Nothing


class CheckInView(BaseModel):
    """What today's check-in brought; the same answer all day long."""

    check_in: str
    day: str
    streak: int
    asset: str
    points: int
    lot: str
    expires_at: str


class DayView(BaseModel):
    """One day's check-in."""

    day: str
    streak: int
    points: int


class StreakView(BaseModel):
    """Whether today is checked in, the streak, what the next one brings, and up to 31 days back."""

    day: str
    checked_in: bool
    streak: int
    points_next: int | None
    recent: list[DayView]


def declare(door: Door, front: Front) -> None:
    """Declare the routes of check-ins."""

    @door.post("/check-ins", takes=Nothing, gives=CheckInView, roles=(Role.MEMBER,), status=201)
    async def check_in_today(asked: Asked, body: Nothing, call: Call) -> Answer:
        """Check in for today (Asia/Shanghai): each day of a streak brings more, the same day nothing more."""
        return await front.desk.ask(CheckIn(asked, call.principal.subject))

    @door.get("/check-ins", takes=Nothing, gives=StreakView, roles=(Role.MEMBER,))
    def read_streak(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Show one's own streak and the last days."""
        member = call.principal.subject
        with front.asking(call) as questions:
            return check_ins_of(questions, member, now())
