"""Every way in which any service says no, by code: what a list of problems shows, whichever service is asked.

Written from the refusals themselves (`make contracts`). A code once published stays: programs know it.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).resolve().parent / "problems.json"


class ProblemKnown(NamedTuple):
    """One code with its HTTP status and its title in both languages."""

    code: str
    status: int
    zh: str
    en: str


@cache
def problems_known() -> tuple[ProblemKnown, ...]:
    """List them by status, then by code."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(sorted((ProblemKnown(**one) for one in told), key=lambda one: (one.status, one.code)))
