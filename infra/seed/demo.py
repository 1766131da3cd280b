"""The demo group's first month: January's real purchases in last month, and three people to sign in as.

Every step may be repeated after a cut: keys follow from the data. Refuses to touch any books but the demo's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from infra.embedded.first_start import FirstStep
from infra.embedded.settings import StackSettings
from infra.embedded.stack import Stack
from infra.replay.dataset import UNITS
from infra.replay.door import Door
from infra.replay.main import Output, replay
from infra.seed.group import MINIMUM_FEN, RATES
from infra.seed.keys import signer_of
from infra.seed.seed import furnish, furnish_later_rules, keys_of
from shared.kernel.calendar import midnight, month_after, month_of
from shared.runtime.clock import now

PHONES = ("+8613800000001", "+8613800000002", "+8613800000003")
"""Numbers of the demo's three people: from a range that is never given to anybody."""

BUSINESSES = 3
GROUP_POINT = "GRUP"
ENOUGH_FEN = 5 * MINIMUM_FEN
REPORT, PICTURE = "last-month.json", "settlement.svg"


def seed_group(stack: Stack) -> None:
    """Bring in units, rules and systems: last month goes by the replay's rules, this one by the group's."""
    furnish(stack)
    furnish_later_rules(stack, midnight(month_of(now())))


def replay_last_month(stack: Stack) -> None:
    """Replay January of the purchases into last month and close it."""
    signer = signer_of(keys_of(stack), "importer")
    output = Output(stack.home.root / REPORT, stack.home.root / PICTURE)
    replay(stack.address, signer, date(2017, 1, 1), date(2017, 2, 1), output, shift_to=last_month())


def give_phones(stack: Stack) -> None:
    """Give a phone to the first three households with points of three businesses, and write the welcome."""
    report = orjson.loads((stack.home.root / REPORT).read_bytes())
    households = demo_households(report)
    with Door(stack.address, signer_of(keys_of(stack), "importer")) as door:
        for household, phone in zip(households, PHONES, strict=False):
            body = {"reference": household, "numbers": dict.fromkeys(UNITS, household), "phone": phone}
            door.post("/member/v1/persons", orjson.dumps(body), f"seed:phone:{household}")
    stack.home.welcome.write_text(welcome(stack.home.root, report, households), encoding="utf-8")


def last_month() -> date:
    """Give the first day of the month before this one, in Asia/Shanghai."""
    return month_after(month_of(now()), -1)


def demo_households(report: dict[str, Any]) -> list[str]:
    """Give the first three households, by number, with enough points of three businesses to pay with."""
    rich = [
        household
        for household, points in report["wallets"].items()
        if len(points.keys() - {GROUP_POINT}) >= BUSINESSES and _worth_fen(points) >= ENOUGH_FEN
    ]
    return sorted(rich, key=int)[: len(PHONES)]


def _worth_fen(points: Mapping[str, int]) -> int:
    return sum(count * RATES[asset] for asset, count in points.items())


def welcome(root: Path, report: dict[str, Any], households: list[str]) -> str:
    """Write what a newcomer may try, with sign-ins."""
    month = report["months"][-1]
    people = "\n".join(
        f"    {phone}  household {household}" for household, phone in zip(households, PHONES, strict=False)
    )
    elsewhere = "" if root == StackSettings.model_fields["home"].default else f", with TONGFEN_HOME={root}"
    return f"""
Last month ({month["month"]}) is closed: {month["receipts"]:,} real receipts, settled between six units.
Three things to try, in another terminal{elsewhere}:
  1. who owes whom         .venv/bin/tongfen month show {month["month"]}      (picture: {root / PICTURE})
  2. sign in as a member   docs/tour.md walks through it; these phones belong to members with points:
{people}
     codes are shown by    .venv/bin/tongfen messages
  3. prove the books       .venv/bin/tongfen audit
Staff: operator-1, operator-2, finance-<unit>   (.venv/bin/tongfen token --as finance-hotel)
"""


DEMO_STEPS = (
    FirstStep("demo group seeded: units, rules, systems", seed_group),
    FirstStep("last month replayed from real purchases and closed", replay_last_month),
    FirstStep("three households got phones", give_phones),
)
