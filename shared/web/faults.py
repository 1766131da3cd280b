"""What is wrong with an input, place by place, in two languages. Refuses to repeat the input itself.

A fault names a place (JSON pointer, RFC 6901), the rule that was broken, and says it in Chinese and English.
What a caller sent is never echoed: it may be personal, secret or a megabyte long.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from shared.kernel.refusal import Malformed
from shared.kernel.words import Words

FAULTS_SHOWN = 20
"""How many faults one answer lists; whoever mends these learns of the rest."""

_STEP_LENGTH = 64
_UNKNOWN = Words("此处不接受这个值", "not a value this place takes")
_WORDS: dict[str, Words] = {
    "missing": Words("缺少此项", "this is missing"),
    "extra_forbidden": Words("没有这一项", "there is no such field"),
    "int_type": Words("必须是整数", "must be an integer"),
    "int_from_float": Words("必须是整数", "must be an integer"),
    "int_parsing": Words("必须是整数", "must be an integer"),
    "int_parsing_size": Words("超出范围", "out of range"),
    "greater_than_equal": Words("不得小于 {ge}", "must be at least {ge}"),
    "less_than_equal": Words("不得大于 {le}", "must be at most {le}"),
    "greater_than": Words("必须大于 {gt}", "must be greater than {gt}"),
    "less_than": Words("必须小于 {lt}", "must be less than {lt}"),
    "bool_type": Words("必须是 true 或 false", "must be true or false"),
    "bool_parsing": Words("必须是 true 或 false", "must be true or false"),
    "string_type": Words("必须是文本", "must be text"),
    "string_too_short": Words("至少 {min_length} 个字符", "at least {min_length} characters"),
    "string_too_long": Words("至多 {max_length} 个字符", "at most {max_length} characters"),
    "string_pattern_mismatch": Words("格式不符", "does not have the form that is asked for"),
    "list_type": Words("必须是列表", "must be a list"),
    "tuple_type": Words("必须是列表", "must be a list"),
    "too_short": Words("至少 {min_length} 项", "at least {min_length} items"),
    "too_long": Words("至多 {max_length} 项", "at most {max_length} items"),
    "enum": Words("必须是：{expected}", "must be one of: {expected}"),
    "literal_error": Words("必须是：{expected}", "must be one of: {expected}"),
    "model_type": Words("必须是对象", "must be an object"),
    "model_attributes_type": Words("必须是对象", "must be an object"),
    "dict_type": Words("必须是对象", "must be an object"),
    "date_from_datetime_parsing": Words("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD"),
    "date_type": Words("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD"),
}


def pointer(steps: Iterable[str | int]) -> str:
    """Write a place as a JSON pointer; a step longer than 64 characters is cut."""
    return "".join(f"/{str(step)[:_STEP_LENGTH].replace('~', '~0').replace('/', '~1')}" for step in steps)


def fault(place: str, rule: str, words: Words) -> dict[str, Any]:
    """State one fault: where, which rule, and what is asked for instead."""
    return {"pointer": place, "rule": rule.replace("_", "-"), "detail": words}


def malformed(place: str, rule: str, zh: str, en: str) -> Malformed:
    """Make the refusal of an input with one fault, to be raised."""
    return Malformed(faults=[fault(place, rule, Words(zh, en))])


def broken(rule: str, zh: str, en: str) -> PydanticCustomError:
    """Make what a validator of a border type raises when its rule is broken."""
    return PydanticCustomError(rule, "{en}", {"zh": zh, "en": en})


def malformed_here(place: str, wrong: PydanticCustomError) -> Malformed:
    """Make the refusal of a value that was read alone (in a path) and broke the rule of its border type."""
    return Malformed(faults=[fault(place, wrong.type, _words(wrong.type, wrong.context or {}))])


def _words(kind: str, context: Mapping[str, Any]) -> Words:
    if "zh" in context:
        return Words(str(context["zh"]), str(context["en"]))
    words = _WORDS.get(kind, _UNKNOWN)
    return Words(words.told("zh", dict(context)), words.told("en", dict(context)))


def malformed_by(errors: ValidationError) -> Malformed:
    """Turn what pydantic found into the refusal that lists the first faults by place."""
    found = errors.errors(include_url=False, include_input=False)
    return Malformed(
        faults=[
            fault(pointer(error["loc"]), error["type"], _words(error["type"], error.get("ctx", {})))
            for error in found[:FAULTS_SHOWN]
        ]
    )
