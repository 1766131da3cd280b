"""What the service member announces. Refuses whatever is personal: no phone, openid or plate travels."""

from contracts.shapes import EventData, Id, Moment, Name, Number, PublicKey, Tier, Unit


class MemberRegistered(EventData):
    """`member.member.registered`: there is a new person. Key: the member; seq: the member's version."""

    member: Id


class IdentityLinked(EventData):
    """`member.identity.linked`: a unit's member number is now this person's.

    The number is the unit's pseudonym and may travel. Key: the member; seq: the member's version.
    """

    member: Id
    unit: Unit
    number: Number


class TierChanged(EventData):
    """`member.tier.changed`: from `valid_from` on the member has this tier, until another one begins.

    `valid_from` may lie in the past or ahead; of two that begin together the later announced one holds.
    Key: the member; seq: the member's version.
    """

    member: Id
    tier: Tier
    valid_from: Moment


class SigningKeyPublished(EventData):
    """`member.signing_key.published`: tokens that name this key are trusted until `not_after` (exclusive).

    Announced daily. Key: the kid; seq: the key's version.
    """

    kid: Name
    public_key: PublicKey
    not_after: Moment


class ClientRegistered(EventData):
    """`member.client.registered`: requests signed by this key come from this client.

    `unit` is None for a client that belongs to no unit (an importer). Key: the client; seq: its version.
    """

    client: Name
    role: Name
    unit: Unit | None
    public_key: PublicKey


class ClientRevoked(EventData):
    """`member.client.revoked`: nothing this client signs is trusted any more. Key and seq: the client's."""

    client: Name
