"""Traces: continued where the caller's header is good, begun anew where it is not, exported where sampled."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.runtime.traces import Spans, Trace, continue_trace

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_continues_the_callers_trace_with_a_span_of_its_own() -> None:
    trace = continue_trace(CALLER)
    assert (trace.trace_id, trace.parent_id, trace.sampled) == (CALLER[3:35], CALLER[36:52], True)
    assert trace.span_id != trace.parent_id
    following = continue_trace(trace.traceparent)
    assert (following.trace_id, following.parent_id) == (trace.trace_id, trace.span_id)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        CALLER.upper(),
        CALLER[:-1],
        "ff" + CALLER[2:],
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        CALLER + "\r\n",
        CALLER + "-" + "x" * 1000,
    ],
)
def test_begins_a_trace_where_the_header_is_not_good(header: str | None) -> None:
    assert continue_trace(header).parent_id is None


@given(st.text(max_size=80))
def test_hands_on_a_good_header_whatever_came(header: str) -> None:
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", continue_trace(header).traceparent)


def test_samples_about_one_in_a_hundred() -> None:
    assert 0.004 < sum(continue_trace(None).sampled for _ in range(20_000)) / 20_000 < 0.02


def test_exports_sampled_spans_under_the_ids_that_were_handed_on() -> None:
    exporter = InMemorySpanExporter()
    spans = Spans("test", exporter)
    called = continue_trace(CALLER)
    first = Trace("a" * 32, "b" * 16, None, sampled=True)
    for trace in (called, first, Trace("c" * 32, "d" * 16, None, sampled=False)):
        spans.record(trace, "GET /", 1_000, 2_000, {"status": 200})
    spans.stop()
    found = {span.context.span_id: span for span in exporter.get_finished_spans() if span.context}
    assert set(found) == {int(called.span_id, 16), int(first.span_id, 16)}
    parent = found[int(called.span_id, 16)].parent
    assert parent is not None
    assert parent.span_id == int(CALLER[36:52], 16)
    root = found[int(first.span_id, 16)]
    assert root.parent is None
    assert root.context is not None
    assert root.context.trace_id == int("a" * 32, 16)
