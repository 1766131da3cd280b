"""Who read whose personal data, and why. Refuses to be changed: a row is written before the answer."""

from dataclasses import dataclass
from datetime import datetime

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class ReasonMissing(Refusal):
    """Staff who read personal data say why."""

    kind = Kind.MALFORMED
    code = "reason-missing"
    title = Words("缺少查阅理由", "A reason is missing")
    advice = Words(
        "查阅个人信息须在 X-Reason 头中说明理由（4 至 200 个字符）。",
        "Reading personal data takes a reason in the header X-Reason (4 to 200 characters).",
    )


@dataclass(frozen=True, slots=True)
class PersonalRead:
    """One look at one member's personal data."""

    id: str
    reader: str
    member: str
    reason: str
    read_at: datetime
