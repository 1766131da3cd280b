"""Who asks too often is told so and when to come back, and cannot hide behind a header."""

import pytest

from shared.web import rates
from shared.web.application import Application
from shared.web.rates import Gauge, Quota, Rates, TooMany, network_of
from tests.unit.web.errand import GOOD, PROVEN, Stub, ask


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.present = 1000.0

    def __call__(self) -> float:
        """Give the present second."""
        return self.present


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Make the gauges count by a clock that stands still."""
    clock = Clock()
    monkeypatch.setattr(rates, "monotonic", clock)
    return clock


def application(known: int = 5, strangers: int = 3) -> Application:
    """Make a service with small quotas of ten seconds."""
    return Stub().application(rates=Rates(Quota("known", known, 10), Quota("strangers", strangers, 10)))


def allowed(gauge: Gauge, who: str) -> int:
    """Count how many requests pass at once."""
    for count in range(1000):
        try:
            gauge.take(who)
        except TooMany:
            return count
    return 1000


@pytest.mark.parametrize(("requests", "window_s"), [(1, 1), (3, 10), (100, 60), (7, 3), (600, 60)])
def test_lets_exactly_the_quota_pass_and_refills_evenly(clock: Clock, requests: int, window_s: int) -> None:
    gauge = Gauge(Quota("q", requests, window_s))
    assert allowed(gauge, "a") == requests
    clock.present += window_s / requests
    assert allowed(gauge, "a") == 1
    clock.present += window_s
    assert allowed(gauge, "a") == requests
    assert allowed(gauge, "b") == requests


@pytest.mark.usefixtures("clock")
def test_what_is_given_back_or_forgotten_may_be_asked_again() -> None:
    gauge = Gauge(Quota("q", 3, 10))
    assert allowed(gauge, "a") == 3
    gauge.give_back("a")
    assert allowed(gauge, "a") == 1
    gauge.forget("a")
    assert allowed(gauge, "a") == 3
    for stranger in (gauge.give_back, gauge.forget):
        stranger("nobody")
    assert allowed(gauge, "nobody") == 3


def test_says_how_much_is_left_and_when_to_come_back(clock: Clock) -> None:
    service = application()
    said = ask(service, body=GOOD, headers=PROVEN)
    assert said.headers["ratelimit-policy"] == '"known";q=5;w=10'
    assert said.headers["ratelimit"] == '"known";r=4;t=2'
    for _ in range(4):
        said = ask(service, body=GOOD, headers=PROVEN)
    assert said.headers["ratelimit"] == '"known";r=0;t=10'
    said = ask(service, body=GOOD, headers=PROVEN)
    assert (said.status, said.json["code"], said.json["retryable"]) == (429, "too-many", True)
    assert said.headers["retry-after"] == "2"
    assert said.headers["ratelimit"] == '"known";r=0;t=2'
    clock.present += 2
    assert ask(service, body=GOOD, headers=PROVEN).status == 201


@pytest.mark.usefixtures("clock")
def test_a_principal_is_counted_wherever_it_comes_from() -> None:
    service = application()
    statuses = [
        ask(service, body=GOOD, headers={**PROVEN, "x-client-address": f"203.0.113.{number}"}).status
        for number in range(8)
    ]
    assert statuses == [201] * 5 + [429] * 3
    importer = {**PROVEN, "authorization": "Bearer importer"}
    assert ask(service, body=GOOD, headers=importer).status == 201


@pytest.mark.usefixtures("clock")
def test_a_stranger_cannot_hide_behind_forwarded_addresses() -> None:
    service = application()
    statuses = []
    for number in range(6):
        names = ("x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip")
        headers = dict.fromkeys(names, f"198.51.100.{number}")
        headers["x-client-address"] = "203.0.113.9"
        statuses.append(ask(service, path="/test/v1/sign-in", headers=headers).status)
    assert statuses.count(429) == 3


@pytest.mark.usefixtures("clock")
def test_wrong_proofs_are_counted_by_address() -> None:
    service = application()
    statuses = [
        ask(service, body=GOOD, headers={**PROVEN, "authorization": f"Bearer {number}"}).status
        for number in range(6)
    ]
    assert statuses == [401] * 3 + [429] * 3
    assert ask(service, body=GOOD, headers=PROVEN).status == 201


@pytest.mark.usefixtures("clock")
def test_machines_of_the_house_are_not_counted() -> None:
    service = application()
    assert {ask(service, "GET", "/livez").status for _ in range(20)} == {200}


def test_one_network_of_ipv6_is_one_stranger() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("203.0.113.9") == "203.0.113.9"
    assert network_of("::not:an:address::") == "unknown"


@pytest.mark.usefixtures("clock")
def test_forgets_the_longest_known_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "CALLERS_MAX", 100)
    gauge = Gauge(Quota("q", 1, 10))
    for number in range(1000):
        gauge.take(f"caller-{number}")
    assert len(gauge.full_at) <= 100
    with pytest.raises(TooMany):
        gauge.take("caller-999")
