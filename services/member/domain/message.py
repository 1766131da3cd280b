"""Text messages: what is to be said to a phone, and what the embedded stand-in for a carrier was given."""

from dataclasses import dataclass
from datetime import datetime

from shared.kernel.words import Words

SEND_TEXT = "send-text"
"""The kind of errand that carries a text to a phone."""

CODE_TEXT = Words(
    "【通分】验证码 {code}，5 分钟内有效。切勿告知他人。",
    "[Tongfen] Your code is {code}. It is valid for 5 minutes. Tell nobody.",
)


CONFIRMING_TEXT = Words(
    "【通分】您正在赠送积分，确认码 {code}，5 分钟内有效。若非本人操作，切勿告知他人。",
    "[Tongfen] You are giving points away. Your code is {code}, valid for 5 minutes. Not you? Tell nobody.",
)


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that must be said to the outside, saved with the decision that wants it said."""

    id: str
    kind: str
    subject: str
    body: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A text that the embedded carrier was given; it exists only where there is no real one."""

    id: str
    phone: str
    text: str
    sent_at: datetime
