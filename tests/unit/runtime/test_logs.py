"""Log lines: one JSON object a line, whatever is logged; nothing secret in them."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.runtime import logs
from tests.plain_logs import plain_logs


@pytest.fixture
def stream() -> Iterator[io.BytesIO]:
    """Catch the log lines, those of libraries too."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.BytesIO()
    logs.configure_logs("test", stream)
    yield stream
    plain_logs()
    root.handlers[:] = before
    root.setLevel(level)


def test_writes_facts_and_leaves_out_what_is_not_known(stream: io.BytesIO) -> None:
    logs.canonical("batch", commands=5, trace=None)
    line = orjson.loads(stream.getvalue())
    assert (line["event"], line["commands"], line["service"], line["level"]) == ("batch", 5, "test", "info")
    assert line["timestamp"].endswith("Z")
    assert "trace" not in line


def test_withholds_what_is_personal_or_secret(stream: io.BytesIO) -> None:
    logs.canonical(
        "request", phone="13800138000", token="secret-1", authorization="secret-2", plate="secret-3"
    )
    written = stream.getvalue()
    assert b"secret" not in written
    assert b"13800138000" not in written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.binary())
def test_nothing_that_is_logged_makes_two_lines(stream: io.BytesIO, text: str, raw: bytes) -> None:
    stream.truncate(0)
    stream.seek(0)
    logs.canonical("request", text=text.encode("utf-8", "replace").decode(), raw=raw)
    written = stream.getvalue()
    assert written.count(b"\n") == 1
    assert b"\r" not in written
    orjson.loads(written)


def test_a_defect_keeps_its_traceback_on_one_line(stream: io.BytesIO) -> None:
    try:
        raise KeyError("lost")
    except KeyError as cause:
        logs.defect("defect", cause, route="/a")
    written = stream.getvalue()
    assert written.count(b"\n") == 1
    assert "KeyError" in orjson.loads(written)["exception"]


def test_libraries_write_into_the_same_stream(stream: io.BytesIO) -> None:
    logging.getLogger("somebodys.library").warning("away: %s", "a\nb")
    line = orjson.loads(stream.getvalue())
    assert (line["logger"], line["message"], line["level"]) == ("somebodys.library", "away: a\nb", "warning")
