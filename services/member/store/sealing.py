"""Makes signing keys and seals their private part, so that a copy of the database signs nothing.

Refuses to keep a private key in clear anywhere but in the memory of the process that signs.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.member.store.secret import Secret

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key pair: its id, its public part (base64url of 32 bytes), its private part sealed."""

    kid: str
    public_key: str
    sealed: bytes = field(repr=False)


def new_key(secret: Secret) -> NewKey:
    """Draw a key pair; its id is read off the public part, so that no two keys share one."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    kid = f"key_{sha256(public).hexdigest()[:32]}"
    nonce = token_bytes(NONCE_BYTES)
    box = AESGCM(secret.derived("sealing")).encrypt(nonce, private.private_bytes_raw(), kid.encode())
    return NewKey(kid, urlsafe_b64encode(public).rstrip(b"=").decode(), nonce + box)


def unsealed(secret: Secret, kid: str, sealed: bytes) -> bytes:
    """Open the seal and give the private key's 32 bytes.

    :raises cryptography.exceptions.InvalidTag: if it was sealed under another secret or for another key.
    """
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    return AESGCM(secret.derived("sealing")).decrypt(nonce, box, kid.encode())
