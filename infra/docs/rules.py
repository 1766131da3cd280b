"""The page of rules: with which rules the demo group begins, as the rules door takes them."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import orjson

from infra.docs.markdown import page, section, table
from infra.seed.group import drafts, later_drafts


def rules_page() -> str:
    """Write the page of rules, a section a kind, in the order in which they are brought in."""
    sections = [
        section(f"`{kind}`{since}", table(("subject", "body"), map(_row, rules)))
        for since, brought in (("", drafts()), (", from this month on", later_drafts("")))
        for kind, rules in groupby(brought, key=lambda draft: draft["kind"])
    ]
    told = (
        "The rules that `make run` brings in through the doors, drafted by one operator and approved by"
        " another. All of them are data: dated, versioned, changed by `tongfen rule draft` and `approve`."
        " Money is in fen, shares in basis points; an `earn` rule gives `points` for every `per_fen`; a"
        " `rate` is what one point of an asset is worth in group points, and a group point is worth 1 fen."
    )
    return page("Rules of the demo group", told, *sections)


def _row(draft: Mapping[str, Any]) -> tuple[str, str]:
    return f"`{draft['subject']}`", f"`{orjson.dumps(draft['body']).decode()}`"
