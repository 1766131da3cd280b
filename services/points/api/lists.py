"""What every list takes and gives: a limit, a signed cursor, and the next one."""

from typing import Annotated

from pydantic import BaseModel

from shared.web.fields import Limit, Text
from shared.web.strict import Inbound


class PageQuery(Inbound):
    """Which page of a list."""

    limit: Limit = 50
    cursor: Annotated[str, Text(512)] | None = None


class NextView(BaseModel):
    """Where the next page begins; null on the last."""

    next: str | None
