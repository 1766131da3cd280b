"""The guide to signing: its example is exact, its code is believed, and its table is what doors answer."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.web.errand import GOOD, Said, ask
from tests.unit.web.test_signatures import KEY, URL, cause, send, service

GUIDE = (Path(__file__).parents[3] / "docs/guides/sign-a-request.md").read_text(encoding="utf-8")
EXAMPLE = Ed25519PrivateKey.from_private_bytes(
    urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
)
"""The key of RFC 9421, appendix B.1.4."""


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)\n```", GUIDE, re.DOTALL)


def _signed_headers() -> Callable[..., dict[str, str]]:
    said: dict[str, Any] = {}
    (code,) = _blocks("python")
    exec(code, said)
    found: Callable[..., dict[str, str]] = said["signed_headers"]
    return found


def test_the_example_is_what_the_code_signs() -> None:
    text, signature = _blocks("text")
    (body,) = re.findall(r'`(\{"unit".*?\})`', GUIDE)
    headers = _signed_headers()(
        EXAMPLE,
        "till-hotel",
        "POST",
        "https://points.example/points/v1/redemptions",
        body.encode(),
        "room-17-3",
        1735689600,
        "0123456789abcdef",
    )
    assert f'"content-digest": {headers["content-digest"]}' in text
    assert text.endswith(f'"@signature-params": {headers["signature-input"].removeprefix("till=")}')
    assert headers["signature"] == f"till=:{signature}:"
    EXAMPLE.public_key().verify(urlsafe_b64decode(signature.translate({43: 45, 47: 95})), text.encode())


def test_what_the_code_signs_is_believed() -> None:
    signed = _signed_headers()
    assert send(signed(KEY, "importer", "POST", URL, GOOD, "key-1")).status == 201
    read = signed(KEY, "importer", "GET", f"{URL}?limit=5")
    assert ask(service()[1], "GET", headers=read, query="limit=5").status == 200


def test_every_cause_in_the_table_is_one_that_doors_give() -> None:
    signed = _signed_headers()
    good = signed(KEY, "importer", "POST", URL, GOOD, "key-1")
    unkeyed = signed(KEY, "importer", "POST", URL, GOOD)
    wrong: dict[str, Said] = {
        "components-not-covered": send({**unkeyed, "Idempotency-Key": "key-1"}),
        "signature-too-old": send(signed(KEY, "importer", "POST", URL, GOOD, "key-1", 1735689600)),
        "nonce-missing": send(signed(KEY, "importer", "POST", URL, GOOD, "key-1", None, "short")),
        "signature-invalid": send(good, GOOD.replace(b"100", b"900")),
    }
    for named, said in wrong.items():
        assert cause(said) == named
        assert f"| 401 `{named}` |" in GUIDE
