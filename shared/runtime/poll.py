"""One poll on its way through the desk: what is obeyed, what is parked, what is dropped, what comes again.

Refuses to let one key hold up another, and to let an event pass a predecessor that was not obeyed.
"""

import time
from collections import Counter
from collections.abc import Sequence

import structlog
from prometheus_client import Counter as Measure

from contracts.event import Unreadable
from shared.kernel.command import Answer, Command
from shared.kernel.heard import EventFork
from shared.runtime import logs
from shared.runtime.hearing import ForeignSource, Hearing, Place, Record
from shared.runtime.metrics import REGISTRY
from shared.runtime.parked import Obeying, Parked, passing, poison, stopped_by

log = structlog.get_logger("consumer")
KNOWN_MAX = 100_000
HEARD = Measure(
    "tongfen_events_heard",
    "Events by topic and what became of them.",
    ("topic", "outcome"),
    registry=REGISTRY,
)

Waiting = list[tuple[Record, Command]]


def begin_counting(topics: Sequence[str]) -> None:
    """Let what rings be counted from nought on: an alert sees how a measure grows, not that it appears."""
    for topic in topics:
        for outcome in ("foreign", "fork"):
            HEARD.labels(topic, outcome)


class Poll:
    """The records of one poll, in the order of their partitions.

    :param known: keys of which the desk has heard an event, so that it sees a gap or a fork by itself; of any
        other key only the first event is handed in, and the rest once that one is obeyed.
    """

    def __init__(
        self, records: Sequence[Record], hearing: Hearing, desk: Obeying, parked: Parked, known: set[Place]
    ) -> None:
        self._records: Sequence[Record] | None = records
        self._hearing = hearing
        self._desk = desk
        self._parked = parked
        self._known = known
        self._waiting: Waiting = []
        self._causes: list[tuple[Record, str]] = []
        self._followers: list[Record] = []
        # Of an unreadable record its followers stop, of one that the desk refused whatever comes after it.
        self._unreadable: set[Place] = set()
        self._stopped: set[Place] = set()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._began = time.monotonic()
        if len(known) > KNOWN_MAX:
            known.clear()

    def obey(self, topics: Sequence[str], patience_s: float) -> bool:
        """Obey as much as can be obeyed now; tell whether all of the poll is done.

        :raises psycopg2.Error: if the database is away; to be called again, nothing happens twice.
        """
        if self._records is not None:
            self._sort(self._records, self._parked.open_places(topics))
            self._records = None
        self._settle()
        while self._waiting:
            now, later = self._handed_in()
            answers = self._desk.obey_all([command for _, command in now], patience_s)
            again = self._judge(now, answers)
            self._followers.extend(record for record, _ in later if record.place in self._stopped)
            later = [(record, command) for record, command in later if record.place not in self._stopped]
            self._waiting = [*again, *later]
            self._settle()
            if again:
                return False
        return True

    def tell(self, group: str) -> None:
        """Write the poll's one line, and count."""
        outcomes: Counter[str] = Counter()
        for (topic, outcome), count in self._counts.items():
            HEARD.labels(topic, outcome).inc(count)
            outcomes[outcome] += count
        log.info(
            "events.heard",
            group=group,
            duration_ms=round((time.monotonic() - self._began) * 1000, 1),
            **outcomes,
        )

    def _sort(self, records: Sequence[Record], open_places: set[Place]) -> None:
        for record in records:
            try:
                command = self._hearing.command(record)
            except ForeignSource as fault:
                self._count(record, "foreign")
                log.error("alarm.foreign_source", cause=str(fault), **_named(record))
                continue
            except Unreadable as fault:
                self._stop(record, poison(fault), open_places)
                continue
            except Exception as fault:
                log.exception("listener.defect", **_named(record))
                self._stop(record, f"defect: {type(fault).__name__}", open_places)
                continue
            if record.place in open_places or record.place in self._unreadable:
                self._followers.append(record)
            else:
                self._waiting.append((record, command))

    def _stop(self, record: Record, cause: str, open_places: set[Place]) -> None:
        if record.place in open_places or record.place in self._unreadable:
            self._followers.append(record)
            return
        self._unreadable.add(record.place)
        self._causes.append((record, cause))

    def _settle(self) -> None:
        """Park what stopped and what comes behind it; whose key was healed meanwhile is obeyed after all."""
        while self._causes or self._followers:
            self._parked.park(self._causes)
            for record, cause in self._causes:
                self._count(record, "parked")
                log.warning("event.parked", cause=cause, **_named(record))
            self._causes = []
            # Whatever is still to be parked stays with the poll until the database has it.
            free = self._parked.follow(self._followers)
            followers, self._followers = self._followers, []
            for record in followers:
                self._count(record, "behind")
            for record in free:
                self._counts[record.topic, "behind"] -= 1
                self._unreadable.discard(record.place)
                self._stopped.discard(record.place)
            self._sort(free, set())

    def _handed_in(self) -> tuple[Waiting, Waiting]:
        now: Waiting = []
        later: Waiting = []
        begun: set[Place] = set()
        for record, command in self._waiting:
            place = record.place
            if place in self._known or place not in begun:
                begun.add(place)
                now.append((record, command))
            else:
                later.append((record, command))
        return now, later

    def _judge(self, obeyed: Waiting, answers: Sequence[Answer]) -> Waiting:
        """Sort the answers: done, stopped, or to be handed in again with all that follows of its key."""
        again: Waiting = []
        held: set[Place] = set()
        for (record, command), answer in zip(obeyed, answers, strict=True):
            place = record.place
            if place in held or passing(answer.refusal):
                held.add(place)
                again.append((record, command))
            elif place in self._stopped:
                self._followers.append(record)
            elif (cause := stopped_by(answer)) is not None:
                self._stopped.add(place)
                self._causes.append((record, cause))
                if isinstance(answer.refusal, EventFork):
                    # Beside `parked`, for the alert.
                    HEARD.labels(record.topic, "fork").inc()
                    log.error("alarm.fork", cause=cause, **_named(record))
            else:
                self._known.add(place)
                self._count(record, "repeated" if answer.replayed else "obeyed")
        return again

    def _count(self, record: Record, outcome: str) -> None:
        """Count what became of an event, and write its one line."""
        self._counts[record.topic, outcome] += 1
        logs.canonical(
            "event",
            **_named(record),
            type=record.told("ce_type"),
            outcome=outcome,
            trace=record.trace_id,
        )


def _named(record: Record) -> dict[str, object]:
    return {
        "topic": record.topic,
        "key": record.key,
        "event_id": record.shown_id,
        "partition": record.partition,
        "position": record.position,
    }
