"""What stands in the way of an audit on demand: another one. Refuses to know how the books are read."""

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


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
