"""Find holds whose time is over and have them expired through the desk like everyone else.

Refuses to decide what is over: it names holds, the command looks again under their holder's lock.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from psycopg2.extensions import connection as Connection

from services.points.commands.expire_hold import ExpireHold
from shared.kernel.command import Asked, Obey
from shared.kernel.ids import BEFORE_ALL
from shared.kernel.principal import Principal
from shared.runtime.clock import mint_id

HOLDS_MAX = 500
_DUE = """
SELECT id::text FROM holds WHERE is_open AND expires_at <= %s AND id > %s::uuid ORDER BY id LIMIT %s
"""


def expire_due_holds(
    connection: Connection,
    obey: Obey,
    moment: datetime,
    *,
    stated_by: Principal | None = None,
) -> Mapping[str, Any] | None:
    """Expire every hold that is over at the moment, 500 a batch; give what was done, or nothing.

    :param stated_by: the importer who states the moment; nobody means the clock, and the desk's own time.
    """
    expired, refused, after = 0, 0, BEFORE_ALL
    while True:
        with connection, connection.cursor() as cursor:
            cursor.execute(_DUE, (moment, after, HOLDS_MAX))
            due = [hold_id for (hold_id,) in cursor.fetchall()]
        if not due:
            break
        after = due[-1]
        stated = moment if stated_by is not None else None
        answers = obey([ExpireHold(Asked(mint_id(), principal=stated_by), one, stated) for one in due])
        for answer in answers:
            if answer.json is None:
                refused += 1
            elif orjson.loads(answer.json)["released"]:
                expired += 1
    if not expired and not refused:
        return None
    return {"holds": expired, **({"refused": refused} if refused else {})}
