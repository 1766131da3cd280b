"""What lines were for, above the policies that hide other units' orders and lots: of one's own lines alone.

Refuses to tell anything of a line in which the asking unit took no part: there is none in the answer.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shared.runtime.database import Questions

_ORIGINS = """
SELECT line, order_no, issuer, receipt_number FROM origins_of_lines(:month, CAST(:lines AS bigint[]))
"""


def origins_of(questions: Questions, month: date, lines: Sequence[int]) -> Mapping[int, Any]:
    """Give the order, the issuer and the receipt behind each line of a month, in one question."""
    if not lines:
        return {}
    return {row.line: row for row in questions.rows(_ORIGINS, month=month, lines=list(lines))}
