"""An event that this service has nothing to do about: it is only noted, so that the next one is no gap."""

from dataclasses import dataclass

from shared.kernel.command import Asked, Books, Needs, Outcome


@dataclass(frozen=True, slots=True)
class NoteEvent:
    """Nothing but the key and the place of an event."""

    asked: Asked

    def needs(self) -> Needs:
        """Need nothing."""
        return Needs()


def note_event(_: Books, command: NoteEvent) -> Outcome:
    """Change nothing; the desk keeps the event's id and version."""
    return Outcome(answer={"noted": command.asked.id})
