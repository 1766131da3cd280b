"""Natural names: what must be unique for ever, and the identity a wallet belongs to."""

from datetime import date, datetime
from functools import lru_cache

from shared.kernel.calendar import day_of
from shared.kernel.number import normal


def receipt_name(unit: str, store: str, number: str, purchased_at: datetime) -> str:
    """Name a receipt: unit, store, number in its one spelling, and business day in Asia/Shanghai."""
    return receipt_name_of_day(unit, store, number, day_of(purchased_at))


@lru_cache(maxsize=1024)
def receipt_name_of_day(unit: str, store: str, number: str, day: date) -> str:
    """Name a receipt by the business day that is printed on it."""
    return f"receipt {unit}|{_part(store)}|{_part(number)}|{day.isoformat()}"


def day_in(name: str) -> str:
    """Give the business day that a receipt's name ends with, `YYYY-MM-DD`."""
    return name[-10:]


def again_name(name: str, doubt: str) -> str:
    """Name a receipt that a person accepted beside a known one of that name: it goes by its doubt."""
    return f"{name}|again {doubt}"


@lru_cache(maxsize=1024)
def order_name(unit: str, order_no: str) -> str:
    """Name an order: unit and the unit's own order number."""
    return f"order {unit}|{_part(order_no)}"


def voucher_name(voucher_id: str) -> str:
    """Name what a voucher puts on hold: no order of a unit is ever named so."""
    return f"voucher {voucher_id}"


def coupon_name(digest: str) -> str:
    """Name a partner's coupon by its digest: it is for one voucher."""
    return f"coupon {digest}"


def refund_name(unit: str, refund_no: str) -> str:
    """Name a refund: unit and the unit's own refund number."""
    return f"refund {unit}|{_part(refund_no)}"


def voiding_name(voiding_id: str) -> str:
    """Name the refund that a voiding brings: no refund of a unit is ever named so."""
    return f"voiding {voiding_id}"


def capture_name(hold_id: str, capture_no: str) -> str:
    """Name a capture: its hold and the unit's own number of the capture."""
    return f"capture {hold_id}|{_part(capture_no)}"


def opening_name(unit: str, reference: str) -> str:
    """Name an opening balance: unit and the reference that the unit's own file gives it."""
    return f"opening {unit}|{_part(reference)}"


def return_name(unit: str, return_no: str) -> str:
    """Name a return of a purchase: unit and the unit's own return number."""
    return f"return {unit}|{_part(return_no)}"


def number_identity(unit: str, number: str) -> str:
    """Give the identity of a unit's member number, however it is typed."""
    return f"{unit}:{normal(number)}"


def purse(fen: int, identity: str) -> tuple[str, str]:
    """Name the need of lots worth that many fen, those that an identity's holder spends first."""
    return ("purse", f"{fen} {identity}")


def _part(text: str) -> str:
    # A bar inside a number must not be taken for the bar between two: store `1|2` is not store `1`.
    return normal(text).replace("\\", "\\\\").replace("|", "\\|")
