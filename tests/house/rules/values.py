"""Columns of value are BIGINT wherever a table is written down in SQL."""

import re
from collections.abc import Iterator

from tests.house.rule import Breach, Rule
from tests.house.tree import Tree

# A column that holds points, money, a worth or a count of either.
VALUE = re.compile(
    r"^(points|amount|earned|expired|redeemed|issued|owed|granted|used|net|balance|worth|paid|value|seq"
    r"|version)$|_(points|fen|amount|cap|ppm|bp)$"
    r"|^(points|amount|worth|paid|price|owed|net|redeemed|issued|balance)_"
)
NOT_AMOUNTS = re.compile(r"_(at|id|by|on|month|hash|digest|text|kind|state)$")
_COLUMN = re.compile(
    r"^\s*(?:ADD COLUMN\s+(?:IF NOT EXISTS\s+)?)?\"?([a-z_]+)\"?\s+(smallint|int2|integer|int4?|real|float\d?"
    r"|double precision|numeric|decimal|money|serial)\b",
    re.IGNORECASE,
)


def is_value(column: str) -> bool:
    """Tell whether a column of that name holds value."""
    return bool(VALUE.search(column)) and not NOT_AMOUNTS.search(column)


def narrow_columns(tree: Tree) -> Iterator[Breach]:
    """Find columns of value that are declared narrower than BIGINT, or inexact."""
    for source in tree.files("services/*/migrations/*", "services/*/store/*", "shared/runtime/*"):
        for number, line in enumerate(source.lines, 1):
            found = _COLUMN.match(line)
            if found and is_value(found.group(1).lower()):
                yield Breach(source.path, number, f"{found.group(1)} is {found.group(2)}, not bigint")


RULES = (
    Rule(
        "columns of value in BIGINT",
        narrow_columns,
        (
            {"services/a/migrations/b.sql": "CREATE TABLE lots (\n    points_left integer NOT NULL"},
            {"services/a/migrations/b.py": "ALTER TABLE lots\n  ADD COLUMN amount_fen numeric"},
            {"shared/runtime/frame.py": "    seq int NOT NULL,"},
        ),
        innocent={
            "services/a/migrations/b.sql": "  points_left bigint NOT NULL,\n  slice integer,\n  paid_at date"
        },
    ),
)
