"""The ear: a thread that hears other services' topics, hands every poll to the desk, and only then moves on.

Order of the world: desk commits, then offsets; so what is heard twice dies in the inbox, and nothing is lost.
What cannot be obeyed is parked with its key, everyone else goes on. Refuses to decide and to skip silently.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
import structlog
from kafka.errors import CommitFailedError, KafkaError

from shared.runtime import broker
from shared.runtime.hearing import Hearing, Listener, Record
from shared.runtime.metrics import CONSUMER_LAG
from shared.runtime.parked import Obeying, Parked
from shared.runtime.poll import Poll, begin_counting

log = structlog.get_logger("consumer")


@dataclass(frozen=True, slots=True)
class ConsumerPace:
    """How a consumer polls and when it is taken for stuck (seconds).

    `silent_s`: a turn that lasts longer has hung. `stalled_s`: events wait that long and none comes, or no
    partition is given to it; then twice as long each time, at most `surplus_s`, for where consumers outnumber
    partitions each beginning disturbs the others.
    """

    poll_s: float = 0.25
    records: int = 500
    patience_s: float = 10.0
    lag_s: float = 5.0
    stalled_s: float = 60.0
    surplus_s: float = 3_600.0
    silent_s: float = 120.0
    backoff_s: float = 0.2
    backoff_max_s: float = 5.0


class Stalled(Exception):
    """Events are waiting and the client does not deliver them, or it has nothing to deliver them from."""


def _nothing(_: str) -> None:
    return None


class Consumer:
    """A service's ear on some topics, with one thread that hears and one that watches over it.

    :param group: the consumer group; members of one group share the partitions.
    :param listeners: what to do about each type of event; other types are only noted.
    :param settings: more settings of the client (session and poll intervals).
    :param reached: told each named point of a turn; tests stall or kill there.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Sequence[str],
        listeners: Mapping[str, Listener],
        desk: Obeying,
        parked: Parked,
        pace: ConsumerPace = ConsumerPace(),
        *,
        settings: Mapping[str, Any] | None = None,
        reached: Callable[[str], None] = _nothing,
    ) -> None:
        self.hearing = Hearing(listeners)
        self.parked = parked
        self.rebuilt = 0
        self._bootstrap = bootstrap
        self._group = group
        self._topics = list(topics)
        self._desk = desk
        self._pace = pace
        self._settings = {"max_poll_records": pace.records, **(settings or {})}
        self._reached = reached
        self._stopping = threading.Event()
        self._ear: Ear | None = None
        self._watchdog = threading.Thread(target=self._watch, name=f"watch {group}", daemon=True)

    def start(self) -> None:
        """Begin to listen; a broker that is away is awaited quietly."""
        begin_counting(self._topics)
        self._ear = self._listening()
        self._watchdog.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the poll under way, then leave the group."""
        self._stopping.set()
        ear = self._ear
        if ear is not None:
            ear.leave()
            ear.thread.join(timeout_s)
        self._watchdog.join(timeout_s)

    def _listening(self) -> "Ear":
        ear = Ear(self)
        ear.thread.start()
        return ear

    def _watch(self) -> None:
        while not self._stopping.wait(min(1.0, self._pace.silent_s / 4)):
            ear = self._ear
            assert ear is not None
            silent = time.monotonic() - ear.turned_at
            if ear.thread.is_alive() and silent <= self._pace.silent_s:
                continue
            # A thread cannot be killed: it is left behind; should it go on, the inbox drops what it says.
            log.error("consumer.rebuilt", group=self._group, silent_s=round(silent, 1))
            ear.leave()
            self.rebuilt += 1
            self._ear = self._listening()


class Ear:
    """One life of a consumer: a thread with a client of its own. It is replaced, never repaired."""

    def __init__(self, owner: Consumer) -> None:
        self.turned_at = time.monotonic()
        self.thread = threading.Thread(target=self._run, name=f"ear {owner._group}", daemon=True)
        self._owner = owner
        self._pace = owner._pace
        self._left = threading.Event()
        self._known: set[tuple[str, str]] = set()
        self._away = False
        self._looked_at = 0.0
        self._heard_at = time.monotonic()
        self._assigned = False
        self._unassigned_s = self._pace.stalled_s

    def leave(self) -> None:
        """End after the turn under way, without committing what is not done."""
        self._left.set()

    def _run(self) -> None:
        failures = 0
        while not self._left.is_set():
            try:
                self._live()
                return
            except (KafkaError, psycopg2.Error, Stalled) as fault:
                failures += 1
                self._went_away(fault)
            except Exception:
                failures += 1
                log.exception("consumer.defect", group=self._owner._group)
            self._turned()
            self._left.wait(
                min(self._pace.backoff_s * 2.0 ** min(failures - 1, 16), self._pace.backoff_max_s)
            )

    def _went_away(self, fault: Exception) -> None:
        if not self._away:
            self._away = True
            log.warning("consumer.away", group=self._owner._group, cause=str(fault).strip())

    def _came_back(self) -> None:
        if self._away:
            self._away = False
            log.info("consumer.back", group=self._owner._group)

    def _live(self) -> None:
        owner = self._owner
        client = broker.consumer(owner._bootstrap, owner._group, **owner._settings)
        try:
            client.subscribe(owner._topics)
            self._heard_at = time.monotonic()
            while not self._left.is_set():
                self._turned()
                try:
                    self._turn(client)
                except KafkaError as fault:
                    if not fault.retriable:
                        raise
                    # The same client comes back as the same member; a fresh one would wait for its own ghost.
                    self._went_away(fault)
                    self._left.wait(self._pace.backoff_s)
                except psycopg2.Error as fault:
                    self._owner.parked.close()
                    self._went_away(fault)
                    self._left.wait(self._pace.backoff_s)
        finally:
            client.close(autocommit=False, timeout_ms=2_000)

    def _turned(self) -> None:
        self.turned_at = time.monotonic()

    def _turn(self, client: Any) -> None:
        found = client.poll(timeout_ms=int(self._pace.poll_s * 1000))
        records = [record for batch in found.values() for record in _records(batch)]
        if records and self._obey(records):
            self._commit(client)
            self._heard_at = time.monotonic()
        self._look(client)

    def _obey(self, records: Sequence[Record]) -> bool:
        """Obey one poll, however long the desk is away; tell whether it is done."""
        owner = self._owner
        poll = Poll(records, owner.hearing, owner._desk, owner.parked, self._known)
        pause = self._pace.backoff_s
        while not self._left.is_set():
            try:
                if poll.obey(owner._topics, self._pace.patience_s):
                    poll.tell(owner._group)
                    owner._reached("consumer.obeyed")
                    return True
            except psycopg2.Error as fault:
                self._went_away(fault)
                owner.parked.close()
            self._turned()
            self._left.wait(pause)
            pause = min(pause * 2, self._pace.backoff_max_s)
        return False

    def _commit(self, client: Any) -> None:
        try:
            client.commit(timeout_ms=broker.REQUEST_TIMEOUT_MS)
        except CommitFailedError:
            # The group went on without us (a slow turn, a rebalance): whoever hears this again drops it.
            log.info("consumer.superseded", group=self._owner._group)

    def _look(self, client: Any) -> None:
        """Measure the lag now and then; a client that delivers nothing although events wait is given up."""
        present = time.monotonic()
        if present - self._looked_at < self._pace.lag_s:
            return
        self._looked_at = present
        self._owner.parked.measure()
        parts = client.assignment()
        if not parts:
            self._await_partitions(present)
            return
        waiting = 0
        ends = client.end_offsets(parts, timeout_ms=broker.REQUEST_TIMEOUT_MS)
        for part, end in ends.items():
            position = client.position(part, timeout_ms=broker.REQUEST_TIMEOUT_MS)
            lag = max(end - (position or 0), 0)
            waiting += lag
            CONSUMER_LAG.labels(part.topic, str(part.partition)).set(lag)
        self._came_back()
        if not waiting or not self._assigned:
            self._heard_at = present
        elif present - self._heard_at > self._pace.stalled_s:
            raise Stalled(f"{waiting} events wait and none is delivered")
        self._assigned, self._unassigned_s = True, self._pace.stalled_s

    def _await_partitions(self, present: float) -> None:
        """Begin anew where none is given for long.

        A client that shared out partitions while its topic was made anew may never look again: it takes what
        it missed for what it knew. It cannot be told from one that has none because others have all.
        """
        self._assigned = False
        if present - self._heard_at > self._unassigned_s:
            self._unassigned_s = min(self._unassigned_s * 2, self._pace.surplus_s)
            raise Stalled("no partition is given to it")


def _records(batch: Iterable[Any]) -> Iterable[Record]:
    for one in batch:
        key = "" if one.key is None else one.key.decode("utf-8", "replace").replace("\x00", "\ufffd")
        yield Record(one.topic, one.partition, one.offset, key, tuple(one.headers), one.value)
