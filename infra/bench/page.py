"""The benchmark as a page of Markdown, and as cells for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from infra.bench.line import Line

_HEAD = """# Benchmark

Written by `make bench`. Both sides of a ratio take turns, five rounds, in one run on one machine; what
counts is the median. Ratios count, not absolutes. The always-on auditor rests meanwhile and checks the
books at the end.

| id | what | measured | goal | reached | figures |
|---|---|---|---|---|---|
"""
_REACHED = {True: "yes", False: "no", None: ""}


def value_of(line: Line) -> str:
    """Write what was measured with its unit; a dash where nothing was."""
    if line.value is None:
        return "–"
    told = f"{line.value:,.2f}" if line.unit == "x" else f"{line.value:,.1f}".removesuffix(".0")
    return f"{told} {line.unit}"


def figures_of(line: Line) -> str:
    """Write the figures behind the line."""
    told = (
        f"{name} {value:,}" if isinstance(value, int | float) else f"{name} {value}"
        for name, value in line.figures.items()
    )
    return " · ".join(told)


def page_of(lines: Sequence[Line]) -> str:
    """Write all lines as a page."""
    rows = [
        f"| {line.id} | {line.what} | {value_of(line)} | {line.goal} | {_REACHED[line.reached]}"
        f" | {figures_of(line)} |\n"
        for line in lines
    ]
    return _HEAD + "".join(rows)
