"""Look how far campaigns' budgets are used, and have it told once where four fifths are.

Refuses to stop a campaign: its budget does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import structlog
from psycopg2.extensions import connection as Connection

from services.points.commands.alert_campaign import AlertCampaign
from shared.kernel.command import Asked, Obey
from shared.runtime.clock import mint_id
from shared.runtime.metrics import CAMPAIGN_ALERTS

log = structlog.get_logger("budgets")

TOLD = ("campaign", "version", "bearer", "used", "budget")
_USED = """
SELECT b.name, b."window", sum(l.used)::bigint
FROM budgets b JOIN limits l ON l.name = b.name AND l."window" = b."window"
WHERE starts_with(b.name, 'campaign:') AND b.alerted_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM campaign_alerts a
                  WHERE a.budget = split_part(b.name, ':', 2) || ':' || b."window" || ':'
                                   || split_part(b.name, ':', 3))
GROUP BY b.name, b."window", b.total HAVING sum(l.used) * 10 >= b.total * 8
"""


def watch_budgets(connection: Connection, obey: Obey) -> Mapping[str, Any] | None:
    """Tell of every campaign whose budget has come to four fifths; give how many, or nothing."""
    with connection, connection.cursor() as cursor:
        cursor.execute(_USED)
        found = [_command(name, window, used) for name, window, used in cursor.fetchall()]
    told = [one for one in _answers(found, obey) if one.get("alerted")]
    for one in told:
        log.warning("campaign.alerted", **{name: one[name] for name in TOLD})
        CAMPAIGN_ALERTS.inc()
    return {"alerted": len(told)} if told else None


def _command(name: str, window: str, used: int) -> AlertCampaign:
    _, code, bearer = name.split(":")
    return AlertCampaign(Asked(mint_id()), code, int(window), bearer, used)


def _answers(commands: Sequence[AlertCampaign], obey: Obey) -> list[Mapping[str, Any]]:
    return [orjson.loads(answer.json) for answer in obey(commands) if answer.json] if commands else []
