"""One-time codes for a phone: six digits, five minutes, six guesses. Refuses to know a code, only its digest.

Known and unknown phones are treated alike: nothing here looks at members. Whoever asks for codes of somebody
else's phone makes its owner wait a quarter of an hour at most, never for a day.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=5)
GUESSES = 6
"""Wrong guesses that one code bears. Source: the owner's list of what must be refused, six guesses."""

DAY = timedelta(hours=24)

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 2, 4, 8, 15))
"""How long after its latest code a phone gets the next one, by the codes of a day without a sign-in.

The last holds however many there were: at most 100 codes a day, 600 guesses at a million numbers.
"""


class WrongCode(Refusal):
    """This is not the code that was sent."""

    kind = Kind.UNAUTHENTICATED
    code = "wrong-code"
    title = Words("验证码不正确", "The code is not right")
    advice = Words(
        "请核对短信中的六位数字，或重新获取验证码。", "Check the six digits or ask for a new code."
    )


class CodeLocked(Refusal):
    """Too many wrong guesses: this code opens nothing any more."""

    kind = Kind.LOCKED
    code = "code-locked"
    title = Words("验证码已锁定", "The code is locked")
    advice = Words("错误次数过多，请重新获取验证码。", "Too many wrong guesses; ask for a new code.")


class CodeExpired(Refusal):
    """The code is over five minutes old, or was used."""

    kind = Kind.GONE
    code = "code-expired"
    title = Words("验证码已失效", "The code is no longer valid")
    advice = Words("请重新获取验证码。", "Ask for a new code.")


class TooManyCodes(Refusal):
    """This phone was sent a code a moment ago; the pauses grow while nobody signs in."""

    kind = Kind.TOO_MANY
    code = "too-many-codes"
    retryable = True
    title = Words("获取验证码过于频繁", "Codes were asked for too often")
    advice = Words(
        "最近一条验证码五分钟内有效；如未收到，请在 {retry_after_s} 秒后重新获取。",
        "The latest code is valid for five minutes; if none came, ask again in {retry_after_s} seconds.",
    )


@dataclass(frozen=True, slots=True)
class Challenge:
    """The last code that was sent to a phone, as a digest, and how often codes were asked for.

    `codes_in_day` counts the codes since `day_began_at` without a sign-in, as far as pauses grow with them.
    """

    phone: str
    digest: bytes
    sent_at: datetime
    guesses: int
    used: bool
    day_began_at: datetime
    codes_in_day: int


def challenged(before: Challenge | None, phone: str, digest: bytes, now: datetime) -> Challenge:
    """Replace whatever code the phone had by a new one, once the pause after the last is over.

    A clock that was set back ends the pause rather than making it longer.

    :raises TooManyCodes: if the pause is not over; the code that was sent stays as it is.
    """
    if before is None or not timedelta(0) <= now - before.day_began_at < DAY:
        return Challenge(phone, digest, now, 0, False, now, 1)
    passed, pause = now - before.sent_at, PAUSES[min(before.codes_in_day, len(PAUSES) - 1)]
    if timedelta(0) <= passed < pause:
        raise TooManyCodes(retry_after_s=ceil((pause - passed).total_seconds()))
    codes = min(before.codes_in_day + 1, len(PAUSES) - 1)
    return Challenge(phone, digest, now, 0, False, before.day_began_at, codes)


def answered(challenge: Challenge | None, digest: bytes, now: datetime) -> Challenge:
    """Use the code up, if the digest is the right one; the count of codes begins anew.

    A clock that was set back makes a code invalid rather than longer lived.

    :raises WrongCode: if it is another code; the guess is counted.
    :raises CodeLocked: if six guesses were wrong.
    :raises CodeExpired: if the code is five minutes old or was used.
    """
    if challenge is None:
        raise WrongCode(_denied="guess")
    if challenge.used or not timedelta(0) <= now - challenge.sent_at < CODE_LASTS:
        raise CodeExpired()
    if challenge.guesses >= GUESSES:
        raise CodeLocked(_denied="locked")
    # Both are digests under a secret: how early they differ tells a guesser nothing about the code.
    if challenge.digest == digest:
        return replace(challenge, used=True, codes_in_day=0)
    guessed = replace(challenge, guesses=challenge.guesses + 1)
    if guessed.guesses >= GUESSES:
        raise CodeLocked(changes=(guessed,), _denied="guess")
    raise WrongCode(changes=(guessed,), guesses_left=GUESSES - guessed.guesses, _denied="guess")
