"""A member's own profile, the phone masked. Row-level security shows nobody else's."""

from typing import Any

from services.member.domain.identity import IdentityKind, masked
from shared.kernel.ids import shown
from shared.runtime.database import Questions

_MEMBER = "SELECT registered_at, registered_by FROM members WHERE id = CAST(:member AS uuid)"
_IDENTITIES = (
    "SELECT kind, scope, value, linked_at, range_known FROM identities"
    " WHERE member = CAST(:member AS uuid) ORDER BY name"
)


def member_profile(questions: Questions, member: str) -> dict[str, Any] | None:
    """Show a member (canonical id) to themselves, or None if there is none."""
    person = questions.row(_MEMBER, member=member)
    if person is None:
        return None
    identities = [
        {
            "kind": row.kind,
            "scope": row.scope,
            "value": masked(row.value) if row.kind == IdentityKind.PHONE else row.value,
            "linked_at": row.linked_at.isoformat(),
            "range_known": row.range_known,
        }
        for row in questions.rows(_IDENTITIES, member=member)
    ]
    return {
        "member": shown("mem", member),
        "registered_at": person.registered_at.isoformat(),
        "registered_by": person.registered_by,
        "identities": identities,
    }
