"""What is derived from the service's one secret: digests of codes, marks of refresh tokens, the sealing key.

Each use has a label, so that nothing made for one use serves another. Refuses to write the secret anywhere.
"""

import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest, new
from pathlib import Path
from secrets import token_bytes

from shared.kernel.ids import read, shown

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """The service's one secret, at least 32 random bytes."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) < SECRET_BYTES:
            raise ValueError(f"the secret needs {SECRET_BYTES} bytes, not {len(self.raw)}")

    def derived(self, label: str, message: bytes = b"") -> bytes:
        """Derive 32 bytes for one use (HMAC-SHA-256 of label and message)."""
        return new(self.raw, label.encode() + b"\0" + message, sha256).digest()

    def code_digest(self, phone: str, code: str) -> bytes:
        """Digest a one-time code with its phone; without the secret a million guesses tell nothing."""
        return self.derived("code", f"{phone} {code}".encode())

    def confirmation_digest(self, member: str, purpose: str, code: str) -> bytes:
        """Digest the code of a confirmation with its member and purpose: it is good for nothing else."""
        return self.derived("confirmation", f"{member} {purpose} {code}".encode())

    def refresh_token(self, session: str, generation: int) -> str:
        """Write the refresh token of a session's generation; the same one every time."""
        body = f"{shown('ses', session)}.{generation}"
        return f"{body}.{self._mark(body)}"

    def read_refresh_token(self, token: str) -> tuple[str, int] | None:
        """Read session and generation out of a refresh token, or None if it is not one of ours."""
        if not token.isascii():
            return None
        body, _, mark = token.rpartition(".")
        if not compare_digest(self._mark(body).encode(), mark.encode()):
            return None
        name, _, generation = body.partition(".")
        session = read("ses", name)
        return (session, int(generation)) if session is not None else None

    def _mark(self, body: str) -> str:
        return urlsafe_b64encode(self.derived("refresh", body.encode())).rstrip(b"=").decode()


def secret_kept_in(folder: Path) -> Secret:
    """Read the installation's secret from `secret.hex` in the folder; draw it at the first start (0600).

    :raises ValueError: if the file holds no secret.
    """
    path = folder / "secret.hex"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"secret.{os.getpid()}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{token_bytes(SECRET_BYTES).hex()}\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link is made whole or not at all, and only if nobody was first.
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return Secret(bytes.fromhex(path.read_text(encoding="ascii").strip()))
