"""W3C trace context: read, continued, handed on; one span per request for the few traces that are sampled.

Refuses automatic instrumentation: the door's own span costs nothing where a trace is not sampled.
"""

import random
import re
from collections.abc import Mapping
from typing import NamedTuple

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

SAMPLED_SHARE = 0.01
"""The share of new traces whose spans are exported."""

_HEADER = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_HEADER_MAX = 256


class Trace(NamedTuple):
    """Where this process stands in a trace: its own span, the span that called, whether it is sampled."""

    trace_id: str
    span_id: str
    parent_id: str | None
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The header by which the next process continues this trace. Source: W3C Trace Context, 3.2."""
        return f"00-{self.trace_id}-{self.span_id}-0{int(self.sampled)}"


def continue_trace(traceparent: str | None) -> Trace:
    """Continue the caller's trace with an own span; begin one where the header is missing or malformed."""
    span_id = f"{random.getrandbits(64) or 1:016x}"
    if traceparent and len(traceparent) <= _HEADER_MAX and (found := _HEADER.fullmatch(traceparent)):
        return Trace(found[1], span_id, found[2], bool(int(found[3], 16) & 1))
    sampled = random.random() < SAMPLED_SHARE
    return Trace(f"{random.getrandbits(128) or 1:032x}", span_id, None, sampled)


class _GivenIds(RandomIdGenerator):
    """Names trace and span as the header that was handed on already names them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def generate_trace_id(self) -> int:
        """Give the trace's id, where no span of it is known yet."""
        return int(self.trace.trace_id, 16)

    def generate_span_id(self) -> int:
        """Give the id of our own span."""
        return int(self.trace.span_id, 16)


class Spans:
    """Exports the spans of sampled traces. Belongs to one thread, the event loop's."""

    def __init__(self, service: str, exporter: SpanExporter) -> None:
        self._ids = _GivenIds(continue_trace(None))
        self._provider = TracerProvider(
            resource=Resource({"service.name": service}), id_generator=self._ids, shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("tongfen")

    def record(
        self,
        trace: Trace,
        name: str,
        began_ns: int,
        ended_ns: int,
        facts: Mapping[str, str | int | float | bool],
    ) -> None:
        """Record a finished span, if its trace is sampled; times are nanoseconds since 1970."""
        if not trace.sampled:
            return
        self._ids.trace = trace
        context = Context()
        if trace.parent_id is not None:
            parent = otel.SpanContext(
                trace_id=int(trace.trace_id, 16),
                span_id=int(trace.parent_id, 16),
                is_remote=True,
                trace_flags=otel.TraceFlags(otel.TraceFlags.SAMPLED),
            )
            context = otel.set_span_in_context(otel.NonRecordingSpan(parent), context)
        span = self._tracer.start_span(
            name, context=context, kind=otel.SpanKind.SERVER, start_time=began_ns, attributes=dict(facts)
        )
        span.end(end_time=ended_ns)

    def stop(self) -> None:
        """Export what is left and stop."""
        self._provider.shutdown()
