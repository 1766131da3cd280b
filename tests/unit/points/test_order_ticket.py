"""Order tickets as the door reads them: signed by a system of their unit, saying neither less nor more."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from services.points.api.order_tickets import TICKET_MAX, TYPE, TicketReader
from services.points.domain.order_ticket import NoTicket, OrderTicket
from shared.kernel.principal import Role
from shared.runtime.clock import now
from shared.web.clients import Client, ClientsInMemory
from shared.web.keys import new_private_key, private_key_text
from shared.web.tokens import ALGORITHM

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "hold-points.md"
HOTEL, OFFICE, IMPORTER = new_private_key(), new_private_key(), new_private_key()
BOOK = ClientsInMemory(
    {
        "till-hotel": Client("till-hotel", Role.UNIT_SYSTEM, "hotel", HOTEL.public_key()),
        "till-office": Client("till-office", Role.UNIT_SYSTEM, "office", OFFICE.public_key()),
        "importer": Client("importer", Role.IMPORTER, None, IMPORTER.public_key()),
    }
)
READER = TicketReader(BOOK)
ENDS = int((now() + timedelta(hours=1)).timestamp())
SAID: dict[str, Any] = {"unit": "hotel", "order_no": "房 17-3", "price_fen": 4_800, "exp": ENDS}


def ticket(
    said: dict[str, Any], key: Ed25519PrivateKey = HOTEL, client: str = "till-hotel", **header: Any
) -> str:
    """Sign a ticket as a till does."""
    head = {"alg": ALGORITHM, "kid": client, "typ": TYPE, **header}
    return jwt.encode(head, said, OKPKey.import_key(key), algorithms=[head["alg"]])


def test_what_a_till_signed_is_read() -> None:
    ends = datetime.fromtimestamp(ENDS, UTC)
    assert READER.read(ticket(SAID)) == OrderTicket("hotel", "房 17-3", 4_800, ends)
    named = ticket({**SAID, "number": "room 17", "iat": ENDS - 60})
    assert READER.read(named) == OrderTicket("hotel", "房 17-3", 4_800, ends, "ROOM 17")
    # A ticket that is over is read all the same: who asks again must get the first answer.
    assert READER.read(ticket({**SAID, "exp": 1})) == OrderTicket(
        "hotel", "房 17-3", 4_800, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        "e30.e30.",
        ticket(SAID)[:-2],
        f"{ticket(SAID)}A",
        ".".join((*ticket(SAID).split(".")[:2], ticket({**SAID, "price_fen": 1}).split(".")[2])),
        ticket(SAID, OFFICE),
        ticket(SAID, client="till-nobody"),
        ticket(SAID, IMPORTER, "importer"),
        ticket(SAID, typ="at+jwt"),
        ticket(SAID, typ="confirmation+jwt"),
        ticket(SAID, typ="JWT"),
        ticket(SAID, jku="https://keys.example.com"),
        ticket(SAID, jwk={"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        jwt.encode(
            {"alg": "HS256", "kid": "till-hotel", "typ": TYPE},
            SAID,
            OctKey.import_key(HOTEL.public_key().public_bytes_raw()),
            algorithms=["HS256"],
        ),
        "x" * TICKET_MAX,
    ],
)
def test_what_no_system_of_a_unit_signed_is_none(text: str) -> None:
    assert READER.read(text) == NoTicket("signature")


@pytest.mark.parametrize(
    "change",
    [
        {"unit": None},
        {"order_no": ""},
        {"order_no": 17},
        {"order_no": "1" * 65},
        {"order_no": "a\u202eb"},
        {"price_fen": 0},
        {"price_fen": True},
        {"price_fen": 48.5},
        {"price_fen": "4800"},
        {"price_fen": 2**63},
        {"exp": None},
        {"exp": 1.5},
        {"exp": 2**63},
        {"number": 17},
        {"lots": 1},
    ],
)
def test_a_ticket_that_says_less_or_more_or_oddly_is_none(change: dict[str, Any]) -> None:
    said = {name: value for name, value in {**SAID, **change}.items() if value is not None}
    assert READER.read(ticket(said)) == NoTicket("claims")


def test_a_till_signs_for_its_own_unit_alone_and_not_once_it_is_revoked() -> None:
    assert READER.read(ticket(SAID, OFFICE, "till-office")) == NoTicket("unit")
    book = ClientsInMemory(
        {"till-hotel": Client("till-hotel", Role.UNIT_SYSTEM, "hotel", HOTEL.public_key())}
    )
    reader, shown = TicketReader(book), ticket(SAID)
    assert isinstance(reader.read(shown), OrderTicket)
    book.revoke("till-hotel")
    assert reader.read(shown) == NoTicket("signature")


def test_the_lines_of_the_guide_make_a_ticket(tmp_path: Path) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    key = tmp_path / "till-hotel.pem"
    key.write_bytes(private_key_text(HOTEL))
    assert ".tongfen/keys/till-hotel.pem" in lines
    made: dict[str, Any] = {}
    exec(lines.replace(".tongfen/keys/till-hotel.pem", str(key)), made)
    shown = READER.read(made["ticket"])
    assert isinstance(shown, OrderTicket)
    assert (shown.unit, shown.order_no, shown.price_fen) == ("hotel", "room-17-3", 4_800)
    assert timedelta(minutes=9) < shown.expires_at - now() <= timedelta(hours=1)
