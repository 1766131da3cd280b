"""What points knows of member by hearing alone, beside what member knows itself, as digests."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from tests.journeys.group import Group

TRUTH = {
    "clients": "SELECT id, role, unit, public_key, revoked_at IS NOT NULL FROM clients",
    "keys": "SELECT kid, public_key FROM signing_keys",
    "numbers": "SELECT scope || ':' || upper(value), 'mem_' || replace(member::text, '-', '') FROM identities"
    " WHERE kind = 'unit-number'",
}
HEARD = {
    "clients": "SELECT client, role, unit, public_key, is_revoked FROM clients",
    "keys": "SELECT kid, public_key FROM signing_keys",
    "numbers": "SELECT w.identity, m.identity FROM wallets w JOIN wallets m USING (holder_id)"
    " WHERE w.identity LIKE '%%:%%' AND m.identity LIKE 'mem\\_%%'",
}


def facts(group: Group, service: str) -> dict[str, list[Any]]:
    """Read all facts that travel from member to points, as one of both services has them."""
    questions = TRUTH if service == "member" else HEARD
    return {
        name: sorted([list(row) for row in group.rows(service, question)], key=orjson.dumps)
        for name, question in questions.items()
    }


def digest(group: Group, service: str) -> str:
    """Digest what a service knows of those facts."""
    told = orjson.dumps(facts(group, service), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told).hexdigest()[:16]
