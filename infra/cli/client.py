"""`tongfen client`: the systems of units and importers whose signed requests are believed.

The private key is made here and never leaves its 0600 file; only the public one is registered.
"""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from infra.cli.answer import AsJson, AtHome, as_json, give_up, home_of, out, tabulate
from infra.cli.door import As, StaffDoor, address_of, system_reads, system_writes
from infra.embedded.home import Home
from infra.seed.keys import private_key
from shared.web.keys import private_key_of, public_key_text
from shared.web.signatures import RequestSigner

app = typer.Typer(no_args_is_help=True, help="Register and revoke the systems whose requests are believed.")

Name = Annotated[str, typer.Argument(help="Name of the client, such as till-hotel.")]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="unit-system or importer.")] = "unit-system",
    unit: Annotated[str | None, typer.Option(help="The unit of a unit-system, such as hotel.")] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Make a key, write it to a file only its owner may read, and register its public half.

    Example: tongfen client add till-hotel --unit hotel --as operator-1

    Repeated, it takes the key that is there. Ends with 1 when the group refuses, 3 when nothing runs.
    """
    place = home_of(home)
    door = StaffDoor(place, who)
    keys = place.folder("keys")
    public = public_key_text(private_key_of(private_key(keys, name)))
    body = {"client": name, "role": role, "public_key": public}
    found = door.post("/member/v1/clients", body if unit is None else {**body, "unit": unit})
    if json:
        as_json({**found, "key_file": str(keys / f"{name}.pem")})
    else:
        of_unit = f" of {unit}" if unit else ""
        out.print(f"{name} is registered as {role}{of_unit}. Its private key: {keys / name}.pem")


@app.command()
def revoke(name: Name, who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """End a client's key: nothing it signs is believed any more.

    Example: tongfen client revoke till-hotel --as operator-1

    Ends with 1 when there is no such client, 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).post(f"/member/v1/clients/{name}/revoke")
    if json:
        as_json(found)
    else:
        out.print(f"{name} is revoked.")


@app.command(name="list")
def list_clients(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """List all clients, revoked ones too.

    Example: tongfen client list --json

    Ends with 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).get("/member/v1/clients")
    if json:
        as_json(found["data"])
        return
    tabulate(
        ("client", "role", "unit", "registered", "revoked"),
        [
            (row["client"], row["role"], row["unit"] or "", row["registered_at"], row["revoked_at"] or "")
            for row in found["data"]
        ],
    )


@app.command()
def ask(
    name: Name,
    path: Annotated[str, typer.Argument(help="What to read, with its query: /points/v1/…")],
    home: AtHome = None,
) -> None:
    """Read something as a system, signed with its private key.

    Example: tongfen client ask till-hotel '/points/v1/redemptions?order_no=TOUR-1'

    Ends with 1 when the group refuses or there is no key of that name here, 3 when nothing runs.
    """
    place = home_of(home)
    print(system_reads(place, _signer(place, name), path))


@app.command()
def send(
    name: Name,
    path: Annotated[str, typer.Argument(help="Where to send it: /points/v1/…")],
    body: Annotated[str, typer.Argument(help="What to send, as JSON.")],
    key: Annotated[str | None, typer.Option(help="Idempotency key; without one, one nobody has.")] = None,
    home: AtHome = None,
) -> None:
    """Send something as a system, signed with its private key.

    Example: tongfen client send till-hotel /points/v1/redemptions/red_…/refunds '{"refund_no": "R1", …}'

    Repeated with the same --key, it gets the first answer. Ends with 1 when the group refuses or there is no
    key of that name here, 3 when nothing runs.
    """
    place = home_of(home)
    print(system_writes(place, _signer(place, name), path, body.encode(), key or str(uuid4())))


def _signer(place: Home, name: str) -> RequestSigner:
    # Where nothing runs, that is what is missing, not a key.
    address_of(place)
    key = place.root / "keys" / f"{name}.pem"
    if not key.exists():
        give_up(f"There is no private key {key}. `tongfen client add` makes one.")
    return RequestSigner(name, private_key_of(key.read_bytes()))
