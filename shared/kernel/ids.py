"""Identifiers: UUIDv7 text inside, prefixed and time-sortable at the border.

Refuses to draw randomness: a door mints one id per command (shared.runtime.clock.mint_id) and every
id that the command creates is derived from it, so that obeying the same command twice names the same things.
"""

import re

_BARE = re.compile(r"[0-9a-f]{32}")
DERIVED_MAX = 0xFFF

BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
"""Sorts before every id: where a walk in the order of ids begins."""

AFTER_ALL = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""Sorts behind every id: where a walk back begins."""


def derived(parent: str, ordinal: int) -> str:
    """Name the ordinal-th thing that a command creates.

    :param parent: canonical UUIDv7 of the command, its last three hex digits zero.
    :param ordinal: 1 to 4,095; 0 is the command itself.
    :raises ValueError: if the ordinal is outside that range.
    """
    if not 0 <= ordinal <= DERIVED_MAX:
        raise ValueError(f"a command can name {DERIVED_MAX} things, not {ordinal}")
    return f"{parent[:-3]}{ordinal:03x}"


def shown(prefix: str, identifier: str) -> str:
    """Write an id as people and partners see it, as in `lot_0192…` (prefix, underscore, 32 hex digits)."""
    return f"{prefix}_{identifier.replace('-', '')}"


def read(prefix: str, text: str) -> str | None:
    """Read a shown id back into canonical form, or None where it is not one of this prefix."""
    head, _, bare = text.partition("_")
    if head != prefix or not _BARE.fullmatch(bare):
        return None
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"
