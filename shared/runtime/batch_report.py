"""What one batch of a desk cost, and its measures for Prometheus."""

from dataclasses import dataclass

from shared.kernel.swift import swift
from shared.runtime import metrics


@swift
@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one batch cost: sizes, and seconds spent waiting, loading, deciding, saving and committing."""

    commands: int
    deferred: int
    wait_s: float
    load_s: float
    decide_s: float
    save_s: float
    commit_s: float


def measured(report: BatchReport) -> None:
    """Show a desk's batch as measures."""
    metrics.DESK_BATCH_COMMANDS.observe(report.commands)
    metrics.DESK_WAIT_SECONDS.observe(report.wait_s)
    metrics.DESK_DEFERRED.inc(report.deferred)
    for step in ("load", "decide", "save", "commit"):
        metrics.DESK_STEP_SECONDS.labels(step).observe(getattr(report, f"{step}_s"))
