"""Sweeps out what is kept by age: codes, embedded messages, kept answers, numbers used once, old partitions.

Refuses to touch members, identities, sessions and the record of who read personal data.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from services.member.domain.code import DAY
from shared.runtime.sweeping import FRAME_BROOMS, Broom, swept

CODES_KEPT = 2 * DAY
"""By then a phone's daily count of codes has begun anew as well."""

_CODES = "DELETE FROM challenges WHERE phone IN (SELECT phone FROM challenges WHERE sent_at < %s LIMIT %s)"
_CONFIRMATIONS = (
    "DELETE FROM confirmations WHERE member IN (SELECT member FROM confirmations WHERE sent_at < %s LIMIT %s)"
)
_MESSAGES = "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE sent_at < %s LIMIT %s)"
BROOMS = (
    Broom("codes", _CODES, CODES_KEPT),
    Broom("confirmations", _CONFIRMATIONS, CODES_KEPT),
    Broom("messages", _MESSAGES, CODES_KEPT),
    *FRAME_BROOMS,
)


def sweep(connection: Connection, moment: datetime) -> Mapping[str, Any] | None:
    """Delete what is over at the moment; give what was done, or nothing."""
    return swept(connection, moment, BROOMS)
