"""One exchange, as it was answered. Refuses to tell a stranger's from one that never was."""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions


def exchange_of(questions: Questions, exchange_id: str) -> Mapping[str, Any]:
    """Give what an exchange came to.

    :raises NotFound: if there is none, or the asker may not see it.
    """
    row = questions.row("SELECT answer FROM exchanges WHERE id = CAST(:id AS uuid)", id=exchange_id)
    if row is None:
        raise NotFound(_denied="foreign")
    found: Mapping[str, Any] = orjson.loads(row.answer)
    return found
