"""Ask partners to void coupons: what an errand says goes to the partner, and the partner's word to the desk.

Refuses to end without a word: silence leaves the voiding as it is, and the errand comes again for as long as
it takes; a person is told once that is long.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog

from services.points.commands.settle_voiding import SettleVoiding
from services.points.domain.voiding import VoidingState
from services.points.gateways.partner import Partners, PartnerSilent, VoidWord
from services.points.jobs.vouchers import Unsettled
from shared.kernel.command import Asked, Obey
from shared.kernel.ids import read
from shared.runtime import clock
from shared.runtime.errands import Errand, Gateway

log = structlog.get_logger("voidings")

LONG = timedelta(minutes=10)
"""After which a person is told that a partner is silent. Source: how long an offer asks by default."""

TOLD = "voiding.told"
"""The point between a partner's word and the desk."""


def voiding_coupons(
    partners: Partners,
    obey: Obey,
    *,
    now: Callable[[], datetime] = clock.now,
    reached: Callable[[str], None] = lambda _: None,
) -> Gateway:
    """Give what carries one errand to its partner and has the voiding settled by the partner's word."""

    def ask(errand: Errand) -> str:
        said = orjson.loads(errand.body)
        word = _word(partners, errand, said, now() - datetime.fromisoformat(said["asked_at"]))
        reached(TOLD)
        (answer,) = obey([_settling(errand, said, word)])
        if answer.json is None:
            raise Unsettled
        return _became(errand, said, word, VoidingState(orjson.loads(answer.json)["state"]))

    return ask


def _word(partners: Partners, errand: Errand, said: Mapping[str, Any], since: timedelta) -> VoidingState:
    try:
        told = partners.void(said["partner"], said["voucher"], errand.subject)
    except PartnerSilent as silence:
        level = log.error if since >= LONG else log.warning
        level("voiding.silent", **_told(errand, said), cause=str(silence), attempts=errand.attempts)
        raise
    return _STATES[told]


_STATES = {
    VoidWord.VOIDED: VoidingState.VOIDED,
    VoidWord.USED: VoidingState.USED,
    VoidWord.UNKNOWN: VoidingState.UNKNOWN,
}


def _settling(errand: Errand, said: Mapping[str, Any], word: VoidingState) -> SettleVoiding:
    voiding, voucher = read("vdg", errand.subject), read("vch", said["voucher"])
    redemption = read("red", said["redemption"])
    assert voiding is not None, "an errand of this kind is about a voiding"
    assert voucher is not None, "of a voucher"
    assert redemption is not None, "that was paid"
    return SettleVoiding(Asked(clock.mint_id()), voiding, voucher, redemption, word)


def _became(errand: Errand, said: Mapping[str, Any], word: VoidingState, state: VoidingState) -> str:
    """Say what became of the voiding; tell a person where the partner's books will not agree with ours."""
    if state is not word:
        # An earlier word has settled it: the partner has taken back what it never may.
        log.error("voiding.contradicted", **_told(errand, said), state=state.value, word=word.value)
    elif state is VoidingState.UNKNOWN:
        log.error("voiding.unknown", **_told(errand, said))
    return state.value


def _told(errand: Errand, said: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"voiding": errand.subject, "voucher": said["voucher"]}
