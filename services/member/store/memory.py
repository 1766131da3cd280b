"""What the desk of this service loads and saves. Refuses to decide anything."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor

from services.member.domain.books import MemberBooks
from services.member.domain.client import Client
from services.member.domain.code import Challenge
from services.member.domain.identity import Identity, IdentityKind
from services.member.domain.member import Member
from services.member.domain.session import Session
from services.member.domain.signing_key import SigningKey
from services.member.domain.staff import Staff
from services.member.store.confirmations import load_confirmations
from services.member.store.shelves import SHELVES
from shared.kernel.command import Row
from shared.kernel.principal import Role
from shared.runtime import clock
from shared.runtime.memory import (
    Claim,
    Loaded,
    Record,
    claim_parameters,
    claimed,
    pg_array,
    pg_texts,
    record_parameters,
)

_LOAD = (
    "SELECT member_load(%s::text[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[],"
    " %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s)::text"
)
_SAVE = (
    "SELECT frame_save(%s::text[], %s::bytea[], %s::boolean[], %s::text[], %s::uuid[], %s::text[],"
    " %s::text[], %s::text[], %s::bigint[], %s::text[], %s::uuid[], %s::timestamptz[],"
    " %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[])"
)
# Rows that only their name's lock protects, because the first command that needs them may have to make them.
_BY_NAME = ("challenge", "confirmation", "staff", "keys")


class MemberMemory:
    """Loads and saves members, identities, codes, sessions, staff, clients and keys."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now

    def load(self, cursor: Cursor, claims: Sequence[Claim]) -> Loaded[MemberBooks]:
        """Obtain names, read first answers, lock rows by rank, read what is needed; then the clock, once."""
        rows, facts = _wanted(claims)
        wanted: dict[str, list[str]] = {}
        for noun, name in (*rows, *facts):
            wanted.setdefault(noun, []).append(name)
        cursor.execute(
            _LOAD,
            (
                *claim_parameters(claims),
                pg_texts(wanted.get("identity", ())),
                pg_array(wanted.get("profile", ())),
                pg_array(wanted.get("session", ())),
                pg_texts(wanted.get("challenge", ())),
                pg_texts(wanted.get("client", ())),
                pg_texts(wanted.get("staff", ())),
                "keys" in wanted,
            ),
        )
        found = orjson.loads(cursor.fetchone()[0])
        books = _books(found, self._now())
        load_confirmations(cursor, books, wanted.get("confirmation", ()))
        return Loaded(books=books, locks=_locks(rows, found, books), **claimed(found["frame"], claims))

    def save(self, cursor: Cursor, loaded: Loaded[MemberBooks], record: Record) -> None:
        """Write every record that was turned or added, then the frame's, events last."""
        books = loaded.books
        for kind, shelf in SHELVES.items():
            records = [*books.turned.get(kind, {}).values(), *books.added.get(kind, ())]
            if records:
                cursor.execute(shelf.statement, shelf.parameters(records))
        cursor.execute(_SAVE, record_parameters(record))

    def supply(self, cursor: Cursor, wants: Sequence[Any]) -> None:  # noqa: ARG002 - as every memory takes it
        """Provide nothing: no decision of this service is put off for want of anything."""
        assert not wants, "whoever puts a decision off provides here what it waits for"


def _wanted(claims: Sequence[Claim]) -> tuple[dict[Row, None], dict[Row, None]]:
    rows = dict.fromkeys(row for claim in claims for row in claim.needs.rows)
    return rows, dict.fromkeys(row for claim in claims for row in claim.needs.facts)


def _locks(rows: Iterable[Row], found: dict[str, Any], books: MemberBooks) -> dict[Row, str]:
    """Name the lock under which each row is held; a row that is held elsewhere is left out."""
    members = set(found["locked_members"] or ())
    sessions = set(found["locked_sessions"] or ())
    clients = set(found["locked_clients"] or ())
    locks: dict[Row, str] = {}
    for row in rows:
        noun, name = row
        identity = books.identities.get(name) if noun == "identity" else None
        if identity is not None:
            if identity.member in members:
                locks[row] = f"member {identity.member}"
        elif (
            noun in _BY_NAME
            or noun == "identity"
            or (noun == "session" and (name in sessions or name not in books.sessions))
            or (noun == "client" and (name in clients or name not in books.clients))
        ):
            locks[row] = f"{noun} {name}"
    return locks


def _books(found: dict[str, Any], now: datetime) -> MemberBooks:
    moment = datetime.fromisoformat
    books = MemberBooks(now)
    for id, version, registered_at, by in found["members"] or ():
        books.members[id] = Member(id, version, moment(registered_at), by)
    for kind, scope, value, member, linked_at, known in found["identities"] or ():
        identity = Identity(IdentityKind(kind), scope, value, member, moment(linked_at), known)
        books.identities[identity.name] = identity
    for phone, digest, sent_at, guesses, used, day, codes in found["challenges"] or ():
        books.challenges[phone] = Challenge(
            phone, bytes.fromhex(digest), moment(sent_at), guesses, used, moment(day), codes
        )
    for id, member, generation, opened_at, rotated_at, ended_at, by in found["sessions"] or ():
        end = None if ended_at is None else moment(ended_at)
        books.sessions[id] = Session(id, member, generation, moment(opened_at), moment(rotated_at), end, by)
    for id, role, unit, key, version, registered_at, revoked_at in found["clients"] or ():
        end = None if revoked_at is None else moment(revoked_at)
        books.clients[id] = Client(id, Role(role), unit, key, version, moment(registered_at), end)
    for subject, role, unit, active, edited_at in found["staff"] or ():
        books.staff[subject] = Staff(subject, Role(role), unit, active, moment(edited_at))
    for kid, key, sealed, signs_from, until, version in found["keys"] or ():
        books.keys[kid] = SigningKey(
            kid, key, bytes.fromhex(sealed), moment(signs_from), moment(until), version
        )
    return books
