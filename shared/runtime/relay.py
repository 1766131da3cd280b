"""The relay: carries events from the outbox to the service's topic, in order, at least once.

One relay per service leads: it holds a session advisory lock on the connection on which it reads, so whoever
loses that connection has nothing to send. Refuses to lose: a row leaves the outbox once the broker has it.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
import structlog
from kafka.errors import KafkaError
from psycopg2.extensions import connection as Connection

from contracts.event import Headers, constant_headers, own_headers
from shared.runtime import broker
from shared.runtime.floor import Floor
from shared.runtime.metrics import OUTBOX_AGE_SECONDS, OUTBOX_PUBLISHED, RELAY_LEADING
from shared.runtime.outbox import COLUMNS, OutboxRow
from shared.runtime.replays import Replaying
from shared.runtime.turn import acknowledged, within

log = structlog.get_logger("relay")

# An outbox is mostly empty or mostly dead, and its statistics are of another moment: never a scan of it.
BY_INDEX = "SET enable_seqscan = off; SET enable_bitmapscan = off"
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('tongfen relay', 0))"
_READ = f"SELECT {COLUMNS} FROM outbox WHERE id >= %s AND key <> ALL (%s) ORDER BY id LIMIT %s"  # noqa: S608
_MOVE = """
WITH gone AS (
    DELETE FROM outbox WHERE id = ANY (%s)
    RETURNING id, event_id, type, key, seq, occurred_at, data, traceparent, recorded_at
)
INSERT INTO outbox_archive (id, event_id, type, key, seq, occurred_at, data, traceparent, recorded_at)
SELECT id, event_id, type, key, seq, occurred_at, data, traceparent, recorded_at FROM gone
ON CONFLICT (event_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class RelayPace:
    """How often the outbox is looked at, how much one turn takes, how long the relay waits after a failure.

    `poll_s` lies between two looks; once nothing has come for `quiet_s`, `idle_s` does.
    `settled_s`: no transaction lives that long (they end after 15 s), so below the highest id seen that long
    ago nothing can appear any more. `held_s`: how long a key rests whose event cannot be sent.
    After a turn of `crowd` rows or more it rests `gather_s`: every turn costs the database and the broker the
    same few milliseconds, and one turn for the commits of some batches leaves the cores to the desk.
    """

    poll_s: float = 0.02
    quiet_s: float = 1.0
    idle_s: float = 0.1
    rows: int = 1_000
    settled_s: float = 60.0
    standby_s: float = 0.5
    backoff_s: float = 0.1
    backoff_max_s: float = 2.0
    held_s: float = 5.0
    crowd: int = 32
    gather_s: float = 0.08

    def look_away_s(self, quiet_for_s: float) -> float:
        """Give the seconds to the next look, by how long nothing has been found."""
        return self.poll_s if quiet_for_s < self.quiet_s else self.idle_s


class BrokerAway(Exception):
    """The broker did not acknowledge everything; what it did not acknowledge stays in the outbox."""


def _nothing(_: str) -> None:
    return None


class Relay:
    """A service's one way out.

    :param connect: opens the relay's own direct connection (role relay).
    :param producing: opens a producer; a fresh one after every failure.
    :param reached: told each named point of a turn; tests stall or kill there.
    """

    def __init__(
        self,
        service: str,
        topic: str,
        connect: Callable[[], Connection],
        producing: Callable[[], Any],
        pace: RelayPace = RelayPace(),
        *,
        reached: Callable[[str], None] = _nothing,
    ) -> None:
        self.topic = topic
        self._service = service
        self._connect = connect
        self._producing = producing
        self._pace = pace
        self._reached = reached
        self._connection: Connection | None = None
        self._producer: Any = None
        self._away = False
        self._floor = Floor(pace.settled_s)
        self._headers: dict[str, Headers] = {}
        self._held: dict[str, Held] = {}
        self._replaying = Replaying(pace.standby_s, pace.rows)
        self._woken = threading.Event()
        self._stopping = False
        self._carried = 0
        self._carried_at = 0.0
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    @classmethod
    def to(
        cls,
        bootstrap: str,
        service: str,
        topic: str,
        connect: Callable[[], Connection],
        *,
        reached: Callable[[str], None] = _nothing,
    ) -> "Relay":
        """Make the relay of a service for a broker."""

        def producing() -> Any:
            return broker.producer(bootstrap, f"{service}-relay")

        return cls(service, topic, connect, producing, reached=reached)

    def start(self) -> None:
        """Begin to carry; where another relay leads, stand by."""
        self._thread.start()

    def wake(self) -> None:
        """Tell the relay that a transaction with events has just been committed."""
        self._woken.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End after the turn under way; what is left stays in the outbox."""
        self._stopping = True
        self._woken.set()
        self._thread.join(timeout_s)

    @property
    def leading(self) -> bool:
        """Tell whether this relay holds the lock, as far as it knows."""
        return self._connection is not None

    def _run(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                self._lead()
                full = self._replay() or self._turn()
                failures = 0
                self._came_back()
                if not full and not self._stopping:
                    self._await_more()
            except NotLeading:
                self._rest(self._pace.standby_s)
            except (BrokerAway, KafkaError) as fault:
                failures += 1
                self._went_away("broker", fault)
                self._rest(self._pause(failures))
            except psycopg2.Error as fault:
                failures += 1
                self._went_away("database", fault)
                self._hang_up()
                self._rest(self._pause(failures))
            except Exception:
                failures += 1
                log.exception("relay.defect", topic=self.topic)
                self._hang_up()
                self._rest(self._pause(failures))
        self._hang_up()
        self._drop_producer()

    def _await_more(self) -> None:
        if self._carried >= self._pace.crowd:
            self._rest(self._pace.gather_s)
        else:
            self._woken.wait(self._pace.look_away_s(time.monotonic() - self._carried_at))
        self._woken.clear()

    def _pause(self, failures: int) -> float:
        return min(self._pace.backoff_s * 2.0 ** min(failures - 1, 16), self._pace.backoff_max_s)

    def _rest(self, seconds: float) -> None:
        # A wake of the desk must not shorten a rest: while the broker is away every commit wakes.
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))

    def _lead(self) -> None:
        if self._connection is not None:
            return
        connection = self._connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(BY_INDEX)
            cursor.execute(_LOCK)
            obtained = cursor.fetchone()[0]
        if not obtained:
            connection.close()
            raise NotLeading
        self._floor = Floor(self._pace.settled_s)
        self._replaying = Replaying(self._pace.standby_s, self._pace.rows)
        self._connection = connection
        RELAY_LEADING.set(1)
        log.info("relay.leads", topic=self.topic)

    def _replay(self) -> bool:
        """Publish a page of the archive, if anybody asked for it; nothing new leaves until all of it has."""
        assert self._connection is not None
        with self._connection.cursor() as cursor:
            page = self._replaying.page(cursor, time.monotonic())
            if page is None:
                return False
            self._let_go()
            taken = within(page.rows)
            published, failed = self._publish(taken) if taken else ([], None)
            self._reached("relay.replayed")
            self._replaying.passed(cursor, page, taken, published, self._held)
        if failed is not None:
            self._drop_producer()
            raise BrokerAway(str(failed))
        return True

    def _let_go(self) -> None:
        present = time.monotonic()
        self._held = {key: held for key, held in self._held.items() if held.until > present}

    def _turn(self) -> bool:
        """Publish what is pending, oldest first; tell whether more is waiting."""
        assert self._connection is not None
        present = time.monotonic()
        self._let_go()
        with self._connection.cursor() as cursor:
            cursor.execute(_READ, (self._floor.low, [*self._held], self._pace.rows))
            rows = [OutboxRow._make(row) for row in cursor.fetchall()]
            self._floor.seen([row.id for row in rows], [held.id for held in self._held.values()], present)
            OUTBOX_AGE_SECONDS.set(rows[0].age_s if rows else 0)
            self._carried = len(rows)
            if not rows:
                return False
            self._carried_at = present
            taken = within(rows)
            self._reached("relay.read")
            published, failed = self._publish(taken)
            self._reached("relay.sent")
            if published:
                cursor.execute(_MOVE, (published,))
                OUTBOX_PUBLISHED.inc(len(published))
        if failed is not None:
            self._drop_producer()
            raise BrokerAway(str(failed))
        return len(taken) < len(rows) or len(rows) == self._pace.rows

    def _publish(self, rows: Sequence[OutboxRow]) -> tuple[list[int], Exception | None]:
        """Send rows and give the ids that the broker acknowledged, and what failed if anything did."""
        if self._producer is None:
            self._producer = self._producing()
        send, topic = self._producer.send, self.topic
        sent: list[tuple[OutboxRow, Any]] = []
        for row in rows:
            if row.key in self._held:
                continue
            try:
                headers = self._headers_of(row)
                sent.append(
                    (row, send(topic, value=row.data.encode(), key=row.key.encode(), headers=headers))
                )
            except (ValueError, TypeError) as fault:
                self._hold(row, fault)
            except KafkaError as fault:
                if fault.retriable:
                    self._drop_producer()
                    raise
                self._hold(row, fault)
        # What a flush raises is told by the futures as well; they alone count.
        with contextlib.suppress(KafkaError):
            self._producer.flush(timeout=broker.DELIVERY_TIMEOUT_MS / 1000)
        return acknowledged(sent)

    def _headers_of(self, row: OutboxRow) -> Headers:
        shared = self._headers.get(row.type)
        if shared is None:
            shared = self._headers[row.type] = constant_headers(self._service, row.type)
        return shared + own_headers(row.event_id, row.key, row.seq, row.occurred_at, row.traceparent)

    def _hold(self, row: OutboxRow, fault: Exception) -> None:
        # The key stops at its first failure; everyone else goes on.
        self._held[row.key] = Held(row.id, time.monotonic() + self._pace.held_s)
        log.error("relay.unsendable", topic=self.topic, event_id=row.event_id, key=row.key, cause=str(fault))

    def _went_away(self, part: str, fault: Exception) -> None:
        if not self._away:
            self._away = True
            log.warning("relay.away", topic=self.topic, part=part, cause=str(fault).strip())

    def _came_back(self) -> None:
        if self._away:
            self._away = False
            log.info("relay.back", topic=self.topic)

    def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close(timeout=0.2)
            except KafkaError:
                log.debug("relay.producer_abandoned", topic=self.topic)

    def _hang_up(self) -> None:
        # Who leads no more knows nothing of the outbox: another one tells its age.
        RELAY_LEADING.set(0)
        OUTBOX_AGE_SECONDS.set(0)
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            connection.close()


@dataclass(frozen=True, slots=True)
class Held:
    """A key that rests until then (monotonic seconds), because its event of this id cannot be sent."""

    id: int
    until: float


class NotLeading(Exception):
    """Another relay of this service holds the lock."""
