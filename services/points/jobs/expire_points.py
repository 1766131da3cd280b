"""Find lots past their end and have them expired, holder by holder, through the desk like everyone else.

Refuses to decide what expires: it names holders, the command looks again under their lock.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from psycopg2.extensions import connection as Connection

from services.points.commands.expire_points import ExpirePoints
from shared.kernel.command import Asked, Obey
from shared.kernel.ids import BEFORE_ALL
from shared.kernel.principal import Principal
from shared.runtime.clock import mint_id

HOLDERS_MAX = 500
# One identity is enough to name a holder: the command takes the lots of all the holder's wallets.
_DUE = """
SELECT w.holder_id::text, min(w.identity) FROM lots l JOIN wallets w ON w.id = l.wallet_id
WHERE l.is_open AND l.expires_at <= %s AND w.holder_id > %s::uuid
GROUP BY w.holder_id ORDER BY w.holder_id LIMIT %s
"""


def expire_due(
    connection: Connection,
    obey: Obey,
    moment: datetime,
    *,
    stated_by: Principal | None = None,
) -> Mapping[str, Any] | None:
    """Expire everything past its end at the moment, 500 holders a batch; give what was done, or nothing.

    :param stated_by: the importer who states the moment; nobody means the clock, and the desk's own time.
    """
    holders, lots, refused, after = 0, 0, 0, BEFORE_ALL
    while True:
        with connection, connection.cursor() as cursor:
            cursor.execute(_DUE, (moment, after, HOLDERS_MAX))
            due = cursor.fetchall()
        if not due:
            break
        after = due[-1][0]
        holders += len(due)
        identities = [identity for _, identity in due]
        while identities:
            answers = obey([_command(identity, moment, stated_by) for identity in identities])
            told = [orjson.loads(answer.json) if answer.json else None for answer in answers]
            lots += sum(one["lots"] for one in told if one)
            refused += told.count(None)
            identities = [
                identity for identity, one in zip(identities, told, strict=True) if one and one["more"]
            ]
    if not holders:
        return None
    return {"holders": holders, "lots": lots, **({"refused": refused} if refused else {})}


def _command(identity: str, moment: datetime, stated_by: Principal | None) -> ExpirePoints:
    asked = Asked(mint_id(), principal=stated_by)
    return ExpirePoints(asked, identity, moment if stated_by is not None else None)
