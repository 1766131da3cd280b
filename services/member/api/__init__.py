"""Door 1: HTTP to command or query; no logic."""

from collections.abc import Callable

from services.member.api import clients, confirmations, keys, members, persons, sessions, staff
from services.member.api.front import Front
from shared.web.door import Door

_ROOMS: tuple[Callable[[Door, Front], None], ...] = (
    sessions.declare,
    confirmations.declare,
    members.declare,
    persons.declare,
    keys.declare,
    clients.declare,
    staff.declare,
)


def member_door(front: Front) -> Door:
    """Build the door of the member service; nothing is opened or asked before the first request."""
    door = Door("/member/v1", "member")
    for declare in _ROOMS:
        declare(door, front)
    return door
