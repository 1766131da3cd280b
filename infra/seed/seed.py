"""Bring the demo group in: rules by two persons, systems with keys of their own.

Done again, it changes nothing: every request has a key that follows from the data.
"""

from __future__ import annotations

from pathlib import Path

from infra.embedded.stack import Stack
from infra.seed.group import OPERATORS, clients, drafts
from infra.seed.keys import private_key, signer_of
from infra.staff import Staff
from shared.web.keys import private_key_of, public_key_text
from shared.web.signatures import RequestSigner


def seed_rules(address: str, staff_secret: str) -> int:
    """Draft every rule as the first operator and approve it as the second; give how many there are."""
    count = 0
    one, other = OPERATORS
    with Staff(address, one, staff_secret) as first, Staff(address, other, staff_secret) as second:
        for draft in drafts():
            name = f"seed:{draft['kind']}:{draft['subject']}"
            rule = first.post("/points/v1/rules", {"rule": draft}, f"{name}:draft")["rule"]
            second.post(f"/points/v1/rules/{rule}/approve", {}, f"{name}:approve")
            count += 1
    return count


def seed_clients(address: str, staff_secret: str, keys: Path) -> int:
    """Register every system with a key pair; private keys are files of the folder, 0600."""
    count = 0
    with Staff(address, OPERATORS[0], staff_secret) as operator:
        for client in clients():
            public = public_key_text(private_key_of(private_key(keys, client["client"])))
            body = {**client, "public_key": public}
            operator.post("/member/v1/clients", body, f"seed:client:{client['client']}")
            count += 1
    return count


def furnish(stack: Stack) -> RequestSigner:
    """Put units, rules and systems into a stack, once, and give the importer's signer."""
    secret, keys = stack.secrets.staff(), keys_of(stack)
    seed_rules(stack.address, secret)
    seed_clients(stack.address, secret, keys)
    return signer_of(keys, "importer")


def keys_of(stack: Stack) -> Path:
    """Give the folder of a stack's private keys."""
    return stack.home.folder("keys")
