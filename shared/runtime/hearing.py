"""From a record on a topic to the command it leads to, for consumers and for replays of what was parked.

Refuses to believe a record: a foreign source is no event of the topic's owner, what cannot be read is poison.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.event import Event, Label, Unreadable, label_of, opened, source_in, source_of
from shared.kernel.command import Asked, Command, Heard, Key, fingerprint
from shared.kernel.note import NoteEvent
from shared.runtime import clock
from shared.runtime.topics import owner_of

Listener = Callable[[Event[Any], Asked], Command | None]
"""Turns an event into a command, or None where nothing is to be done; `asked` goes into it as it is."""

Place = tuple[str, str]
"""Topic and key: one story, told in order."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands on the topic; `position` is its offset, `key` the text of its key."""

    topic: str
    partition: int
    position: int
    key: str
    headers: tuple[tuple[str, bytes | None], ...]
    body: bytes | None

    @property
    def place(self) -> Place:
        """The story this record belongs to."""
        return self.topic, self.key

    @property
    def shown_id(self) -> str:
        """The event's id as its header tells it, for people who look; empty where there is none."""
        return self.told("ce_id")

    @property
    def trace_id(self) -> str | None:
        """The trace in which the event was announced, as its header tells it."""
        parts = self.told("ce_traceparent").split("-")
        return parts[1] if len(parts) > 1 else None

    def told(self, header: str) -> str:
        """Give what a header tells; empty where there is none."""
        return next(
            (value.decode("utf-8", "replace") for name, value in self.headers if name == header and value),
            "",
        )


class ForeignSource(Exception):
    """Somebody wrote on a topic that is not theirs."""


class Hearing:
    """What a service makes of events: a listener per type; every other type is only noted."""

    def __init__(self, listeners: Mapping[str, Listener]) -> None:
        self._listeners = listeners

    def command(self, record: Record) -> Command:
        """Give the command that a record leads to.

        :raises ForeignSource: if the record does not come from the topic's owner.
        :raises Unreadable: if it is not one of our events.
        """
        expected, source = source_of(owner_of(record.topic)), source_in(record.headers)
        if source != expected:
            raise ForeignSource(f"{source} wrote on the topic of {expected}")
        label = label_of(record.headers)
        if label.key != record.key:
            raise Unreadable("the record's key is not the event's subject")
        asked = _asked(record, label)
        listener = self._listeners.get(label.type)
        if listener is None:
            return NoteEvent(asked)
        return listener(opened(label, record.body), asked) or NoteEvent(asked)

    def note(self, record: Record) -> NoteEvent | None:
        """Give the command that only notes a record, or None where not even its headers can be read."""
        try:
            return NoteEvent(_asked(record, label_of(record.headers)))
        except Unreadable:
            return None


def _asked(record: Record, label: Label) -> Asked:
    return Asked(
        id=clock.mint_id(),
        key=Key(record.topic, label.id, fingerprint(label.type, record.body or b""), event=True),
        heard=Heard(record.topic, label.key, label.seq),
        traceparent=label.traceparent,
    )
