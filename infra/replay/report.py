"""What a replay came to: the report that is compared byte for byte, and the table that people read.

The report has one form only: one line, no spaces, keys sorted as strings, whole numbers, a final newline.
Zeros inside maps are left out here, wherever the numbers came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from infra.replay.picture import yuan

COUNTS = ("receipts", "redemptions", "refused", "change_points")
MAPS = ("issued", "redeemed_fen", "net_fen", "outstanding")


def month_entry(month: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a month what the report has, without zeros and without issuers who owe nothing.

    :raises KeyError: if the month lacks one of the report's keys.
    """
    owed = {issuer: _without_zeros(claims) for issuer, claims in month["owed_fen"].items()}
    return {
        "month": month["month"],
        **{count: month[count] for count in COUNTS},
        **{name: _without_zeros(month[name]) for name in MAPS},
        "owed_fen": {issuer: claims for issuer, claims in owed.items() if claims},
    }


def wallet_entries(wallets: Iterable[tuple[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    """Keep the households that have points, each with its assets.

    :raises ValueError: if one household comes twice.
    """
    entries: dict[str, dict[str, int]] = {}
    for household, points in wallets:
        if household in entries:
            raise ValueError(f"household {household} has two wallets in the report")
        if kept := _without_zeros(points):
            entries[household] = kept
    return entries


def canonical(report: Mapping[str, Any]) -> bytes:
    """Write the report in its one form.

    :raises TypeError: if a number is not whole.
    """
    _refuse_fractions(report)
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """Put the report at the path in one step, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.write_bytes(canonical(report))
    draft.replace(path)


def table_of_months(months: Iterable[Mapping[str, Any]]) -> Table:
    """Lay out the months for a terminal of 80 columns: what happened, what is owed, who pays and receives."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("month")
    for heading in ("receipts", "redeemed", "owed"):
        table.add_column(heading, justify="right")
    table.add_column("pays")
    table.add_column("receives")
    for month in months:
        gross_fen = sum(sum(claims.values()) for claims in month["owed_fen"].values())
        net = sorted(month["net_fen"].items(), key=lambda item: (-abs(item[1]), item[0]))
        table.add_row(
            month["month"],
            f"{month['receipts']:,}",
            f"{month['redemptions']} of {month['redemptions'] + month['refused']}",
            yuan(gross_fen),
            "\n".join(f"{unit} {yuan(-fen)}" for unit, fen in net if fen < 0),
            "\n".join(f"{unit} {yuan(fen)}" for unit, fen in net if fen > 0),
        )
    return table


def _without_zeros(amounts: Mapping[str, int]) -> dict[str, int]:
    """Leave out what is zero."""
    return {name: amount for name, amount in amounts.items() if amount != 0}


def _refuse_fractions(value: object) -> None:
    """Walk through the report and stop at anything that is neither text nor a whole number."""
    if isinstance(value, Mapping):
        for inner in value.values():
            _refuse_fractions(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_fractions(inner)
    elif isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"a report holds text and whole numbers, not {value!r}")
