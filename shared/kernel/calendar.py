"""Business days and months in Asia/Shanghai, half-open. Refuses to read a clock: it is told the time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """Give the business day in Asia/Shanghai on which the moment falls."""
    return moment.astimezone(SHANGHAI).date()


def month_of(moment: datetime) -> date:
    """Give the first day of the business month in Asia/Shanghai in which the moment falls."""
    return day_of(moment).replace(day=1)


def month_after(month: date, count: int = 1) -> date:
    """Give the first day of the month that many months later (or earlier, if negative)."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def midnight(day: date) -> datetime:
    """Give the moment at which the business day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Give a business month as [first day 00:00, first day of the next month 00:00)."""
    return midnight(month), midnight(month_after(month))


def quarter_end_after(moment: datetime, months: int) -> datetime:
    """Give the start of the quarter after the one that contains the moment plus that many calendar months.

    A day that the later month lacks becomes that month's last day. Exclusive: the first moment after it.
    """
    day = month_of(moment)
    later = month_after(day, months)
    quarter = date(later.year, (later.month - 1) // 3 * 3 + 1, 1)
    return midnight(month_after(quarter, 3))


def as_month(text: str) -> date | None:
    """Read `YYYY-MM`, or None where it is not a month."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None


def days(count: int) -> timedelta:
    """Give that many times 24 hours."""
    return timedelta(days=count)
