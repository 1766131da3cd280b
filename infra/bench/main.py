"""The benchmark from beginning to end: a stack of its own, the crowd, the measures, the table."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infra.bench.crowd import Crowd, gather
from infra.bench.line import Line
from infra.bench.load import check_generator
from infra.bench.measures import Bench, neighbour
from infra.bench.signing_in import write_tokens
from infra.embedded.ports import free_port
from infra.embedded.stack import PROFILES, Stack
from infra.embedded.steps import Steps

CROWD = Crowd(members=4_000, redemptions=10)


def bench(steps: Steps, jars: Path | None = None) -> Iterator[Line]:
    """Measure everything in a fresh stack that is removed afterwards, line by line.

    :raises NoGenerator: if wrk is not on this machine.
    """
    check_generator()
    # Thousands sign in from one address within a minute, which the doors of strangers would not have.
    for quota in ("MEMBER_STRANGER_REQUESTS_PER_MINUTE", "MEMBER_CODES_PER_ADDRESS_HOUR"):
        os.environ.setdefault(quota, "100000")
    with tempfile.TemporaryDirectory(prefix="tongfen-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        with Stack(home, PROFILES["bench"], steps=steps, jars=jars) as stack, neighbour(free_port()) as bare:
            with steps.step("The crowd has come", f"{CROWD.members} members"):
                signer = gather(stack, CROWD)
            with steps.step("The crowd has signed in"):
                tokens = write_tokens(stack, CROWD, home / "tokens")
            measures = Bench(stack, signer, tokens, bare)
            for measure in (measures.redemptions, measures.wallets, measures.batches, measures.hearing):
                yield from measure()


def table(lines: list[Line]) -> str:
    """Write the lines as a page of Markdown."""
    rows = ["| id | what | ratio | goal | figures |", "|---|---|---|---|---|"]
    for line in lines:
        told = line.as_json()
        figures = " · ".join(f"{name} {value:,}" for name, value in line.figures.items())
        ratio = "–" if told["ratio"] is None else f"{told['ratio']:.2f}"
        goal = "–" if line.goal is None else f"{line.goal:.2f}"
        rows.append(f"| {line.id} | {line.what} | {ratio} | {goal} | {figures} |")
    head = (
        "# Benchmark\n\nWritten by `make bench`; medians of five rounds in which both sides take turns,"
        " in one run on one machine. Ratios count, not absolutes.\n\n"
    )
    return head + "\n".join(rows) + "\n"
