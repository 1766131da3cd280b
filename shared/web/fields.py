"""Types of single fields at the border: amounts, moments, texts, ids, codes. Refuses lenient readings of any.

They are written into annotations: `amount_fen: AmountFen`, `note: Annotated[str, Text(80)]`,
`member: Annotated[str, Shown("mem")]`, `count: Annotated[int, whole(1, 500)]`.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from shared.kernel.calendar import as_month
from shared.kernel.ids import read
from shared.kernel.number import normal
from shared.web.faults import broken

LARGEST_EXACT = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly. Source: RFC 8259, section 6."""

SECONDS_MAX = 7_258_118_400
"""The beginning of the year 2200, up to which moments are read that are said in seconds since 1970."""

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200
# Control characters, line and paragraph separators, bidirectional controls, all that shows nothing, half
# characters: what makes a text look like another text (one receipt like two), or a log line look like two.
_NOT_IN_A_LINE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def whole(least: int, most: int = LARGEST_EXACT) -> Any:
    """Bound an integer field, both ends inclusive; only a JSON integer is one."""
    return Field(strict=True, ge=least, le=most)


AMOUNT_MOST_FEN = 10**11
"""The largest amount in fen: a billion yuan, a hundred times the dearest house. What is larger is a slip of
the pen, and books must be able to add amounts up inside 64 bits, whatever rules make of them.
"""

AmountFen = Annotated[int, whole(1, AMOUNT_MOST_FEN)]
"""Money of at least 1 fen."""

AmountFenOrZero = Annotated[int, whole(0, AMOUNT_MOST_FEN)]
"""Money of at least 0 fen."""

Limit = Annotated[int, whole(1, 100)]
"""How many rows a list gives at most."""


def _moment(value: Any) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise broken(
            "moment",
            "必须是带时区偏移的 RFC 3339 时间，例如 2026-01-31T10:00:00+08:00",
            "must be an RFC 3339 time with offset, like 2026-01-31T10:00:00+08:00",
        )
    # Bounded, because the last hours of year 9999 have no UTC and a shift would overflow.
    if not _EARLIEST_YEAR <= int(value[:4]) <= _LATEST_YEAR:
        raise broken("moment", "年份超出范围", "the year is out of range")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        raise broken("moment", "没有这个时刻", "there is no such moment") from None


Moment = Annotated[
    datetime, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A moment: RFC 3339 text with offset, years 1900 to 2200, kept in UTC."""


def _day(value: Any) -> date:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise broken("day", "必须是日历上的日期 YYYY-MM-DD", "must be a date of the calendar, YYYY-MM-DD")


Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A calendar day, `YYYY-MM-DD`, of business time (Asia/Shanghai)."""


_FIRST_YEAR, _LAST_YEAR = 1970, 2199
# Calendars at the edge of what computers count have months without a beginning or an end.
_MONTH = r"^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])$"


def read_month(value: Any) -> date:
    """Read a business month, `YYYY-MM`, as its first day; years 1970 to 2199.

    :raises PydanticCustomError: if it is not written so, saying which form is asked for.
    """
    month = as_month(value) if isinstance(value, str) else None
    if month is None or not _FIRST_YEAR <= month.year <= _LAST_YEAR:
        raise broken(
            "month",
            f"必须是账期 YYYY-MM（{_FIRST_YEAR} 至 {_LAST_YEAR} 年），例如 2026-01",
            f"must be a month, YYYY-MM, of the years {_FIRST_YEAR} to {_LAST_YEAR}, like 2026-01",
        )
    return month


Month = Annotated[
    date,
    PlainValidator(read_month),
    WithJsonSchema({"type": "string", "pattern": _MONTH, "maxLength": len("2026-01")}),
]
"""A business month, `YYYY-MM` (Asia/Shanghai), as its first day."""


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text: NFC, no control or bidirectional characters, bounded in characters after NFC."""

    most: int
    least: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Describe the field to pydantic."""
        inner = core_schema.str_schema(strict=True, min_length=self.least, max_length=self.most)
        return core_schema.no_info_after_validator_function(self._composed, inner)

    def _composed(self, text: str) -> str:
        if text.isascii() and text.isprintable():
            return text
        composed = unicodedata.normalize("NFC", text)
        if _NOT_IN_A_LINE.search(composed):
            raise broken(
                "unwanted-character",
                "不得含控制字符或方向控制字符",
                "must hold no control or bidirectional character",
            )
        if len(composed) > self.most:
            raise PydanticKnownError("string_too_long", {"max_length": self.most})
        return composed


@dataclass(frozen=True, slots=True)
class Form:
    """A text of one form, written as a pattern; whoever writes another is told the form in words.

    :param zh: the form in Chinese, as it goes on after 必须是.
    :param en: the form in English, as it goes on after "must be".
    """

    pattern: str
    most: int
    zh: str
    en: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Describe the field to pydantic."""
        inner = core_schema.str_schema(strict=True, pattern=self.pattern, max_length=self.most)
        # Whatever is wrong with it, too long or no text at all: the form alone helps whoever mends it.
        words = {"zh": f"必须是{self.zh}", "en": f"must be {self.en}"}
        return core_schema.custom_error_schema(
            inner, "form", custom_error_message="{en}", custom_error_context=words
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """An id as people see it (`mem_` and 32 hex digits), read into its canonical UUID form."""

    prefix: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Describe the field to pydantic."""
        inner = id_form(self.prefix).__get_pydantic_core_schema__(source, handler)
        return core_schema.no_info_after_validator_function(self._canonical, inner)

    def _canonical(self, text: str) -> str:
        canonical = read(self.prefix, text)
        if canonical is None:
            raise broken("id", f"必须是 {self.prefix}_ 编号", f"must be an id of the form {self.prefix}_…")
        return canonical


def id_form(prefix: str) -> Form:
    """Give the form of an id as people see it, where it is kept as it was written."""
    most = len(prefix) + 33
    pattern = f"^{prefix}_[0-9a-f]{{32}}$"
    return Form(
        pattern, most, f" {prefix}_ 加 32 位小写十六进制数字", f"{prefix}_ and 32 hex digits in small letters"
    )


def code_form(like: str, least: int = 2, most: int = 32) -> Form:
    """Give the form of a code that people choose: small letters, digits and hyphens after a letter."""
    return Form(
        f"^[a-z][a-z0-9-]{{{least - 1},{most - 1}}}$",
        most,
        f" {least} 至 {most} 个小写字母、数字或连字符，以字母开头，例如 {like}",
        f"{least} to {most} small letters, digits or hyphens, beginning with a letter, like {like}",
    )


def digits_form(count: int) -> Form:
    """Give the form of so many digits, which are a text: the first may be 0."""
    noun = "digit" if count == 1 else "digits"
    return Form(f"^[0-9]{{{count}}}$", count, f" {count} 位数字", f"{count} {noun}, as text")


UnitCode = Annotated[str, code_form("mall-east")]
"""The code of a business unit, like `mall-east`."""

AssetCode = Annotated[str, Form("^[A-Z]{4}$", 4, " 4 个大写字母，例如 MALL", "4 capital letters, like MALL")]
"""The code of an asset of points, like `MALL`."""

NUMBER_MAX = 64

Number = Annotated[str, Text(NUMBER_MAX)]
"""A number that a partner gave: a receipt, an order. Up to 64 characters, as they were typed."""


def _spelled(number: str) -> str:
    spelled = normal(number)
    if not 1 <= len(spelled) <= NUMBER_MAX:
        raise broken(
            "number",
            f"去除首尾空格并统一写法后须为 1 至 {NUMBER_MAX} 个字符",
            f"must have 1 to {NUMBER_MAX} characters in its one spelling, without outer blanks",
        )
    return spelled


MemberNumber = Annotated[str, Text(NUMBER_MAX), AfterValidator(_spelled)]
"""A unit's member number, read into its one spelling: `q1` and `Q1` are one member's."""
