"""Field types of this service's bodies that the house does not share."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, PlainValidator, WithJsonSchema

from services.member.domain.identity import Phone
from services.member.domain.phone import read_phone
from shared.web.faults import broken
from shared.web.fields import Form, code_form
from shared.web.keys import is_strong, public_key_of


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

ItemKey = Annotated[
    str,
    Form(r"^[\x21-\x7e]{1,255}$", 255, " 1 至 255 个可见 ASCII 字符", "1 to 255 visible characters of ASCII"),
]
"""An idempotency key of one item of a batch."""

ClientName = Annotated[str, code_form("till-hotel", most=64)]
"""The name of a client; without underscore, so that it is never taken for a member or a key."""


def _strong(text: str) -> str:
    if not is_strong(public_key_of(text)):
        raise broken(
            "weak-key",
            "这不是可靠的 Ed25519 公钥：任何人都能冒充其签名",
            "is no sound Ed25519 public key: anybody could sign for it",
        )
    return text


PublicKey = Annotated[
    str,
    Form(
        "^[A-Za-z0-9_-]{43}$",
        43,
        " Ed25519 公钥：32 字节的 base64url，43 个字符，无填充",
        "an Ed25519 public key: 32 bytes in base64url, 43 characters without padding",
    ),
    AfterValidator(_strong),
]
"""An Ed25519 public key: its 32 bytes in base64url without padding. No key under which strangers can sign."""

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
