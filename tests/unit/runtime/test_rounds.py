"""A job goes on whatever a round met, and tells an outage of the database from a defect of ours."""

from collections.abc import Callable

import psycopg2
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.testing import capture_logs

from shared.runtime.rounds import PAUSE_AFTER_FAILURE_S, Rounds

GONE = psycopg2.OperationalError("server closed the connection\n")


def fell_in_a_block() -> None:
    """Do what `with connection` does when its connection breaks inside."""
    try:
        raise GONE
    finally:
        raise psycopg2.InterfaceError("connection already closed")


def raising(fault: Exception) -> Callable[[], None]:
    """Give a step that meets a fault."""

    def step() -> None:
        raise fault

    return step


@pytest.mark.parametrize(
    "step",
    [
        raising(GONE),
        fell_in_a_block,
        raising(OperationalError("SELECT 1", {}, GONE)),
        raising(PoolTimeout("no connection came free")),
    ],
)
def test_a_database_that_is_away_is_an_outage(step: Callable[[], None]) -> None:
    with capture_logs() as lines:
        assert Rounds("tidy", 60, step).go_once() == PAUSE_AFTER_FAILURE_S
    assert [(line["event"], line["job"], line["log_level"]) for line in lines] == [
        ("job.away", "tidy", "warning")
    ]
    assert "already closed" not in lines[0]["cause"]


@pytest.mark.parametrize(
    "fault",
    [
        ValueError("a defect"),
        psycopg2.InterfaceError("cursor already closed"),
        psycopg2.ProgrammingError("no such table"),
        ProgrammingError("SELECT", {}, psycopg2.ProgrammingError("no such column")),
    ],
)
def test_everything_else_is_a_defect_with_its_traceback(fault: Exception) -> None:
    with capture_logs() as lines:
        assert Rounds("tidy", 60, raising(fault)).go_once() == PAUSE_AFTER_FAILURE_S
    assert [(line["event"], line["exc_info"]) for line in lines] == [("job.defect", True)]


def test_a_round_that_went_well_is_told_if_it_did_something() -> None:
    told = iter([None, {"swept": 3}])
    job = Rounds("tidy", 60, lambda: next(told))
    with capture_logs() as lines:
        assert [job.go_once(), job.go_once()] == [60, 60]
    assert [(line["event"], line["swept"]) for line in lines] == [("job", 3)]
