"""Refusals: the business says no. A refusal is an answer, kept and replayed; it is never a defect.

Each refusal class stands beside the rule that raises it and carries everything its page at
`/problems/<code>` shows. Kind to HTTP status is decided in one file, shared/web/problems.py.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self

from shared.kernel.spoken import States
from shared.kernel.words import Words


class Kind(StrEnum):
    """Why the business says no; each kind is one HTTP status."""

    KEY_MISSING = "key-missing"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    WRONG_METHOD = "wrong-method"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_LARGE = "too-large"
    WRONG_MEDIA = "wrong-media"
    MALFORMED = "malformed"
    LOCKED = "locked"
    TOO_MANY = "too-many"
    AWAY = "away"


NEVER_STORED = frozenset({Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.NOT_FOUND})


class Refusal(Exception):
    """A no of the business, with stable code, facts and what to do next.

    A subclass sets `kind`, `code`, `title`, `advice`; `advice` may name facts as `{fact}`, and `spoken` may
    say how values of a fact (a state) read in a sentence.
    Changes given with it are committed although the command is refused (a guess counted, a family revoked).
    """

    kind: ClassVar[Kind]
    code: ClassVar[str]
    title: ClassVar[Words]
    advice: ClassVar[Words]
    retryable: ClassVar[bool] = False
    spoken: ClassVar[Mapping[str, States]] = {}
    known: ClassVar[dict[str, type["Refusal"]]] = {}

    def __init__(self, *, changes: Iterable[Any] = (), **facts: Any) -> None:
        super().__init__(self.code)
        self.facts: dict[str, Any] = facts
        self.changes: tuple[Any, ...] = tuple(changes)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "code" in cls.__dict__:
            other = Refusal.known.setdefault(cls.code, cls)
            if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
                raise TypeError(f"two refusals share the code {cls.code}")

    @property
    def stored(self) -> bool:
        """Tell whether this no is a first answer to be kept for repeats of the same key."""
        return not self.retryable and self.kind not in NEVER_STORED

    def kept(self) -> dict[str, Any]:
        """Give the form in which the inbox keeps this refusal."""
        return {"refusal": self.code, "facts": self.facts}

    @classmethod
    def recalled(cls, kept: Mapping[str, Any]) -> Self:
        """Raise a kept refusal from the dead: the same code with the same facts.

        :raises KeyError: if no class of that code exists any more (codes are stable, so that is a defect).
        """
        refusal = cls.known[kept["refusal"]](**kept["facts"])
        assert isinstance(refusal, cls)
        return refusal


class KeyReused(Refusal):
    """The same key came with another body."""

    kind = Kind.MALFORMED
    code = "key-reused"
    title = Words("幂等键已用于另一请求", "This key was used for another request")
    advice = Words(
        "请为新的请求生成新的 Idempotency-Key；重试旧请求时请原样发送。",
        "Generate a new Idempotency-Key for a new request; when retrying, send the first body unchanged.",
    )


class InFlight(Refusal):
    """The same key, or a row it needs, is being worked on elsewhere for too long."""

    kind = Kind.CONFLICT
    code = "in-flight"
    retryable = True
    title = Words("请求正在处理", "The request is being processed")
    advice = Words("请稍候用同一幂等键重试。", "Wait a moment and retry with the same key.")


class Busy(Refusal):
    """The service has more waiting than it can answer in time."""

    kind = Kind.AWAY
    code = "busy"
    retryable = True
    title = Words("系统繁忙", "The service is busy")
    advice = Words(
        "请按 Retry-After 稍后用同一幂等键重试。", "Retry with the same key after Retry-After seconds."
    )


class OutcomeUnknown(Refusal):
    """The commit's outcome could not be learnt in time; the same key will tell."""

    kind = Kind.AWAY
    code = "outcome-unknown"
    retryable = True
    title = Words("结果待确认", "The outcome is not known yet")
    advice = Words(
        "请求可能已生效。请用同一幂等键重试以取得结果，不会重复执行。",
        "The request may have taken effect. Retry with the same key to learn it; nothing happens twice.",
    )


class NotFound(Refusal):
    """There is no such thing, or it is not yours; the two are not told apart."""

    kind = Kind.NOT_FOUND
    code = "not-found"
    title = Words("未找到", "Not found")
    advice = Words("请检查编号，或确认它属于您。", "Check the id, and that it is yours.")


class Forbidden(Refusal):
    """The caller's role may not do this at all."""

    kind = Kind.FORBIDDEN
    code = "forbidden"
    title = Words("无权执行", "Not allowed")
    advice = Words("此操作需要角色：{needed}。", "This needs one of the roles: {needed}.")


class Unauthenticated(Refusal):
    """Nobody we know is asking."""

    kind = Kind.UNAUTHENTICATED
    code = "unauthenticated"
    title = Words("身份未验证", "Not authenticated")
    advice = Words(
        "请登录并携带有效令牌，或用已登记的密钥签名请求。",
        "Sign in and send a valid token, or sign the request with a registered key.",
    )


class SignatureUsed(Refusal):
    """The very same signed request came before: whoever overheard it, or its sender who missed the answer."""

    kind = Kind.UNAUTHENTICATED
    code = "signature-used"
    title = Words("此签名已使用", "This signature has been used")
    advice = Words(
        "请用同一 Idempotency-Key 重新签名后重发：若已办理则返回首次结果，不会重复执行。",
        "Sign the request anew, under the same Idempotency-Key: you get the first answer, if there was one; "
        "nothing happens twice.",
    )


class Malformed(Refusal):
    """The input is not what the door takes."""

    kind = Kind.MALFORMED
    code = "malformed"
    title = Words("请求格式不正确", "The request is malformed")
    advice = Words("请按 faults 中列出的位置修正后重发。", "Mend the places listed in faults and send again.")
