"""Ed25519 keys as text: public ones as events carry them, private ones as files keep them. No other curve."""

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import CryptoError

_SIGNATURE_BYTES = 64
"""Source: RFC 8032, section 5.1.6."""


def new_private_key() -> Ed25519PrivateKey:
    """Draw a new private key."""
    return Ed25519PrivateKey.generate()


def public_key_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Write the public key as 43 characters of base64url without padding (the `x` of a JWK, RFC 8037)."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return base64.urlsafe_b64encode(public.public_bytes_raw()).rstrip(b"=").decode()


def public_key_of(text: str) -> Ed25519PublicKey:
    """Read a public key from base64url.

    :raises ValueError: if it is not 32 bytes in base64url.
    """
    try:
        raw = base64.b64decode(f"{text}{'=' * (-len(text) % 4)}", altchars=b"-_", validate=True)
    except binascii.Error as cause:
        raise ValueError("a public key is 32 bytes in base64url") from cause
    return Ed25519PublicKey.from_public_bytes(raw)


def is_strong(key: Ed25519PublicKey) -> bool:
    """Tell whether only its owner can sign under a key: it is a point of the curve, and of no small order.

    Under a weak key anybody can make up what OpenSSL, which reads tokens and tickets, takes for signed.
    """
    return crypto_core_ed25519_is_valid_point(key.public_bytes_raw())


def is_signed_by(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Tell whether the key's owner signed the message: by libsodium, in half the time OpenSSL takes."""
    if len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, key.public_bytes_raw())
    except CryptoError:
        return False
    return True


def private_key_text(key: Ed25519PrivateKey) -> bytes:
    """Write a private key as PEM (PKCS 8, not encrypted); the file it goes to must be 0600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def private_key_of(pem: bytes) -> Ed25519PrivateKey:
    """Read a private key from PEM.

    :raises ValueError: if it is not an Ed25519 key.
    """
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("only Ed25519 keys sign requests and tokens here")
    return key
