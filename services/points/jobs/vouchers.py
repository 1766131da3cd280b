"""Ask partners for coupons: what an errand says goes to the partner, and the partner's word goes to the desk.

For a stated time the partner is asked for the coupon, under the same number every time; from then on it is
told to let it be. Refuses to end without a word: silence leaves the voucher as it is, and the errand comes
again for as long as it takes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import structlog

from services.points.commands.settle_voucher import SettleVoucher
from services.points.domain.voucher import WORTHLESS, Coupon, VoucherState
from services.points.gateways.partner import Issued, Partners, PartnerSilent, Signing, Word
from services.points.store.secret import Secret
from shared.kernel.command import Asked, Obey
from shared.kernel.ids import read
from shared.runtime import clock
from shared.runtime.errands import Errand, ErrandPace, Gateway, Lanes

log = structlog.get_logger("vouchers")

FOR_EVER = 1_000_000_000
"""How often a partner is asked before an errand is given up: points lie on hold until it has said a word."""

TOLD = "voucher.told"
"""The point between a partner's word and the desk."""


class Unsettled(Exception):
    """The desk could not take the word now: the partner is asked for it again."""


def voucher_pace(timeout_s: float, backoff_s: float) -> ErrandPace:
    """Give how often a partner is asked: soon at first, every five minutes at last, without end.

    A messenger that died is followed once its longest question would be over. One that lives on behind its
    lease does no harm: both asked under one number.
    """
    lease_s = 2 * timeout_s + 2
    return ErrandPace(
        lease_s=lease_s, at_once=16, backoff_s=backoff_s, backoff_max_s=300.0, attempts=FOR_EVER
    )


def lanes_of(addresses: Mapping[str, str]) -> Sequence[Lanes]:
    """Give the lanes of errands, one for each messenger: each partner's own, and what is left."""
    names = tuple(sorted(addresses))
    return [*(Lanes((name,)) for name in names), Lanes(names, others=True)]


def partners_at(addresses: Mapping[str, str], signing: Signing, timeout_s: float) -> Partners:
    """Give the partners of this installation by their addresses."""
    return Partners(addresses, signing, timeout_s)


def asking_partners(
    partners: Partners,
    obey: Obey,
    secret: Secret,
    *,
    now: Callable[[], datetime] = clock.now,
    reached: Callable[[str], None] = lambda _: None,
) -> Gateway:
    """Give what carries one errand to its partner and has the voucher settled by the partner's word."""

    def ask(errand: Errand) -> str:
        said = orjson.loads(errand.body)
        word = _word(partners, errand, said, over=now() >= datetime.fromisoformat(said["until"]))
        reached(TOLD)
        (answer,) = obey([_settling(errand, word, said["partner"], secret)])
        if answer.json is None:
            raise Unsettled
        return _became(errand, word, orjson.loads(answer.json))

    return ask


def _became(errand: Errand, word: Word, settled: Mapping[str, Any]) -> str:
    """Say what became of the voucher; tell a person where the partner's books will not agree with ours."""
    state, reason = VoucherState(settled["state"]), settled["reason"]
    if (state is VoucherState.ISSUED) is not isinstance(word, Issued):
        # Its coupon was over or another voucher's; or it was settled by an earlier word, and the partner has
        # taken back what it never may.
        event = "voucher.worthless" if reason in WORTHLESS else "voucher.contradicted"
        log.error(event, voucher=errand.subject, state=state.value, reason=reason)
    return state.value


def _word(partners: Partners, errand: Errand, said: Mapping[str, Any], *, over: bool) -> Word:
    try:
        if over:
            return partners.let_be(said["partner"], errand.subject)
        return partners.ask(said["partner"], errand.subject, said["offer"], said["price_fen"])
    except PartnerSilent as silence:
        level = log.error if over else log.warning
        level("voucher.unknown", voucher=errand.subject, cause=str(silence), attempts=errand.attempts)
        raise


def _settling(errand: Errand, word: Word, partner: str, secret: Secret) -> SettleVoucher:
    voucher_id = read("vch", errand.subject)
    assert voucher_id is not None, "an errand to a partner is about a voucher"
    asked = Asked(clock.mint_id())
    if isinstance(word, Issued):
        digest = secret.coupon_digest(partner, word.code)
        coupon = Coupon(secret.sealed(voucher_id, word.code), digest, word.valid_until)
        return SettleVoucher(asked, voucher_id, coupon)
    return SettleVoucher(asked, voucher_id, reason=word.reason)
