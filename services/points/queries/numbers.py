"""Whether points knows member numbers, and who holds them."""

from collections.abc import Sequence
from typing import Any

from services.points.domain.naming import number_identity
from shared.kernel.ids import shown
from shared.runtime.database import Questions

_SQL = """
SELECT w.identity, w.holder_id, m.identity AS member
FROM wallets w LEFT JOIN wallets m ON m.holder_id = w.holder_id AND m.identity LIKE 'mem\\_%'
WHERE w.identity = ANY (:identities)
"""


def numbers_known(questions: Questions, asked_for: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Give holder and member of each (unit, number), in the order asked; None where not known."""
    identities = [number_identity(unit, number) for unit, number in asked_for]
    found = {row.identity: row for row in questions.rows(_SQL, identities=identities)}
    data = []
    for (unit, number), identity in zip(asked_for, identities, strict=True):
        row = found.get(identity)
        data.append(
            {
                "unit": unit,
                "number": number,
                "holder": shown("hol", str(row.holder_id)) if row else None,
                "member": row.member if row else None,
            }
        )
    return data
