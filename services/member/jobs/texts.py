"""Carries texts to phones: what an errand says goes to the carrier, unless it is too late to be of use."""

from collections.abc import Callable
from datetime import datetime

import orjson
import structlog

from services.member.commands.keep_message import KeepMessage
from services.member.domain.books import MemberBooks
from services.member.gateways.carrier import AbsentCarrier, Carrier, EmbeddedCarrier, NoCarrier
from shared.kernel.command import Asked
from shared.runtime.clock import mint_id, now
from shared.runtime.desk import Desk
from shared.runtime.errands import Declined, Errand

log = structlog.get_logger("texts")


def texts_through(carrier: Carrier) -> Callable[[Errand], str]:
    """Give what carries one errand's text, or declines it once the code in it has run out."""

    def carry(errand: Errand) -> str:
        said = orjson.loads(errand.body)
        if now() >= datetime.fromisoformat(said["until"]):
            raise Declined("too late")
        try:
            carrier.carry(errand.id, said["phone"], said["text"])
        except NoCarrier:
            log.error("text.nobody_carries_it", errand=errand.id)
            raise Declined("no carrier is set") from None
        return "carried"

    return carry


def carrier_of(desk: Desk[MemberBooks], *, embedded: bool) -> Carrier:
    """Give the stand-in whose texts `tongfen messages` shows, or nobody where it is not wanted."""
    if not embedded:
        return AbsentCarrier()

    def keep(errand: str, phone: str, text: str) -> bool:
        (answer,) = desk.obey_all([KeepMessage(Asked(mint_id()), errand, phone, text)])
        return answer.json is not None

    return EmbeddedCarrier(keep)
