"""What nobody can need any more is deleted: codes, embedded messages, kept answers, numbers used once."""

from collections.abc import Mapping
from typing import Any

from services.member.commands.forget_codes import ForgetCodes
from services.member.domain.books import MemberBooks
from shared.kernel.command import Asked
from shared.runtime.clock import mint_id
from shared.runtime.desk import Desk


def forget(desk: Desk[MemberBooks]) -> Mapping[str, Any] | None:
    """Delete all that is over; tell only if it could not be done."""
    (answer,) = desk.obey_all([ForgetCodes(Asked(mint_id()))])
    return None if answer.json is not None else {"forgotten": False}
