"""What points makes of member's events: new members, links of numbers, tiers, keys of tokens and systems."""

from collections.abc import Mapping

from contracts.event import Event
from contracts.member import (
    ClientRegistered,
    ClientRevoked,
    IdentityLinked,
    MemberRegistered,
    SigningKeyPublished,
    TierChanged,
)
from services.points.commands.edit_client import EditClient
from services.points.commands.keep_signing_key import KeepSigningKey
from services.points.commands.keep_tier import KeepTier
from services.points.commands.link_number import LinkNumber
from services.points.commands.open_wallet import OpenWallet
from shared.kernel.command import Asked
from shared.runtime.hearing import Listener


def on_member_registered(event: Event[MemberRegistered], asked: Asked) -> OpenWallet:
    """Let the member have a wallet, so that others may give them points."""
    return OpenWallet(asked, event.data.member)


def on_identity_linked(event: Event[IdentityLinked], asked: Asked) -> LinkNumber:
    """Let the number's wallet point to the member's holder."""
    return LinkNumber(asked, event.data.member, event.data.unit, event.data.number)


def on_tier_changed(event: Event[TierChanged], asked: Asked) -> KeepTier:
    """Let the member's receipts earn by that tier from its moment on."""
    data = event.data
    return KeepTier(asked, data.member, data.tier, data.valid_from, event.seq)


def on_signing_key_published(event: Event[SigningKeyPublished], asked: Asked) -> KeepSigningKey:
    """Keep the key for checking tokens."""
    return KeepSigningKey(asked, event.data.kid, event.data.public_key, event.data.not_after)


def on_client_registered(event: Event[ClientRegistered], asked: Asked) -> EditClient:
    """Let the system's signatures be believed from now on."""
    data = event.data
    return EditClient(asked, data.client, data.role, data.unit, data.public_key, revoked=False)


def on_client_revoked(event: Event[ClientRevoked], asked: Asked) -> EditClient:
    """Believe the system no more."""
    return EditClient(asked, event.data.client, "", None, "", revoked=True)


LISTENERS: Mapping[str, Listener] = {
    "member.member.registered": on_member_registered,
    "member.identity.linked": on_identity_linked,
    "member.tier.changed": on_tier_changed,
    "member.signing_key.published": on_signing_key_published,
    "member.client.registered": on_client_registered,
    "member.client.revoked": on_client_revoked,
}
