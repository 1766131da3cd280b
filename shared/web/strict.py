"""The one place that parses JSON and query strings from outside.

Refuses with 422 what parsers commonly let through: duplicate keys, NaN and Infinity, numbers beyond 64 bits,
lone surrogates, NUL and other control characters, more than 32 levels, bytes that are not UTF-8, undeclared
fields. Refuses to guess: "10", true and 1.5 are no integers.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticKnownError

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words
from shared.web.faults import malformed, malformed_by, malformed_here, pointer

BODY_MAX = 1_048_576
"""The largest body in bytes (1 MB); uploads will have a door of their own."""

DEPTH_MAX = 32
"""How many objects and lists may stand inside each other."""

QUERY_FIELDS_MAX = 50

_INTEGER_BOUND = 2**63
_WHOLE = (re.compile(r"-?(?:0|[1-9][0-9]{0,18})"), PydanticKnownError("int_type"))
_YES_OR_NO = (re.compile(r"true|false"), PydanticKnownError("bool_type"))
_NO_OBJECT = PydanticKnownError("model_type", {"class_name": "object"})
# Tab and line feed may stand in long texts; the border type of one line refuses them and more.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")


class TooLarge(Refusal):
    """The body is larger than this door takes."""

    kind = Kind.TOO_LARGE
    code = "too-large"
    title = Words("请求体过大", "The body is too large")
    advice = Words("请求体至多 {limit_bytes} 字节，请分批发送。", "Send at most {limit_bytes} bytes at once.")


class Inbound(BaseModel):
    """What every body and query of a door derives from: strict by field, frozen, nothing undeclared."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Inbound):
    """A body or query without any field."""


Taken = TypeVar("Taken", bound=Inbound)


class _Doubled(dict[str, Any]):
    """An object in which a key came twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Doubled(members)


def _no_constant(_name: str) -> Any:
    raise malformed("", "not-a-number", "JSON 中没有 NaN 与 Infinity", "JSON knows neither NaN nor Infinity")


_DECODE = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode


def _check_text(text: str, place: str) -> None:
    if _UNWANTED.search(text):
        raise malformed(
            place, "unwanted-character", "含有控制字符或无效字符", "holds a control or half a character"
        )


def _check_container(place: str, container: Any, escaped: bool) -> list[tuple[str, Any]]:
    """Look at every value once and give the containers inside, each with its place."""
    inside: list[tuple[str, Any]] = []
    if type(container) is _Doubled:
        raise malformed(place, "duplicate-key", "同一个键出现了两次", "a key appears twice")
    named = type(container) is dict
    steps: Iterable[tuple[Any, Any]] = container.items() if named else enumerate(container)
    for step, value in steps:
        kind = type(value)
        if escaped and named:
            _check_text(step, place)
        if kind is str:
            # Without a backslash in the body JSON itself has refused every control character.
            if escaped:
                _check_text(value, place + pointer((step,)))
        elif kind is int or kind is float:
            if not -_INTEGER_BOUND <= value < _INTEGER_BOUND:
                where = place + pointer((step,))
                raise malformed(where, "beyond-64-bits", "数值超出 64 位", "the number is beyond 64 bits")
        elif kind is dict or kind is list or kind is _Doubled:
            inside.append((place + pointer((step,)), value))
    return inside


def _plain(root: Any) -> bool:
    """Tell whether this is one object of plain values: most bodies are, and need no second look."""
    if type(root) is not dict:
        return False
    for value in root.values():
        kind = type(value)
        if kind is int:
            if not -_INTEGER_BOUND <= value < _INTEGER_BOUND:
                return False
        elif kind is not str and kind is not bool and value is not None:
            return False
    return True


def _check_tree(root: Any, escaped: bool) -> None:
    """Look at the tree level by level, so that depth never becomes recursion."""
    if not isinstance(root, dict | list):
        raise malformed_here("", _NO_OBJECT)
    level = [("", root)]
    for _ in range(DEPTH_MAX):
        level = [found for place, container in level for found in _check_container(place, container, escaped)]
        if not level:
            return
    raise malformed("", "too-deep", f"嵌套超过 {DEPTH_MAX} 层", f"nested more than {DEPTH_MAX} levels")


def read(body: bytes, limit: int = BODY_MAX) -> Any:
    """Read JSON into plain Python values and refuse what no door should ever see.

    :raises TooLarge: if the body has more bytes than the limit.
    :raises Malformed: if it is not the JSON that conventions allow.
    """
    if len(body) > limit:
        raise TooLarge(limit_bytes=limit)
    try:
        text = body.decode()
        root = _DECODE(text)
    except (ValueError, RecursionError):
        # An integer of more than 4,300 digits is a ValueError, a deep nest a RecursionError.
        raise malformed("", "not-json", "不是有效的 UTF-8 JSON", "this is not valid JSON in UTF-8") from None
    escaped = "\\" in text
    if escaped or not _plain(root):
        _check_tree(root, escaped)
    return root


def parse(model: type[Taken], body: bytes, limit: int = BODY_MAX) -> Taken:
    """Parse a JSON body into the model; an empty body stands for `{}` where no field is required.

    :raises TooLarge: if the body has more bytes than the limit.
    :raises Malformed: with `faults`, if the JSON or a field is not what the model takes.
    """
    raw = body or b"{}"
    root = read(raw, limit)
    try:
        # The second pass is pydantic's own, in Rust: its strict mode for JSON takes enums and tuples as JSON
        # writes them, which its strict mode for Python values refuses.
        return model.__pydantic_validator__.validate_json(raw)  # type: ignore[no-any-return]
    except ValidationError as errors:
        raise malformed_by(errors, root) from None


@cache
def _forms(model: type[BaseModel]) -> dict[str, tuple[re.Pattern[str], PydanticKnownError]]:
    """Say how integers and booleans are written in a query: pydantic would take ` 5`, `1_0`, `yes`."""
    forms = {}
    for name, field in model.model_fields.items():
        kinds = {field.annotation, *get_args(field.annotation)}
        if kinds & {int, bool}:
            forms[name] = _WHOLE if int in kinds else _YES_OR_NO
    return forms


def parse_query(model: type[Taken], query: bytes) -> Taken:
    """Parse a query string into the model; each name at most once, digits for integers.

    :raises Malformed: with `faults`, if a name is unknown or doubled, or a value is not what the model takes.
    """
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise malformed("", "not-a-query", "查询串无效", "the query string is not valid") from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise malformed(pointer((name,)), "duplicate-key", "同一个键出现了两次", "a key appears twice")
        _check_text(name, "")
        _check_text(value, pointer((name,)))
        form = _forms(model).get(name)
        if form and not form[0].fullmatch(value):
            raise malformed_here(pointer((name,)), form[1])
        values[name] = value
    try:
        return model.model_validate_strings(values)
    except ValidationError as errors:
        raise malformed_by(errors, values) from None
