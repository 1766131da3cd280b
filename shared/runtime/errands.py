"""Errands: what must be said to the outside is a row saved with the decision and carried out afterwards.

A job leases what is due, commits, then calls the gateway: never in a transaction, never in a poll. The id of
an errand is the gateway's idempotency key: where a messenger died it is said again, and still done once.
Refuses to keep what was said: an errand's body is emptied once it is done, its row swept 30 days later
unless it was given up.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import structlog
from prometheus_client import Counter
from psycopg2.extensions import connection as Connection

from shared.runtime import clock
from shared.runtime.database import outage_behind
from shared.runtime.metrics import REGISTRY

log = structlog.get_logger("errands")
DONE = Counter(
    "tongfen_errands", "Errands by kind and what became of them.", ("kind", "outcome"), registry=REGISTRY
)

OUTCOMES = ("done", "put-off", "given-up")

_LEASING = """
UPDATE errands SET leased_until = %(until)s, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM errands
    WHERE done_at IS NULL AND due_at <= %(now)s AND (leased_until IS NULL OR leased_until <= %(now)s)
      AND kind = ANY (%(kinds)s) AND {which}
    ORDER BY due_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id::text, kind, subject, body, attempts
"""
_LEASE = _LEASING.format(which="lane = ANY (%(lanes)s)")
_LEASE_OTHERS = _LEASING.format(which="lane <> ALL (%(lanes)s)")
FINISH = """
UPDATE errands SET done_at = %(now)s, outcome = %(outcome)s, body = '', leased_until = NULL
WHERE id = %(id)s AND done_at IS NULL
"""
"""Ends an errand: by its messenger, or by a desk that keeps the word for which it went."""
_PUT_OFF = """
UPDATE errands SET due_at = %(due)s, outcome = %(outcome)s, leased_until = NULL
WHERE id = %(id)s AND done_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to be said to the outside; `id` (a canonical UUID) is the gateway's idempotency key.

    `attempts` counts this one too.
    """

    id: str
    kind: str
    subject: str
    body: str
    attempts: int


class Declined(Exception):
    """The outside will never do this errand (an unknown number, a closed account): it is not tried again."""


Gateway = Callable[[Errand], str]
"""Does the errand within its lease and gives an outcome without anything personal.

Raises Declined for a final no, anything else to be asked again."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Which errands a messenger carries: those of these lanes, or of all `others`.

    Who is silent is waited for; with a messenger of its own nobody else's errands wait behind it.
    """

    names: tuple[str, ...]
    others: bool = False


EVERY_LANE = Lanes((), others=True)


@dataclass(frozen=True, slots=True)
class ErrandPace:
    """How errands are leased and tried again (seconds); after `attempts` one is given up, with an alarm."""

    poll_s: float = 0.2
    lease_s: float = 30.0
    at_once: int = 8
    backoff_s: float = 2.0
    backoff_max_s: float = 3_600.0
    attempts: int = 12


class Errands:
    """The messenger of a service: one thread that leases, a few that call.

    :param connect: opens the job's own connection (role desk).
    :param gateways: who does which kind of errand; other kinds are left alone.
    :param lanes: whose errands are carried; others are left to other messengers.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        gateways: Mapping[str, Gateway],
        pace: ErrandPace = ErrandPace(),
        lanes: Lanes = EVERY_LANE,
    ) -> None:
        self._connect = connect
        self._gateways = dict(gateways)
        self._pace = pace
        self._lanes = lanes
        self._stopping = False
        self._woken = threading.Event()
        self._pool = ThreadPoolExecutor(pace.at_once, thread_name_prefix="errand")
        self._thread = threading.Thread(target=self._run, name="errands", daemon=True)
        self._away = False
        self._connection: Connection | None = None
        # A measure that first appears at 1 has not grown, as far as an alert can tell.
        for kind, outcome in product(self._gateways, OUTCOMES):
            DONE.labels(kind, outcome)

    def start(self) -> None:
        """Begin to run errands."""
        self._thread.start()

    def wake(self) -> None:
        """Tell the messenger that a transaction with an errand has just been committed."""
        self._woken.set()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish what is being said, lease nothing more."""
        self._stopping = True
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if self._connection is not None and not self._thread.is_alive():
            self._connection.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def run_due(self) -> int:
        """Lease what is due, do it, and write down what came of it; tell how many were tried."""
        errands = self._lease()
        for errand, said in zip(errands, self._pool.map(self._call, errands), strict=True):
            self._write_down(errand, said)
        return len(errands)

    def _run(self) -> None:
        while not self._stopping:
            try:
                tried = self.run_due()
                self._away = False
            except Exception as fault:
                tried = 0
                outage = outage_behind(fault)
                if outage is None:
                    log.exception("errands.defect")
                elif not self._away:
                    self._away = True
                    log.warning("errands.away", cause=str(outage).strip())
            if not tried:
                self._woken.wait(self._pace.poll_s)
                self._woken.clear()

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def _lease(self) -> Sequence[Errand]:
        present = clock.now()
        facts = {
            "now": present,
            "until": present + timedelta(seconds=self._pace.lease_s),
            "kinds": list(self._gateways),
            "lanes": list(self._lanes.names),
            "most": self._pace.at_once,
        }
        with self._open() as connection, connection.cursor() as cursor:
            cursor.execute(_LEASE_OTHERS if self._lanes.others else _LEASE, facts)
            return [Errand(*row) for row in cursor.fetchall()]

    def _call(self, errand: Errand) -> "Said":
        try:
            return Said(self._gateways[errand.kind](errand), done=True)
        except Declined as fault:
            return Said(f"declined: {fault}", done=True)
        except Exception as fault:  # noqa: BLE001 (whatever a gateway meets is a reason to try again)
            log.warning("errand.failed", id=errand.id, kind=errand.kind, cause=type(fault).__name__)
            return Said(f"failed: {type(fault).__name__}", done=False)

    def _write_down(self, errand: Errand, said: "Said") -> None:
        present = clock.now()
        given_up = not said.done and errand.attempts >= self._pace.attempts
        if said.done or given_up:
            outcome = said.outcome if said.done else f"given up, {said.outcome}"
            self._execute(FINISH, {"id": errand.id, "now": present, "outcome": outcome})
            level = log.error if given_up else log.info
            level("errand.done", id=errand.id, kind=errand.kind, outcome=outcome, attempts=errand.attempts)
            DONE.labels(errand.kind, "given-up" if given_up else "done").inc()
        else:
            self._put_off(errand, present, said.outcome)

    def _put_off(self, errand: Errand, present: datetime, outcome: str) -> None:
        pause = min(self._pace.backoff_s * 2.0 ** min(errand.attempts - 1, 30), self._pace.backoff_max_s)
        due = present + timedelta(seconds=pause)
        self._execute(_PUT_OFF, {"id": errand.id, "due": due, "outcome": outcome})
        DONE.labels(errand.kind, "put-off").inc()

    def _execute(self, statement: str, facts: Mapping[str, object]) -> None:
        with self._open() as connection, connection.cursor() as cursor:
            cursor.execute(statement, facts)


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a call."""

    outcome: str
    done: bool
