"""Confirmations: a signed-in member proves, by a code sent to their own phone, that they mean one thing.

A stolen session is not enough to give points away. A code belongs to one purpose; digits, minutes, guesses
and codes a day are those of sign-in (domain/code.py). Refuses to know what the purpose does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.member.domain.code import Challenge, CodeExpired, WrongCode, answered, challenged
from services.member.domain.identity import Identity, IdentityKind
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class PhoneMissing(Refusal):
    """The member has no verified phone that a code could be sent to."""

    kind = Kind.CONFLICT
    code = "phone-missing"
    title = Words("尚未绑定手机号", "There is no phone to confirm by")
    advice = Words("请先以手机号登录并绑定，再进行此操作。", "Sign in with a phone first, then try again.")


class WrongConfirmationCode(Refusal):
    """This is not the code that was sent for this purpose."""

    kind = Kind.CONFLICT
    code = "wrong-confirmation-code"
    title = Words("确认码不正确", "The code does not fit")
    advice = Words(
        "请核对短信中的六位数字；还可尝试 {guesses_left} 次。",
        "Check the six digits of the text; {guesses_left} tries are left.",
    )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The last code that was sent to a member to confirm something, as a digest, and what it stands for."""

    member: str
    purpose: str
    digest: bytes = field(repr=False)
    sent_at: datetime
    guesses: int
    used: bool
    day_began_at: datetime
    codes_in_day: int


def phone_of(identities: Iterable[Identity]) -> str:
    """Choose the phone (E.164) to which a member's codes go: the one that was linked first.

    :raises PhoneMissing: if there is none.
    """
    phones = [one for one in identities if one.kind is IdentityKind.PHONE]
    if not phones:
        raise PhoneMissing()
    return min(phones, key=lambda one: (one.linked_at, one.value)).value


def asked(
    before: Confirmation | None, member: str, purpose: str, digest: bytes, now: datetime
) -> Confirmation:
    """Replace whatever code the member was sent by a new one, for that purpose.

    :raises TooManyCodes: if the pause after the last code is not over.
    """
    earlier = None if before is None else _challenge(before)
    return _confirmation(member, purpose, challenged(earlier, member, digest, now))


def confirmed(before: Confirmation | None, purpose: str, digest: bytes, now: datetime) -> Confirmation:
    """Use the code up, if the digest is the right one for that purpose.

    :raises WrongConfirmationCode: if it is another code; the guess is counted.
    :raises CodeLocked: if six guesses were wrong.
    :raises CodeExpired: if no code for that purpose is valid.
    """
    if before is None or before.purpose != purpose:
        raise CodeExpired()
    try:
        return _confirmation(before.member, purpose, answered(_challenge(before), digest, now))
    except WrongCode as wrong:
        raise WrongConfirmationCode(changes=_counted(before, wrong), **wrong.facts) from None
    except Refusal as refusal:
        raise type(refusal)(changes=_counted(before, refusal), **refusal.facts) from None


def _counted(before: Confirmation, refusal: Refusal) -> list[Confirmation]:
    """Give the counted guess, which the rule of codes told as a challenge, as what is kept here."""
    return [_confirmation(before.member, before.purpose, one) for one in refusal.changes]


def _challenge(one: Confirmation) -> Challenge:
    return Challenge(
        one.member, one.digest, one.sent_at, one.guesses, one.used, one.day_began_at, one.codes_in_day
    )


def _confirmation(member: str, purpose: str, code: Challenge) -> Confirmation:
    return Confirmation(
        member,
        purpose,
        code.digest,
        code.sent_at,
        code.guesses,
        code.used,
        code.day_began_at,
        code.codes_in_day,
    )
