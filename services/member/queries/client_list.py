"""The systems whose signatures are believed, or were."""

from typing import Any

from shared.runtime.database import Questions

_CLIENTS = "SELECT id, role, unit, public_key, registered_at, revoked_at FROM clients ORDER BY id"


def client_list(questions: Questions) -> list[dict[str, Any]]:
    """List all clients by name, revoked ones too."""
    return [
        {
            "client": row.id,
            "role": row.role,
            "unit": row.unit,
            "public_key": row.public_key,
            "registered_at": row.registered_at.isoformat(),
            "revoked_at": None if row.revoked_at is None else row.revoked_at.isoformat(),
        }
        for row in questions.rows(_CLIENTS)
    ]
