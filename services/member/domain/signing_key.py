"""Keys under which access tokens are signed, and how one follows another. Refuses to see one in clear.

A new key is announced a minute before it signs, so that no service meets a token of a key it has not heard
of; the old one is believed until the last token it signed has run out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.kernel.calendar import days
from shared.kernel.command import Announcement

KEY_PUBLISHED = "member.signing_key.published"
TOKEN_LASTS = timedelta(minutes=15)
ANNOUNCED_AHEAD = timedelta(seconds=60)
SIGNS_FOR = days(30)
RENEWED_BEFORE = days(7)
SKEW = timedelta(minutes=5)
"""How far the clocks of two machines may differ before a token is refused."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair: public part in base64url, private part sealed; it signs in [signs_from, signs_until)."""

    kid: str
    public_key: str
    sealed: bytes
    signs_from: datetime
    signs_until: datetime
    version: int

    @property
    def not_after(self) -> datetime:
        """From when on nobody believes a token of this key."""
        return self.signs_until + TOKEN_LASTS + SKEW


def key_at(keys: Iterable[SigningKey], moment: datetime) -> SigningKey | None:
    """Choose the key that signs at this moment: the latest that has begun and not ended."""
    able = [key for key in keys if key.signs_from <= moment < key.signs_until]
    return max(able, key=lambda key: (key.signs_from, key.kid), default=None)


def believed(keys: Iterable[SigningKey], moment: datetime) -> list[SigningKey]:
    """List the keys whose tokens may still be believed, or will be, oldest first."""
    return sorted((key for key in keys if moment < key.not_after), key=lambda key: (key.signs_from, key.kid))


def wants_renewal(keys: Iterable[SigningKey], moment: datetime) -> bool:
    """Tell whether a new key must be made: there is none, or all end within a week."""
    return not any(key.signs_until - moment > RENEWED_BEFORE for key in keys)


def rotated(
    keys: Iterable[SigningKey], kid: str, public_key: str, sealed: bytes, now: datetime
) -> list[SigningKey]:
    """Let a new key follow: it signs in a minute, the others until then; at once, if no key signs now.

    Gives every key that changes, the new one last.
    """
    present = list(keys)
    begins = now if key_at(present, now) is None else now + ANNOUNCED_AHEAD
    shortened = [
        replace(key, signs_until=max(begins, key.signs_from), version=key.version + 1)
        for key in present
        if key.signs_until > begins
    ]
    return [*shortened, SigningKey(kid, public_key, sealed, begins, begins + SIGNS_FOR, 1)]


def announced_again(keys: Iterable[SigningKey], now: datetime) -> list[SigningKey]:
    """Count up every key that may still be believed, for its daily announcement."""
    return [replace(key, version=key.version + 1) for key in believed(keys, now)]


def publication(key: SigningKey, now: datetime) -> Announcement:
    """Announce the public part of a key and until when it may be believed."""
    data = {"kid": key.kid, "public_key": key.public_key, "not_after": key.not_after.isoformat()}
    return Announcement(KEY_PUBLISHED, key.kid, key.version, data, now)
