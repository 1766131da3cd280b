"""Systems that sign their requests: a unit's till system, an importer. Refuses to know a private key."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.kernel.principal import Role
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

CLIENT_REGISTERED = "member.client.registered"
CLIENT_REVOKED = "member.client.revoked"


class ClientTaken(Refusal):
    """A client of that name is registered with another key, role or unit."""

    kind = Kind.CONFLICT
    code = "client-taken"
    title = Words("该客户端名称已被占用", "A client of this name is already registered")
    advice = Words(
        "请先撤销 {client}，再以新密钥登记，或换一个名称。",
        "Revoke {client} before registering a new key for it, or take another name.",
    )


class UnitNotMeant(Refusal):
    """A unit's system needs a unit, an importer must not have one."""

    kind = Kind.MALFORMED
    code = "unit-not-meant"
    title = Words("业务单元与角色不符", "Unit and role do not fit")
    advice = Words(
        "unit-system 必须指定业务单元；importer 不得指定。",
        "A unit-system names its unit; an importer names none.",
    )


@dataclass(frozen=True, slots=True)
class Client:
    """A system with its public Ed25519 key (32 bytes, base64url without padding)."""

    id: str
    role: Role
    unit: str | None
    public_key: str
    version: int
    registered_at: datetime
    revoked_at: datetime | None = None


def registered(before: Client | None, wanted: Client) -> Client | None:
    """Register the client, or again after it was revoked; None if it stands as wanted already.

    :raises ClientTaken: if one with another key, role or unit stands.
    :raises UnitNotMeant: if role and unit do not fit.
    """
    if (wanted.role is Role.UNIT_SYSTEM) != (wanted.unit is not None):
        raise UnitNotMeant()
    if before is None:
        return wanted
    if before.revoked_at is not None:
        return replace(wanted, version=before.version + 1)
    if (before.role, before.unit, before.public_key) != (wanted.role, wanted.unit, wanted.public_key):
        raise ClientTaken(client=wanted.id)
    return None


def revoked(client: Client, now: datetime) -> Client | None:
    """End the client's key; None if it had ended already."""
    if client.revoked_at is not None:
        return None
    return replace(client, version=client.version + 1, revoked_at=now)
