"""How often somebody may ask, per process: by principal, else by the address the gateway reports.

A limiter for politeness: what guards a secret (codes, refresh) is a row under lock. Own and short, since the
memory of the package `limits` starts a thread every 10 ms under load that walks every caller's key, and keeps
keys without bound.
"""

import ipaddress
from dataclasses import dataclass, field
from math import ceil
from time import monotonic

from shared.kernel.principal import Principal
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words
from shared.web.arrival import Arrival

CALLERS_MAX = 100_000
"""How many callers one process counts at once; beyond it the longest-known are forgotten first."""

_IPV6_NETWORK_BITS = 64


class TooMany(Refusal):
    """Somebody asks more often than the quota allows."""

    kind = Kind.TOO_MANY
    code = "too-many"
    retryable = True
    title = Words("请求过于频繁", "Too many requests")
    advice = Words(
        "每 {window_s} 秒至多 {quota} 次请求，请在 {retry_after_s} 秒后重试。",
        "At most {quota} requests in {window_s} seconds; retry after {retry_after_s} seconds.",
    )


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests in so many seconds, evenly refilled."""

    name: str
    requests: int
    window_s: int

    @property
    def policy(self) -> bytes:
        """The header RateLimit-Policy. Source: draft-ietf-httpapi-ratelimit-headers."""
        return f'"{self.name}";q={self.requests};w={self.window_s}'.encode()


@dataclass(slots=True)
class Gauge:
    """Counts callers against one quota by the moment at which each would have nothing used (GCRA)."""

    quota: Quota
    full_at: dict[str, float] = field(default_factory=dict)

    def take(self, who: str) -> bytes:
        """Count one request and give the header RateLimit.

        :raises TooMany: if the quota is used up; a refused request is not counted.
        """
        present = monotonic()
        window = self.quota.window_s
        step = window / self.quota.requests
        ahead = max(self.full_at.get(who, 0.0) - present, 0.0) + step
        # Half a step of grace, so that rounding never costs the last request of a quota.
        if ahead > window + step / 2:
            wait = ceil(ahead - window)
            raise TooMany(quota=self.quota.requests, window_s=window, retry_after_s=wait)
        if who not in self.full_at and len(self.full_at) >= CALLERS_MAX:
            self._forget_longest_known(present)
        self.full_at[who] = present + ahead
        left = max(int((window - ahead) / step + 0.5), 0)
        return f'"{self.quota.name}";r={left};t={ceil(ahead)}'.encode()

    def give_back(self, who: str) -> None:
        """Take one request back out of the count: it came to nothing that the quota is for."""
        if who in self.full_at:
            self.full_at[who] -= self.quota.window_s / self.quota.requests

    def forget(self, who: str) -> None:
        """Let the caller begin anew."""
        self.full_at.pop(who, None)

    def _forget_longest_known(self, present: float) -> None:
        self.full_at = {who: moment for who, moment in self.full_at.items() if moment > present}
        for who in list(self.full_at)[: max(len(self.full_at) - CALLERS_MAX + 1, 0)]:
            del self.full_at[who]


def network_of(address: str) -> str:
    """Give what counts as one stranger: an IPv4 address, or the /64 network of an IPv6 address."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network(f"{address}/{_IPV6_NETWORK_BITS}", strict=False))
    except ValueError:
        return "unknown"


class Rates:
    """The quotas of a process: one for those we know, one for strangers by address."""

    def __init__(self, known: Quota, strangers: Quota) -> None:
        self._known = Gauge(known)
        self._strangers = Gauge(strangers)

    def count_known(self, arrival: Arrival, principal: Principal) -> None:
        """Count a request of somebody we know.

        :raises TooMany: if their quota is used up.
        """
        count(self._known, principal.subject, arrival)

    def count_stranger(self, arrival: Arrival) -> None:
        """Count a request of the address that the gateway reports.

        :raises TooMany: if its quota is used up.
        """
        count(self._strangers, network_of(arrival.address), arrival)


def count(gauge: Gauge, who: str, arrival: Arrival) -> None:
    """Take one request from a quota; the answer, yes or no, tells how much is left.

    :raises TooMany: if the quota is used up.
    """
    headers = arrival.reply_headers
    headers.append((b"ratelimit-policy", gauge.quota.policy))
    try:
        headers.append((b"ratelimit", gauge.take(who)))
    except TooMany as refusal:
        wait = refusal.facts["retry_after_s"]
        headers.append((b"ratelimit", f'"{gauge.quota.name}";r=0;t={wait}'.encode()))
        raise
