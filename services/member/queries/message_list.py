"""The texts that the embedded carrier keeps."""

from typing import Any

from shared.runtime.database import Questions

# Their ids are those of the errands that carried them, and sort by when each was asked for.
_MESSAGES = "SELECT phone, text, sent_at FROM messages ORDER BY id DESC LIMIT 100"


def message_list(questions: Questions) -> list[dict[str, Any]]:
    """List the hundred texts that were asked for last, the latest first."""
    return [
        {"phone": row.phone, "text": row.text, "sent_at": row.sent_at.isoformat()}
        for row in questions.rows(_MESSAGES)
    ]
