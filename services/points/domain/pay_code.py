"""Pay codes: 18 digits in a member's app, 60 s, once; a unit's till pays with one. Guesses cost the guesser.

Refuses to know a code, only its digest. Of digits that are no code, and of a code that another client has
used, a till learns the same: that there is no such thing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.kernel.refusal import Kind, NotFound, Refusal
from shared.kernel.words import Words

CODE_DIGITS = 18
CODE_LASTS = timedelta(seconds=60)
"""Source: the business rules, dynamic code: 18 digits, 60 s, once."""

CODES_LIVE_MAX = 10
"""Codes of one person that may be unused and alive at a time: a few devices, each a little ahead."""

BACKWARDS = timedelta(seconds=1)
"""How far a clock may have stepped back since a code was given; further, and the code opens nothing."""

FREE_GUESSES = 5
"""Wrong codes that cost a client nothing: scanners misread."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)
"""After so long without a wrong code a client's count begins anew."""


class PayCodeNeeded(Refusal):
    """A unit's system pays with the code that the member shows, never with a number."""

    kind = Kind.MALFORMED
    code = "pay-code-needed"
    title = Words("需要会员付款码", "A pay code is needed")
    advice = Words(
        "请扫描会员 App 中的付款码，以 pay_code 提交。",
        "Scan the pay code in the member's app and send it as pay_code.",
    )


class PayCodeUsed(Refusal):
    """This client has used the code."""

    kind = Kind.CONFLICT
    code = "pay-code-used"
    title = Words("付款码已使用", "The pay code has been used")
    advice = Words(
        "每个付款码只能使用一次，请会员刷新付款码。",
        "A pay code works once; ask the member to show a new one.",
    )


class PayCodeExpired(Refusal):
    """The code is over 60 seconds old."""

    kind = Kind.GONE
    code = "pay-code-expired"
    title = Words("付款码已过期", "The pay code has expired")
    advice = Words("请会员刷新付款码后重新扫描。", "Ask the member to show a new code and scan again.")


class PayCodesLocked(Refusal):
    """This client presented too many codes that were none; for a while it pays with none at all."""

    kind = Kind.LOCKED
    code = "pay-codes-locked"
    retryable = True
    title = Words("付款码功能已锁定", "Pay codes are locked for this client")
    advice = Words(
        "错误付款码过多，请在 {retry_after_s} 秒后再试，并检查扫码设备。",
        "Too many wrong pay codes; try again in {retry_after_s} seconds, and check the scanner.",
    )


class TooManyPayCodes(Refusal):
    """This person has as many live codes as there may be."""

    kind = Kind.TOO_MANY
    code = "too-many-pay-codes"
    retryable = True
    title = Words("付款码获取过于频繁", "Too many pay codes were asked for")
    advice = Words("请在 {retry_after_s} 秒后再试。", "Try again in {retry_after_s} seconds.")


@dataclass(frozen=True, slots=True)
class PayCode:
    """A code as its digest, whose it is, when it is good, and who used it for which order."""

    digest: str
    identity: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    used_by: str | None = None
    used_for: str | None = None

    def alive(self, now: datetime) -> bool:
        """Tell whether the code is good at that moment; a clock set back makes it invalid, not younger."""
        return self.issued_at - BACKWARDS <= now < self.expires_at

    def used(self, now: datetime, client: str, order: str) -> "PayCode":
        """Give the code as a client has used it."""
        return replace(self, used_at=now, used_by=client, used_for=order)


@dataclass(frozen=True, slots=True)
class Guesser:
    """How many wrong codes a client presented in a row of days, and until when it presents none."""

    client: str
    wrong: int
    last_at: datetime
    locked_until: datetime | None = None

    def check_free(self, now: datetime) -> None:
        """Let the client present a code.

        :raises PayCodesLocked: if it guessed too often.
        """
        if self.locked_until is not None and now < self.locked_until:
            wait = self.locked_until - now
            raise PayCodesLocked(retry_after_s=int(wait.total_seconds()) + 1, _denied="locked")


def guessed(before: Guesser | None, client: str, now: datetime) -> Guesser:
    """Count a wrong code; from the sixth on each doubles the pause, from ten seconds to an hour."""
    wrong = 1 if before is None or now - before.last_at >= FORGOTTEN_AFTER else before.wrong + 1
    if wrong <= FREE_GUESSES:
        return Guesser(client, wrong, now)
    # Bounded, or a long row of guesses would overflow.
    doublings = min(wrong - FREE_GUESSES - 1, 20)
    return Guesser(client, wrong, now, now + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE))


def opened(code: PayCode | None, guesser: Guesser | None, client: str, order: str, now: datetime) -> PayCode:
    """Give the code a client presents for an order, if it is good or was used by this client for this order.

    :raises PayCodesLocked: if the client guessed too often, whatever it presents now.
    :raises NotFound: if it is no code, or somebody else has used it: counted as a guess, the same answer.
    :raises PayCodeUsed: if this client has used it for another order.
    :raises PayCodeExpired: if it is over.
    """
    if guesser is not None:
        guesser.check_free(now)
    if code is None or (code.used_at is not None and code.used_by != client):
        raise NotFound(changes=(guessed(guesser, client, now),), _denied="guess")
    if code.used_for == order:
        return code
    if code.used_at is not None:
        raise PayCodeUsed()
    if not code.alive(now):
        raise PayCodeExpired()
    return code


def check_live(live: int) -> None:
    """Let a person ask for one more code.

    :raises TooManyPayCodes: if ten are alive.
    """
    if live >= CODES_LIVE_MAX:
        raise TooManyPayCodes(retry_after_s=int(CODE_LASTS.total_seconds()))
