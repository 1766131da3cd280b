"""Log lines as JSON, one canonical line per request, event and job.

Refuses line breaks from outside (JSON escapes them) and what may be personal or secret, whoever passes it in.
"""

import logging
import sys
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from shared.runtime.clock import now

WITHHELD = "[withheld]"
"""What stands in a line where something personal or secret was passed."""

_NEVER_LOGGED = frozenset(
    {
        "authorization",
        "cookie",
        "openid",
        "otp",
        "passcode",
        "password",
        "phone",
        "plate",
        "private_key",
        "refresh_token",
        "secret",
        "token",
        "unionid",
    }
)


_LOOSE = orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE


class _Sink:
    """Where canonical lines go straight to, past structlog's chain: a request writes one, in 4 µs, not 40."""

    def __init__(self) -> None:
        self.stream: BinaryIO | None = None
        self.service = ""


_SINK = _Sink()


def _withhold(_logger: WrappedLogger, _method: str, facts: EventDict) -> EventDict:
    for name in _NEVER_LOGGED.intersection(facts):
        facts[name] = WITHHELD
    return facts


def _as_json(_logger: WrappedLogger, _method: str, facts: EventDict) -> bytes:
    return orjson.dumps(facts, default=repr, option=orjson.OPT_NON_STR_KEYS)


class _FromLibraries(logging.Handler):
    """Carries what libraries log into the same stream of JSON lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a library's record as a line of ours."""
        facts: dict[str, Any] = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[0] is not None:
            facts["exc_info"] = record.exc_info
        structlog.get_logger().log(record.levelno, "library", **facts)


def configure_logs(service: str, stream: BinaryIO | None = None) -> None:
    """Send all log lines of this process to the stream (standard output if none), each naming the service."""
    structlog.contextvars.clear_contextvars()
    written = stream or sys.stdout.buffer
    _SINK.stream, _SINK.service = written, service

    def name_service(_logger: WrappedLogger, _method: str, facts: EventDict) -> EventDict:
        facts["service"] = service
        return facts

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            name_service,
            structlog.processors.format_exc_info,
            _withhold,
            _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_FromLibraries()]
    root.setLevel(logging.WARNING)


def canonical(event: str, **facts: Any) -> None:
    """Write the one line of a request, event or job; facts that are None are left out."""
    stream = _SINK.stream
    told = {name: fact for name, fact in facts.items() if fact is not None}
    if stream is None:
        structlog.get_logger().info(event, **told)
        return
    for name in _NEVER_LOGGED.intersection(told):
        told[name] = WITHHELD
    told["event"] = event
    told["level"] = "info"
    told["timestamp"] = f"{now().isoformat(timespec='microseconds')[:-6]}Z"
    told["service"] = _SINK.service
    # One call, one whole line: threads that log beside this one cannot come between.
    stream.write(orjson.dumps(told, default=repr, option=_LOOSE))
    stream.flush()


def defect(event: str, cause: BaseException, **facts: Any) -> None:
    """Write a defect of ours with its traceback."""
    structlog.get_logger().error(event, exc_info=cause, **facts)
