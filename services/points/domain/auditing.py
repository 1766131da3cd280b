"""How an audit on demand stands, and what stands in its way. Refuses to know how the books are read."""

from enum import StrEnum

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

ATTEMPTS = 5
"""How often an audit is begun whose worker fell, or whose database went away, before it counts as failed."""


class AuditState(StrEnum):
    """How far a question for an audit is."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will come of it."""
        return self in (AuditState.DONE, AuditState.FAILED)


class AuditUnderWay(Refusal):
    """All books are being read already, or take longer than anybody waits for an answer."""

    kind = Kind.AWAY
    code = "audit-under-way"
    retryable = True
    title = Words("审计正在进行", "The books are being read")
    advice = Words(
        "审计仍在进行；请稍后再次请求，即可取得其结果。",
        "The audit goes on; ask again, and you are told what it found.",
    )


class AuditNotBegun(Refusal):
    """No worker has begun it: one reads the books for whoever asked before, or none runs."""

    kind = Kind.AWAY
    code = "audit-not-begun"
    retryable = True
    title = Words("审计尚未开始", "The audit has not begun")
    advice = Words(
        "审计由后台进程（worker）进行：它正在处理先前的请求，或没有运行。请稍后再次请求；如一直如此，请检查后台进程。",
        "A worker does it, and reads the books for whoever asked before, or none runs. Ask again; if it stays"
        " so, see whether a worker runs.",
    )


class AuditFailed(Refusal):
    """It was begun, and could not be done."""

    kind = Kind.CONFLICT
    code = "audit-failed"
    title = Words("审计未能完成", "The audit could not be done")
    advice = Words(
        "原因见后台进程（worker）的日志；再次请求将重新审计。",
        "The worker's log says why; ask again, and it is begun anew.",
    )


def not_yet(state: AuditState) -> Refusal:
    """Say why there is no report yet."""
    return AuditNotBegun() if state is AuditState.ASKED else AuditUnderWay()
