"""Door 1: HTTP to command or query; no logic."""

from collections.abc import Callable

from services.member.api import clients, confirmations, keys, members, persons, sessions, staff
from services.member.api.code_rates import CodeRates
from services.member.api.front import Front
from shared.web.door import Door

_ROOMS: tuple[Callable[[Door, Front], None], ...] = (
    confirmations.declare,
    members.declare,
    persons.declare,
    keys.declare,
    clients.declare,
)


def member_door(front: Front, *, code_rates: CodeRates, staff_secret: str | None) -> Door:
    """Build the door of the member service: every route under `/member/v1`.

    :param code_rates: counts who asks for codes and guesses at them.
    :param staff_secret: who knows it may have a staff token; None closes that door.
    """
    door = Door("/member/v1", "member")
    sessions.declare(door, front, code_rates)
    for declare in _ROOMS:
        declare(door, front)
    staff.declare(door, front, staff_secret)
    return door
