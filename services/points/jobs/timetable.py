"""Which job goes its round when. With the clock off, only those that are no clock door: closing, audits."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from services.points.jobs.audit import Auditor
from services.points.jobs.audit_on_demand import AuditorOnDemand
from services.points.jobs.close_months import MonthCloser
from services.points.jobs.expire_holds import expire_due_holds
from services.points.jobs.expire_points import expire_due
from services.points.jobs.keep_calendar import keep_calendar
from services.points.jobs.watch_budgets import watch_budgets
from services.points.jobs.watch_pairs import PairWatch
from shared.kernel.command import Obey
from shared.runtime.clock import now
from shared.runtime.rounds import Rounds
from shared.runtime.sweeping import FRAME_BROOMS, Broom, swept

CLOSE_EVERY_S = 0.1
CALENDAR_EVERY_S = 30.0
EXPIRE_EVERY_S = 60.0
BUDGETS_EVERY_S = 2.0
PAIRS_EVERY_S = 30.0
HOLDS_EVERY_S = 2.0
AUDITS_EVERY_S = 0.25
SWEEP_EVERY_S = 3600.0
_CODES = "DELETE FROM pay_codes WHERE digest IN (SELECT digest FROM pay_codes WHERE expires_at < %s LIMIT %s)"
_QUOTES = (
    "DELETE FROM quotes WHERE id IN (SELECT q.id FROM quotes q WHERE q.expires_at < %s AND NOT EXISTS"
    " (SELECT 1 FROM exchanges e WHERE e.quote_id = q.id) LIMIT %s)"
)
_AUDITS = "DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE ended_at < %s LIMIT %s)"
BROOMS = (
    *FRAME_BROOMS,
    Broom("pay-codes", _CODES, timedelta(days=1)),
    Broom("quotes", _QUOTES, timedelta(days=1)),
    Broom("audits", _AUDITS, timedelta(days=7)),
)
"""A day later nobody scans a code any more, and who does is told that it is none; used quotes stay. A
report of an audit was fetched within minutes; whoever looks into a finding may read the row for a week.
"""

Work = Callable[[Connection], Mapping[str, Any] | None]


def timetable(
    connect: Callable[[], Connection],
    connect_to_close: Callable[[], Connection],
    connect_to_audit: Callable[[], Connection],
    obey: Obey,
    *,
    audit_every_s: float,
    clock: bool,
    reached: Callable[[str], None] = lambda _: None,
) -> Sequence[Rounds]:
    """List the jobs of the process, none of them started.

    :param connect: role desk, for short questions.
    :param connect_to_close: role desk with `CLOSING_OPTIONS`.
    :param connect_to_audit: role auditor with `AUDIT_OPTIONS`.
    :param clock: False where months open and close by command alone, and nothing expires by itself.
    :param reached: told each named point of the jobs that close and audit.
    """

    def asking(work: Work) -> Callable[[], Mapping[str, Any] | None]:
        def step() -> Mapping[str, Any] | None:
            with closing(connect()) as connection:
                return work(connection)

        return step

    jobs = [
        Rounds("close-months", CLOSE_EVERY_S, MonthCloser(connect_to_close, obey, reached=reached).step),
        Rounds("audit", audit_every_s, Auditor(connect_to_audit).step),
        Rounds(
            "audit-on-demand",
            AUDITS_EVERY_S,
            AuditorOnDemand(connect, connect_to_audit, reached=reached).step,
        ),
        Rounds("watch-budgets", BUDGETS_EVERY_S, asking(lambda one: watch_budgets(one, obey))),
        Rounds("watch-pairs", PAIRS_EVERY_S, asking(PairWatch(obey).step)),
        Rounds("sweep", SWEEP_EVERY_S, asking(lambda one: swept(one, now(), BROOMS))),
    ]
    if clock:
        jobs += [
            Rounds("keep-calendar", CALENDAR_EVERY_S, asking(lambda one: keep_calendar(one, obey, now()))),
            Rounds("expire-points", EXPIRE_EVERY_S, asking(lambda one: expire_due(one, obey, now()))),
            Rounds("expire-holds", HOLDS_EVERY_S, asking(lambda one: expire_due_holds(one, obey, now()))),
        ]
    return jobs
