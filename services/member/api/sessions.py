"""Doors of sign-in: codes, sessions, refresh, sign-out. They take no idempotency key, and store no secret."""

from secrets import randbelow
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, Field

from services.member.api.code_rates import CodeRates
from services.member.api.front import Front
from services.member.api.shapes import PhoneText
from services.member.commands.ask_code import AskCode
from services.member.commands.refresh_session import RefreshSession
from services.member.commands.sign_in import SignIn
from services.member.commands.sign_out import SignOut
from services.member.domain.code import CODE_DIGITS, CODE_LASTS
from services.member.domain.message import CODE_TEXT
from services.member.domain.session import SessionEnded
from shared.kernel.command import Answer, Asked
from shared.web.door import ANYONE, Call, Door, Given
from shared.web.fields import digits_form
from shared.web.strict import Inbound


class CodeWanted(Inbound):
    """A phone that wants a code."""

    phone: PhoneText


class CodeSent(BaseModel):
    """The same answer whoever asks: a code is on its way to that phone, valid for so many seconds."""

    expires_in: int


class Credentials(Inbound):
    """A phone and the code that its owner read."""

    phone: PhoneText
    code: Annotated[str, digits_form(CODE_DIGITS)]


class RefreshToken(Inbound):
    """A refresh token."""

    refresh_token: Annotated[str, Field(strict=True, min_length=1, max_length=200)]


class TokenPair(BaseModel):
    """An access token for every service and the refresh token for the next pair."""

    access_token: str
    token_type: str
    expires_in: int
    refresh_token: str
    member: str


class SignedOut(BaseModel):
    """The session has ended; access tokens already given run out within 15 minutes."""

    signed_out: bool


def declare(door: Door, front: Front, rates: CodeRates) -> None:
    """Add the doors of sign-in; `rates` counts who asks for codes and guesses at them."""
    mint = front.mint

    def minted(answer: Answer) -> Given:
        return answer if answer.json is None else mint.pair(orjson.loads(answer.json))

    def known(token: str) -> tuple[str, int]:
        found = mint.secret.read_refresh_token(token)
        if found is None:
            raise SessionEnded()
        return found

    @door.post("/codes", takes=CodeWanted, gives=CodeSent, roles=ANYONE, status=202, keyed=False)
    async def ask_for_code(asked: Asked, taken: CodeWanted, call: Call) -> Given:
        """Send a one-time code to a phone; known and unknown phones get the same answer."""
        phone = taken.phone.e164
        rates.count_code(call.arrival, phone)
        code = f"{randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        text = CODE_TEXT.told(call.language, {"code": code})
        answer = await front.desk.ask(AskCode(asked, phone, mint.secret.code_digest(phone, code), text))
        if answer.json is not None:
            return _SENT
        rates.discount_code(call.arrival, phone)
        return answer

    @door.post("/sessions", takes=Credentials, gives=TokenPair, roles=ANYONE, status=201, keyed=False)
    async def sign_in_by_code(asked: Asked, taken: Credentials, call: Call) -> Given:
        """Register or sign in with a phone and its code."""
        phone = taken.phone.e164
        rates.count_guess(call.arrival, phone)
        digest = mint.secret.code_digest(phone, taken.code)
        answer = await front.desk.ask(SignIn(asked, taken.phone, digest))
        if answer.json is not None:
            rates.welcome(call.arrival, phone)
        return minted(answer)

    @door.post("/sessions/refresh", takes=RefreshToken, gives=TokenPair, roles=ANYONE, keyed=False)
    async def refresh_pair(asked: Asked, taken: RefreshToken, call: Call) -> Given:
        """Give the next pair; the same token within 10 s gives the same pair, later it ends the session."""
        session, generation = known(taken.refresh_token)
        return minted(await front.desk.ask(RefreshSession(asked, session, generation)))

    @door.post("/sessions/sign-out", takes=RefreshToken, gives=SignedOut, roles=ANYONE, keyed=False)
    async def end_session(asked: Asked, taken: RefreshToken, call: Call) -> Given:
        """End the session that the refresh token belongs to."""
        session, _ = known(taken.refresh_token)
        return await front.desk.ask(SignOut(asked, session))


_SENT: dict[str, Any] = {"expires_in": int(CODE_LASTS.total_seconds())}
