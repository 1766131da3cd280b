"""Receipts: when one may be sent, and what it earns. A receipt earns once, whoever sends it."""

from datetime import datetime, timedelta

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

AHEAD = timedelta(minutes=5)
BACK = timedelta(days=45)


class ReceiptConflict(Refusal):
    """The receipt is known with another amount or another member."""

    kind = Kind.CONFLICT
    code = "receipt-conflict"
    title = Words("小票已登记且内容不同", "The receipt is known with other facts")
    advice = Words(
        "小票 {receipt_no} 已按人民币 {amount_fen} 分登记；本次内容已存疑（{doubt}），将由人工核定。",
        "Receipt {receipt_no} is known with {amount_fen} fen; a person decides about this one ({doubt}).",
    )


class ReceiptTooEarly(Refusal):
    """The purchase lies in the future."""

    kind = Kind.MALFORMED
    code = "receipt-too-early"
    title = Words("消费时间在未来", "The purchase lies in the future")
    advice = Words(
        "请检查收银机时钟；最多允许超前 5 分钟。",
        "Check the till's clock; at most 5 minutes ahead are taken.",
    )


class ReceiptTooLate(Refusal):
    """The purchase is too long ago."""

    kind = Kind.CONFLICT
    code = "receipt-too-late"
    title = Words("消费时间过久", "The purchase is too long ago")
    advice = Words(
        "超过 45 天的小票请交由运营人员以导入方式处理。",
        "Receipts older than 45 days are brought in by an operator's import.",
    )


def check_purchase(purchased_at: datetime, now: datetime) -> None:
    """Let a purchase be reported from 45 days after to 5 minutes before it happened.

    :raises ReceiptTooEarly: if it is more than 5 minutes ahead.
    :raises ReceiptTooLate: if it is more than 45 days back.
    Source: the demo group's rule table.
    """
    check_not_ahead(purchased_at, now)
    if purchased_at < now - BACK:
        raise ReceiptTooLate(purchased_at=purchased_at.isoformat())


def check_not_ahead(purchased_at: datetime, now: datetime) -> None:
    """Let a purchase be told up to 5 minutes before it happened: clocks of tills differ.

    :raises ReceiptTooEarly: if it is more than 5 minutes ahead.
    """
    if purchased_at > now + AHEAD:
        raise ReceiptTooEarly(purchased_at=purchased_at.isoformat())
