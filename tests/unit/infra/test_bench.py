"""What the benchmark reckons by itself: goals, medians, the page, what pgbench says, pauses at half load."""

from pathlib import Path
from typing import cast

import orjson
import pytest

from infra.bench.bending import bending
from infra.bench.complaints import Complaints
from infra.bench.line import Line, middle, percentile, ratio
from infra.bench.load import Failed, Load, pause_ms
from infra.bench.page import figures_of, page_of, value_of
from infra.bench.raw_ledger import load_of
from infra.bench.room import Room

FAST = Line("fast", "a ratio", 0.5004, {"per_s": 1234.5}, least=0.5)
SLOW = Line("slow", "a ratio", 0.4994, least=0.5)
SHORT = Line("short", "a time", 99.9, unit="ms", most=100)
LONG = Line("long", "a time", 100.1, {"said": "late"}, unit="ms", most=100)
CLEAN = Line("clean", "a count", 0.0, unit="lost", most=0)
BARE = Line("bare", "no goal", None)


def test_a_goal_is_the_least_or_the_most() -> None:
    assert [one.reached for one in (FAST, SLOW, SHORT, LONG, CLEAN, BARE)] == [
        True,
        False,
        True,
        False,
        True,
        None,
    ]
    assert [one.goal for one in (FAST, SHORT, CLEAN, BARE)] == ["≥ 0.5 x", "≤ 100 ms", "≤ 0 lost", ""]


def test_a_line_is_one_json_object_with_its_figures() -> None:
    assert FAST.as_json() == {
        "id": "fast",
        "what": "a ratio",
        "value": 0.5,
        "unit": "x",
        "least": 0.5,
        "most": None,
        "reached": True,
        "per_s": 1234.5,
    }


def test_the_median_counts_on_both_sides() -> None:
    assert middle([1, 100, 2, 3, 4]) == 3
    assert ratio([1, 9, 3], [6, 2, 100]) == 0.5


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(one) for one in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (51, 100, 7)


def test_the_page_shows_what_was_measured_and_what_was_not() -> None:
    assert [value_of(one) for one in (FAST, LONG, BARE)] == ["0.50 x", "100.1 ms", "–"]
    assert figures_of(FAST) == "per_s 1,234.5"
    rows = page_of([FAST, LONG]).splitlines()[-2:]
    assert rows == [
        "| fast | a ratio | 0.50 x | ≥ 0.5 x | yes | per_s 1,234.5 |",
        "| long | a time | 100.1 ms | ≤ 100 ms | no | said late |",
    ]


def test_half_load_is_a_pause_before_each_request() -> None:
    assert (pause_ms(64, 2_000), pause_ms(64, 640), pause_ms(1, 10_000)) == (32, 100, 1)


def test_what_pgbench_says_is_read() -> None:
    said = (
        "number of transactions actually processed: 2100\nnumber of failed transactions: 0 (0.000%)\n"
        "latency average = 15.238 ms\ntps = 1049.9 (without initial connection time)\n"
    )
    load = load_of(said)
    assert (load.per_s, load.p99_ms, load.requests) == (1049.9, 15.238, 2100)
    with pytest.raises(Failed):
        load_of("pgbench: error")


def test_what_was_answered_beside_success_is_read_from_where_the_measure_began(tmp_path: Path) -> None:
    log = tmp_path / "points.log"
    assert Complaints([log]).told() == ""

    def answered(*told: tuple[int, str]) -> bytes:
        lines = [{"event": "request", "status": status, "code": code} for status, code in told]
        return b"".join(orjson.dumps(line) + b"\n" for line in lines)

    log.write_bytes(answered((409, "in-flight")))
    complaints = Complaints([log])
    with log.open("ab") as lines:
        lines.write(b'Traceback of somebody else\n{"status": 5')
        lines.write(
            b"\n" + answered((201, "ok"), (503, "unavailable"), (503, "unavailable"), (404, "not-found"))
        )
    assert complaints.told() == "503 unavailable 2 times, 404 not-found 1 times"
    assert complaints.times() == 3
    assert complaints.beside(Failed("too\nmuch " * 100)) == {
        "said": ("too much " * 100)[:200],
        "answered": "503 unavailable 2 times, 404 not-found 1 times",
    }
    assert Complaints([log]).beside(Failed("cut off"))["answered"] == "nothing else"


class _Refusing:
    """A room whose crowd is refused: points writes what it answered, the generator says that it failed."""

    def __init__(self, log: Path, answered: bytes) -> None:
        self._log, self._answered = log, answered

    def complaints(self) -> Complaints:
        return Complaints([self._log])

    def redeem(self, *, seconds: int, connections: int) -> Load:
        with self._log.open("ab") as lines:
            lines.write(self._answered)
        raise Failed("Non-2xx or 3xx responses: 2")


@pytest.mark.parametrize(
    ("answered", "failures", "told"),
    [
        (b'{"status": 503, "code": "busy"}\n' * 2, 2, "503 busy 2 times"),
        (b"", 1, "nothing else"),
    ],
    ids=["refused", "not answered at all"],
)
def test_a_crowd_that_is_refused_is_told_what_it_was_answered(
    tmp_path: Path, answered: bytes, failures: int, told: str
) -> None:
    line = next(bending(cast(Room, _Refusing(tmp_path / "points.log", answered))))
    assert (line.id, line.value, line.reached) == ("bend-crowd", failures, False)
    assert line.figures == {"said": "Non-2xx or 3xx responses: 2", "answered": told}
