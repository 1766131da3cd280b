"""Field types of this service's bodies that the house does not share."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, PlainValidator, WithJsonSchema

from services.member.domain.identity import Phone
from services.member.domain.phone import read_phone
from shared.web.faults import broken


def _phone(value: Any) -> Phone:
    phone = read_phone(value) if isinstance(value, str) and len(value) <= 32 else None
    if phone is None:
        raise broken(
            "phone",
            "必须是可拨打的电话号码，例如 13800138000 或 +8613800138000",
            "must be a phone number that can be called, like 13800138000 or +8613800138000",
        )
    return phone


PhoneText = Annotated[
    Phone,
    PlainValidator(_phone),
    WithJsonSchema({"type": "string", "maxLength": 32, "examples": ["+8613800138000"]}),
]
"""A phone as people write it, read into E.164; without a country code it is Chinese."""

ItemKey = Annotated[str, Field(strict=True, pattern=r"^[\x21-\x7e]{1,255}$", max_length=255)]
"""An idempotency key of one item of a batch."""

ClientName = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9-]{1,63}$", max_length=64)]
"""The name of a client; without underscore, so that it is never taken for a member or a key."""

PublicKey = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_-]{43}$", max_length=43)]
"""An Ed25519 public key: its 32 bytes in base64url without padding."""

BATCH_MAX = 1_000
"""How many items one call may hold."""

BULK_PATIENCE_S = 10.0
"""How long the items of one call may wait at the desk."""


class ItemView(BaseModel):
    """The answer to one item of a batch: what the single call would have answered."""

    status: int
    replayed: bool
    body: dict[str, Any]


class BatchView(BaseModel):
    """The answers to a batch, in its order."""

    results: list[ItemView]
