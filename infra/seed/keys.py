"""Private keys of systems, as files of a stack: made at first need, 0600, never printed."""

from __future__ import annotations

from pathlib import Path

from infra.embedded.secrets import write_private
from shared.web.keys import new_private_key, private_key_of, private_key_text
from shared.web.signatures import RequestSigner


def private_key(keys: Path, client: str) -> bytes:
    """Read a client's private key as PEM; made at first need."""
    path = keys / f"{client}.pem"
    if not path.exists():
        keys.mkdir(parents=True, exist_ok=True)
        write_private(path, private_key_text(new_private_key()).decode())
    return path.read_bytes()


def signer_of(keys: Path, client: str) -> RequestSigner:
    """Give the signer of a system whose key is in the folder."""
    return RequestSigner(client, private_key_of(private_key(keys, client)))
