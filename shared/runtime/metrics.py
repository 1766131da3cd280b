"""What Prometheus may ask: doors by rate, errors and duration; the desk, the outbox, consumers, the books.

Refuses labels without bound: routes are templates, never addresses; nobody's id is a label.
"""

from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

# When a series began is a third of what would be read, and no alert asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
"""The process's own registry."""

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

REQUESTS = Counter(
    "tongfen_requests",
    "Requests by route, method and status.",
    ("route", "method", "status"),
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "tongfen_request_seconds",
    "Time from arrival to answer by route.",
    ("route", "method"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
REQUESTS_IN_FLIGHT = Gauge("tongfen_requests_in_flight", "Requests being answered.", registry=REGISTRY)
WHYS = ("foreign", "guess", "locked")
"""Why a caller is told no as if there were nothing: others' things, guesses, too many guesses."""

DENIED = Counter(
    "tongfen_denied",
    "Requests for what is another's (foreign), guesses at codes, and asks of locked guessers, by route.",
    ("route", "why"),
    registry=REGISTRY,
)

DESK_BATCH_COMMANDS = Histogram(
    "tongfen_desk_batch_commands", "Commands obeyed in one batch.", buckets=_SIZES, registry=REGISTRY
)
DESK_WAIT_SECONDS = Histogram(
    "tongfen_desk_wait_seconds",
    "Time the oldest command of a batch waited.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
DESK_STEP_SECONDS = Histogram(
    "tongfen_desk_step_seconds",
    "Time of a batch's steps: load, decide, save, commit.",
    ("step",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
DESK_DEFERRED = Counter("tongfen_desk_deferred", "Commands put off to the next batch.", registry=REGISTRY)

OUTBOX_AGE_SECONDS = Gauge(
    "tongfen_outbox_age_seconds", "Age of the oldest event not yet published.", registry=REGISTRY
)
RELAY_LEADING = Gauge(
    "tongfen_relay_leading", "1 where this process's relay carries the service's events.", registry=REGISTRY
)
OUTBOX_PUBLISHED = Counter("tongfen_outbox_published", "Events published.", registry=REGISTRY)
CONSUMER_LAG = Gauge(
    "tongfen_consumer_lag_events", "Events not yet heard.", ("topic", "partition"), registry=REGISTRY
)
PARKED = Gauge("tongfen_parked_events", "Events parked and not healed.", ("topic",), registry=REGISTRY)
LEDGER_IMBALANCE = Gauge(
    "tongfen_ledger_imbalance",
    "Findings of the auditor's last round; anything but 0 is an alarm.",
    registry=REGISTRY,
)
CAMPAIGN_ALERTS = Counter(
    "tongfen_campaign_alerts", "Campaigns of whose budget four fifths were given.", registry=REGISTRY
)
PAIR_ALERTS = Counter(
    "tongfen_pair_alerts", "Pairs of units that came to more in a month than their limit.", registry=REGISTRY
)
LIMIT_ALERTS = Counter(
    "tongfen_limit_alerts", "Windows of limits of which four fifths were handed out.", registry=REGISTRY
)


class Meters(NamedTuple):
    """What counts the requests of one route, method and status; found once, because finding costs most."""

    requests: Counter
    seconds: Histogram


def meters_of(route: str, method: str, status: int) -> Meters:
    """Find the meters of a route, method and status."""
    return Meters(REQUESTS.labels(route, method, str(status)), REQUEST_SECONDS.labels(route, method))


def exposition() -> bytes:
    """Write all measures in the text form that Prometheus reads."""
    return generate_latest(REGISTRY)
