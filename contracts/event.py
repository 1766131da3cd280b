"""An event as CloudEvents 1.0 in Kafka's binary mode: `ce_*` headers around JSON data.

Own lines instead of the package cloudevents: its writer and its reader take the data apart and put it
together again, while the outbox holds finished JSON; a relay shares the interpreter with the desk and has no
time for that. A test reads what is written here with that package. Refuses to decide what an event leads to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from contracts.catalogue import EVENTS, schema_name
from contracts.shapes import EventData

Headers = list[tuple[str, bytes]]
D = TypeVar("D", bound=EventData, covariant=True)


class Unreadable(ValueError):
    """A record is not one of our events: a header is missing or malformed, or the data is not of its type."""


@dataclass(frozen=True, slots=True)
class Event(Generic[D]):
    """Something that happened in a service.

    `id` is the canonical UUIDv7 (on the wire `evt_` and 32 hex digits), `key` the id of the row it is about,
    `seq` that row's version, `time` when it occurred in UTC.
    """

    id: str
    source: str
    type: str
    key: str
    seq: int
    time: datetime
    traceparent: str | None
    data: D


@dataclass(frozen=True, slots=True)
class Label:
    """What the headers of an event say: all of it but the data."""

    id: str
    source: str
    type: str
    key: str
    seq: int
    time: datetime
    traceparent: str | None


def source_of(service: str) -> str:
    """Give the `source` of a service's events."""
    return f"/tongfen/{service}"


def constant_headers(service: str, event_type: str) -> Headers:
    """Write the headers that all events of a type share."""
    return [
        ("ce_specversion", b"1.0"),
        ("content-type", b"application/json"),
        ("ce_source", source_of(service).encode()),
        ("ce_type", event_type.encode()),
        ("ce_dataschema", schema_name(event_type).encode()),
    ]


def own_headers(shown_id: str, key: str, seq: int, time: str, traceparent: str | None) -> Headers:
    """Write the headers that one event has for itself.

    :param shown_id: `evt_` and 32 hex digits.
    :param time: when it occurred, RFC 3339.
    """
    headers = [
        ("ce_id", shown_id.encode()),
        ("ce_subject", key.encode()),
        ("ce_time", time.encode()),
        ("ce_seq", b"%d" % seq),
    ]
    if traceparent is not None:
        headers.append(("ce_traceparent", traceparent.encode()))
    return headers


def source_in(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """Read only the source, or None where there is none: it is judged before anything else is believed."""
    for name, value in headers:
        if name == "ce_source" and value is not None:
            return value.decode("utf-8", "replace")
    return None


def label_of(headers: Iterable[tuple[str, bytes | None]]) -> Label:
    """Read the headers of an event; data is left alone, so an unknown type can be noted too.

    :raises Unreadable: if a header we need is missing or malformed.
    """
    try:
        told = {name: value.decode() for name, value in headers if value is not None}
        if told["ce_specversion"] != "1.0":
            raise Unreadable(f"specversion {told['ce_specversion']}")
        return Label(
            id=_canonical(told["ce_id"]),
            source=told["ce_source"],
            type=told["ce_type"],
            key=told["ce_subject"],
            seq=_counted(told["ce_seq"]),
            time=_moment(told["ce_time"]),
            traceparent=told.get("ce_traceparent"),
        )
    except KeyError as missing:
        raise Unreadable(f"no header {missing.args[0]}") from missing
    except UnicodeDecodeError as fault:
        raise Unreadable("a header is not UTF-8") from fault


def opened(
    label: Label, body: bytes | None, catalogue: Mapping[str, type[EventData]] = EVENTS
) -> Event[EventData]:
    """Read the data that belongs to a label; fields that we do not know are ignored.

    :raises Unreadable: if the type is not listed or the data is not of its type.
    """
    model = catalogue.get(label.type)
    if model is None:
        raise Unreadable(f"{label.type} is not in the catalogue")
    if body is None:
        raise Unreadable("no data")
    try:
        data = model.model_validate_json(body)
    except ValueError as fault:
        raise Unreadable(str(fault)) from fault
    return Event(
        label.id, label.source, label.type, label.key, label.seq, label.time, label.traceparent, data
    )


def _canonical(shown: str) -> str:
    bare = shown[4:]
    if not shown.startswith("evt_") or len(bare) != 32 or not set(bare) <= set("0123456789abcdef"):
        raise Unreadable("the id is not evt_ and 32 hex digits")
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"


def _counted(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise Unreadable("seq is not a count")
    return int(text)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        # The first and last hours of the calendar have no UTC.
        in_utc = moment.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise Unreadable("time is not RFC 3339") from fault
    if moment.tzinfo is None:
        raise Unreadable("time has no offset")
    return in_utc
