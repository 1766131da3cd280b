"""The one place that reads the clock and draws ids. The domain is told both."""

from datetime import UTC, datetime

import uuid_utils


def now() -> datetime:
    """Read the clock, in UTC."""
    return datetime.now(UTC)


def mint_id() -> str:
    """Draw a UUIDv7 for a command: canonical text, its last three hex digits zero for derived names."""
    return f"{str(uuid_utils.uuid7())[:-3]}000"
