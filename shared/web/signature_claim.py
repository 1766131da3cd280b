"""What a request says of its own signature (RFC 9421), and whether that is true.

Structured fields are http-sf's to read and to write, and Ed25519 is libsodium's. Refuses more than one
signature, a component with parameters, and every parameter that the standard does not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import http_sf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict

from shared.web.arrival import Arrival
from shared.web.fields import SECONDS_MAX, whole
from shared.web.keys import is_signed_by

_HEADERS_MAX = 4096
_BLANKS = " \t"
"""What may stand around a header's value without belonging to it. Source: RFC 9110, section 5.6.3."""

_USUAL_PORTS = {"http": ":80", "https": ":443"}

_Moment = Annotated[int, whole(0, SECONDS_MAX)]


class SignatureParameters(BaseModel):
    """Parameters of a signature; moments in seconds since 1970. Source: RFC 9421, section 2.3."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    created: _Moment
    keyid: str
    alg: Literal["ed25519"] = "ed25519"
    expires: _Moment = SECONDS_MAX
    nonce: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class SignatureClaim:
    """`covered` has the components in the order in which they were signed; `said` is what the client wrote of
    them and of the parameters, `meant` is that as http-sf read it.
    """

    covered: Sequence[str]
    parameters: SignatureParameters
    said: str
    meant: Any
    signature: bytes

    @classmethod
    def of(cls, headers: Mapping[bytes, bytes]) -> SignatureClaim:
        """Read the claim in the headers of a request.

        :raises ValueError: if there is none, more than one, or one that the standard does not know.
        """
        label, meant = _only_member(headers, b"signature-input")
        signed_label, (signature, _) = _only_member(headers, b"signature")
        components, parameters = meant
        if type(components) is not list or type(signature) is not bytes or label != signed_label:
            raise ValueError("a signature is a list of components and bytes, under one label")
        covered = [name for name, more in components if type(name) is str and not more]
        if len(covered) != len(components):
            raise ValueError("a component is a bare name")
        said = headers[b"signature-input"].decode("ascii").partition("=")[2].strip(_BLANKS)
        return cls(covered, SignatureParameters.model_validate(parameters), said, meant, signature)

    def is_true(self, key: Ed25519PublicKey, arrival: Arrival) -> bool:
        """Tell whether the key's owner signed the request that arrived.

        :raises ValueError: if it lacks a component, or has one that no line of text can hold.
        """
        texts = (self._signed_text(arrival, written) for written in self._writings())
        return any(is_signed_by(key, self.signature, text) for text in texts)

    def _writings(self) -> Iterator[str]:
        yield self.said
        # Nearly everybody sends the very text that was signed; who spaces it otherwise signed the standard's.
        standard = http_sf.ser([self.meant])
        if standard != self.said:
            yield standard

    def _signed_text(self, arrival: Arrival, written: str) -> bytes:
        """Write the text that is signed. Source: RFC 9421, section 2.5."""
        lines = [f'"{name}": {_value(arrival, name)}' for name in self.covered]
        lines.append(f'"@signature-params": {written}')
        if not "".join(lines).isprintable():
            raise ValueError("a component with a line break could pass for two")
        return "\n".join(lines).encode("ascii")


def _only_member(headers: Mapping[bytes, bytes], name: bytes) -> tuple[str, Any]:
    """Read the one member of a header that is a dictionary."""
    members: Any = http_sf.parse(
        _bounded(headers.get(name, b"")), tltype="dictionary", on_duplicate_key=_refuse_twice
    )
    ((label, member),) = members.items()
    return label, member


def _bounded(value: bytes) -> bytes:
    if len(value) > _HEADERS_MAX:
        raise ValueError("a header too long to be ours")
    return value


def _refuse_twice(label: str, _context: str) -> None:
    raise ValueError(f"{label} is said twice")


def _value(arrival: Arrival, name: str) -> str:
    """Give a component of a request. Source: RFC 9421, sections 2.1 and 2.2."""
    match name:
        case "@method":
            return arrival.method
        case "@authority":
            return (arrival.header(b"host") or "").lower().removesuffix(_USUAL_PORTS.get(arrival.scheme, ""))
        case "@path":
            return arrival.raw_path
        case "@query":
            return f"?{arrival.query.decode('latin-1')}"
    value = arrival.headers.get(name.encode())
    if value is None:
        raise ValueError(f"{name} is signed and was not sent")
    return _bounded(value).decode("latin-1").strip(_BLANKS)
