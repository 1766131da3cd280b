"""Bring the demo group in: rules by two persons, systems with keys of their own.

Done again, it changes nothing: every request has a key that follows from the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.embedded.stack import Stack
from infra.seed.group import OPERATORS, clients, drafts, later_drafts
from infra.seed.keys import private_key, signer_of
from infra.staff import Staff
from shared.web.keys import private_key_of, public_key_text
from shared.web.signatures import RequestSigner


def seed_rules(address: str, staff_secret: str, rules: Iterable[Mapping[str, Any]]) -> int:
    """Draft every rule as the first operator and approve it as the second; give how many there are."""
    count = 0
    one, other = OPERATORS
    with Staff(address, one, staff_secret) as first, Staff(address, other, staff_secret) as second:
        for draft in rules:
            moment = (draft["valid_from"],) if "valid_from" in draft else ()
            name = ":".join(("seed", draft["kind"], draft["subject"], *moment))
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
    seed_rules(stack.address, secret, drafts())
    seed_clients(stack.address, secret, keys)
    return signer_of(keys, "importer")


def furnish_later_rules(stack: Stack, valid_from: datetime) -> None:
    """Put in the rules that hold from that moment on; books without a journal take any moment."""
    seed_rules(stack.address, stack.secrets.staff(), later_drafts(valid_from.isoformat()))


def keys_of(stack: Stack) -> Path:
    """Give the folder of a stack's private keys."""
    return stack.home.folder("keys")
