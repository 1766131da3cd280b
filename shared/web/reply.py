"""What a door sends back: status, headers and bytes, ready. Refuses to render anything itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from shared.kernel.swift import swift

Headers = tuple[tuple[bytes, bytes], ...]

JSON_HEADERS: Headers = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
REPLAYED = (b"idempotent-replayed", b"true")
HTML_HEADERS: Headers = ((b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"))


@swift
@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to be sent; `code` is its outcome in the log line (`ok` or the code of a problem)."""

    status: int = 200
    body: bytes = b""
    headers: Headers = JSON_HEADERS
    code: str = "ok"
    replayed: bool = False


def json_reply(value: Mapping[str, Any], status: int = 200) -> Reply:
    """Make a JSON answer of plain values."""
    return Reply(status, orjson.dumps(value))


def repeated(reply: Reply) -> Reply:
    """Mark an answer as one that was given before under the same key."""
    return replace(reply, headers=(*reply.headers, REPLAYED), replayed=True)


def html_reply(page: str, policy: str) -> Reply:
    """Make an answer of a page with its own Content-Security-Policy."""
    return Reply(200, page.encode(), (*HTML_HEADERS, (b"content-security-policy", policy.encode())))


def csv_reply(text: str, filename: str) -> Reply:
    """Make an answer of a CSV file; the file name must be ASCII of our own making."""
    disposition = f'attachment; filename="{filename}"'.encode("ascii")
    return Reply(
        200,
        text.encode("utf-8-sig"),
        (
            (b"content-type", b"text/csv; charset=utf-8"),
            (b"content-disposition", disposition),
            (b"cache-control", b"no-store"),
        ),
    )
