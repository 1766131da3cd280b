"""Log lines of tests, without the locals that structlog paints into tracebacks by default."""

from typing import TextIO

import structlog


def plain_logs(stream: TextIO | None = None) -> None:
    """Let log lines be plain: while every local of a traceback is painted, a desk of tests stands still.

    :param stream: where they go; standard output if none.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
