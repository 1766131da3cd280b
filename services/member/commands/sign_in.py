"""A phone and its code open a session; a phone nobody had becomes a new member's."""

from dataclasses import dataclass, field

from services.member.domain.books import MemberBooks
from services.member.domain.code import answered
from services.member.domain.identity import WORLD, IdentityKind, Phone, phone_name
from services.member.domain.member import NewName, admitted
from services.member.domain.session import opened
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import derived


@dataclass(frozen=True, slots=True)
class SignIn:
    """Register or sign in with a phone and the digest of the code that its owner typed."""

    asked: Asked
    phone: Phone
    digest: bytes = field(repr=False)

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        name = phone_name(self.phone.e164)
        return Needs(
            naturals=(f"challenge {self.phone.e164}", name),
            rows=(("challenge", self.phone.e164), ("identity", name)),
        )


def sign_in(books: MemberBooks, command: SignIn) -> Outcome:
    """Use the code up and open a session for the phone's member, registering one if there is none.

    :raises WrongCode: if it is another code.
    :raises CodeLocked: if six guesses were wrong.
    :raises CodeExpired: if the code is five minutes old or was used.
    """
    phone, now = command.phone, books.now
    challenge = answered(books.challenges.get(phone.e164), command.digest, now)
    identity = books.identities.get(phone_name(phone.e164))
    session_id = derived(command.asked.id, 2)
    if identity is not None:
        session = opened(session_id, identity.member, now)
        return Outcome(changes=(challenge, session), answer=session.pair)
    name = NewName(IdentityKind.PHONE, WORLD, phone.e164, phone.range_known)
    admission = admitted(None, derived(command.asked.id, 1), "phone", (name,), now)
    session = opened(session_id, admission.member.id, now)
    return Outcome(
        changes=(challenge, *admission.changed, session),
        answer=session.pair,
        events=admission.events,
    )
