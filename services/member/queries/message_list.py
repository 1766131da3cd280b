"""The texts that the embedded carrier keeps."""

from typing import Any

from shared.runtime.database import Questions

_MESSAGES = "SELECT phone, text, sent_at FROM messages ORDER BY sent_at DESC, id DESC LIMIT 100"


def message_list(questions: Questions) -> list[dict[str, Any]]:
    """List the latest hundred texts, the latest first."""
    return [
        {"phone": row.phone, "text": row.text, "sent_at": row.sent_at.isoformat()}
        for row in questions.rows(_MESSAGES)
    ]
