"""`tongfen client`: the systems of units and importers whose signed requests are believed.

The private key is made here and never leaves its 0600 file; only the public one is registered.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.table import Table

from infra.cli.answer import AsJson, AtHome, as_json, home_of, out
from infra.cli.door import As, StaffDoor
from infra.embedded.home import Home
from infra.embedded.secrets import write_private

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
    path = key_file(place, name)
    body = {"client": name, "role": role, "public_key": public_half(private_key(path))}
    found = door.post("/member/v1/clients", body if unit is None else {**body, "unit": unit})
    if json:
        as_json({**found, "key_file": str(path)})
    else:
        out.print(f"{name} is registered as {role}{f' of {unit}' if unit else ''}. Its private key: {path}")


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
    table = Table("client", "role", "unit", "registered", "revoked", box=None, pad_edge=False)
    for row in found["data"]:
        table.add_row(
            row["client"], row["role"], row["unit"] or "", row["registered_at"], row["revoked_at"] or ""
        )
    out.print(table)


def key_file(home: Home, name: str) -> Path:
    """Name the file of a client's private key."""
    return home.folder("clients") / f"{name}.pem"


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read a client's private key; make it, readable by its owner alone, if there is none."""
    if not path.exists():
        fresh = Ed25519PrivateKey.generate()
        pem = fresh.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(path, pem.decode("ascii"))
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def public_half(key: Ed25519PrivateKey) -> str:
    """Write a key's public half as the doors take it: base64url without padding."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
