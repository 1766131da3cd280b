"""All doors of this service under one prefix."""

from services.member.api.clients import add_client_doors
from services.member.api.keys import add_key_doors
from services.member.api.members import add_member_doors
from services.member.api.persons import add_person_doors
from services.member.api.reach import Reach
from services.member.api.sessions import add_session_doors
from services.member.api.staff import add_staff_doors
from shared.web.door import Door


def member_door(reach: Reach) -> Door:
    """Build the doors; nothing is opened or asked before the first request."""
    door = Door("/member/v1", "member")
    for add in (
        add_session_doors,
        add_member_doors,
        add_person_doors,
        add_key_doors,
        add_client_doors,
        add_staff_doors,
    ):
        add(door, reach)
    return door
