"""How each kind of record is written: one constant statement with array parameters, whatever the batch holds.

Refuses to read: what a batch knows comes from the desk's one load.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.member.domain.client import Client
from services.member.domain.code import Challenge
from services.member.domain.confirmation import Confirmation
from services.member.domain.identity import Identity, StatedPhone
from services.member.domain.member import Member
from services.member.domain.message import Errand, Message
from services.member.domain.reading import PersonalRead
from services.member.domain.session import Session
from services.member.domain.signing_key import SigningKey
from services.member.domain.staff import Staff
from shared.runtime.memory import pg_array, pg_texts


def _moments(values: Iterable[datetime | None]) -> str:
    return pg_texts([None if value is None else value.isoformat() for value in values])


def _binary(values: Iterable[bytes]) -> str:
    return pg_texts(["\\x" + value.hex() for value in values])


@dataclass(frozen=True, slots=True)
class Shelf:
    """One statement and its columns: name, PostgreSQL type, how values become an array literal."""

    statement: str
    columns: tuple[tuple[str, Callable[[Any], str]], ...]

    def parameters(self, records: Sequence[Any]) -> list[str]:
        """Write the records as one array literal per column."""
        return [write([getattr(record, name) for record in records]) for name, write in self.columns]


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "uuid": pg_array,
    "bigint": pg_array,
    "integer": pg_array,
    "boolean": pg_array,
    "text": pg_texts,
    "bytea": _binary,
    "timestamptz": _moments,
}


def _shelf(table: str, columns: str, conflict: str) -> Shelf:
    """Make a shelf from `name type` pairs; every part of the text is a constant of this file."""
    pairs = [column.split() for column in columns.split(", ")]
    names = ", ".join([name for name, _ in pairs])
    arrays = ", ".join([f"%s::{kind}[]" for _, kind in pairs])
    statement = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {conflict}"  # noqa: S608
    return Shelf(statement, tuple((name, _WRITERS[kind]) for name, kind in pairs))


def _replacing(key: str, columns: str) -> str:
    assignments = ", ".join([f"{name} = excluded.{name}" for name in columns.split()])
    return f"ON CONFLICT ({key}) DO UPDATE SET {assignments}"


SHELVES: Mapping[type, Shelf] = {
    Member: _shelf(
        "members",
        "id uuid, version bigint, registered_at timestamptz, registered_by text",
        _replacing("id", "version"),
    ),
    # No word about conflicts: an identity that is there already was seen under its name's lock.
    Identity: _shelf(
        "identities",
        "kind text, scope text, value text, member uuid, linked_at timestamptz, range_known boolean",
        "",
    ),
    StatedPhone: _shelf(
        "stated_phones",
        "id uuid, member uuid, phone text, range_known boolean, stated_by text, stated_at timestamptz",
        "",
    ),
    Challenge: _shelf(
        "challenges",
        "phone text, digest bytea, sent_at timestamptz, guesses integer, used boolean,"
        " day_began_at timestamptz, codes_in_day integer",
        _replacing("phone", "digest sent_at guesses used day_began_at codes_in_day"),
    ),
    Confirmation: _shelf(
        "confirmations",
        "member uuid, purpose text, digest bytea, sent_at timestamptz, guesses integer, used boolean,"
        " day_began_at timestamptz, codes_in_day integer",
        _replacing("member", "purpose digest sent_at guesses used day_began_at codes_in_day"),
    ),
    Session: _shelf(
        "sessions",
        "id uuid, member uuid, generation integer, opened_at timestamptz, rotated_at timestamptz,"
        " ended_at timestamptz, ended_by text",
        _replacing("id", "generation rotated_at ended_at ended_by"),
    ),
    Staff: _shelf(
        "staff",
        "subject text, role text, unit text, active boolean, edited_at timestamptz",
        _replacing("subject", "role unit active edited_at"),
    ),
    Client: _shelf(
        "clients",
        "id text, role text, unit text, public_key text, version bigint, registered_at timestamptz,"
        " revoked_at timestamptz",
        _replacing("id", "role unit public_key version registered_at revoked_at"),
    ),
    SigningKey: _shelf(
        "signing_keys",
        "kid text, public_key text, sealed bytea, signs_from timestamptz, signs_until timestamptz,"
        " version bigint",
        _replacing("kid", "signs_until version"),
    ),
    # What an unkeyed command adds may come twice, if a commit's outcome was not learnt.
    PersonalRead: _shelf(
        "personal_reads",
        "id uuid, reader text, member uuid, reason text, read_at timestamptz",
        "ON CONFLICT (id) DO NOTHING",
    ),
    Errand: _shelf(
        "errands",
        "id uuid, kind text, subject text, body text, due_at timestamptz",
        "ON CONFLICT (id) DO NOTHING",
    ),
    Message: _shelf(
        "messages", "id uuid, phone text, text text, sent_at timestamptz", "ON CONFLICT (id) DO NOTHING"
    ),
}
