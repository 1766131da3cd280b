"""What is wrong with an input, place by place, in two languages. Refuses to repeat the input itself.

A fault names a place (JSON pointer, RFC 6901), the rule that was broken, and says it in Chinese and English.
What a caller sent is never echoed: it may be personal, secret or a megabyte long.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError, PydanticKnownError

from shared.kernel.refusal import Malformed
from shared.kernel.words import Words

FAULTS_SHOWN = 20
"""How many faults one answer lists; whoever mends these learns of the rest."""

_STEP_LENGTH = 64
UNKNOWN = Words("此处不接受这个值", "not a value this place takes")
"""What is said where no sentence fits: no door of ours comes to that."""

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
    "string_too_short": Words("至少 {min_length} 个字符", "must have at least {min_length} characters"),
    "string_too_long": Words("至多 {max_length} 个字符", "must have at most {max_length} characters"),
    "list_type": Words("必须是列表", "must be a list"),
    "tuple_type": Words("必须是列表", "must be a list"),
    "too_short": Words("至少 {min_length} 项", "must have at least {min_length} items"),
    "too_long": Words("至多 {max_length} 项", "must have at most {max_length} items"),
    "enum": Words("必须是：{expected}", "must be one of: {expected}"),
    "literal_error": Words("必须是：{expected}", "must be one of: {expected}"),
    "union_tag_invalid": Words("必须是：{expected_tags}", "must be one of: {expected_tags}"),
    "union_tag_not_found": Words("缺少此项", "this is missing"),
    "model_type": Words("必须是对象", "must be an object"),
    "model_attributes_type": Words("必须是对象", "must be an object"),
    "dict_type": Words("必须是对象", "must be an object"),
    "date_from_datetime_parsing": Words("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD"),
    "date_type": Words("必须是日期 YYYY-MM-DD", "must be a date YYYY-MM-DD"),
}
# What the sentences above would say with a one in them.
_WORDS_OF_ONE: dict[str, Words] = {
    "string_too_short": Words("不得为空", "must not be empty"),
    "string_too_long": Words("至多 1 个字符", "must have at most 1 character"),
    "too_short": Words("不得为空", "must not be empty"),
    "too_long": Words("至多 1 项", "must have at most 1 item"),
}
# Pydantic joins what it expects in English, each in quotes; the name that tells kinds apart is in quotes too.
_CHOICES = ("expected", "expected_tags")
_QUOTED = re.compile(r"'([^']*)'")
_BETWEEN = Words("、", ", ")


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


def not_just_one(first: str, second: str) -> PydanticCustomError:
    """Make the error by which a body is refused that has both of two fields, or neither."""
    return broken(
        "wish", f"{first} 与 {second} 必须且只能填写其一", f"exactly one of {first} and {second} is needed"
    )


def malformed_here(place: str, wrong: PydanticCustomError | PydanticKnownError) -> Malformed:
    """Make the refusal of a value that was read alone and broke the rule of its border type."""
    return Malformed(faults=[fault(place, wrong.type, _words(wrong.type, wrong.context or {}))])


def _words(kind: str, context: Mapping[str, Any]) -> Words:
    if "zh" in context:
        return Words(str(context["zh"]), str(context["en"]))
    words = _WORDS.get(kind, UNKNOWN)
    if 1 in (context.get("min_length"), context.get("max_length")):
        words = _WORDS_OF_ONE.get(kind, words)
    return Words(*(words.told(tongue, _facts(context, tongue)) for tongue in ("zh", "en")))


def _facts(context: Mapping[str, Any], tongue: str) -> dict[str, object]:
    """Give the facts of a sentence, choices as that language lists them."""
    between = _BETWEEN.told(tongue, {})
    listed = {name: between.join(_QUOTED.findall(context[name])) for name in _CHOICES if name in context}
    return {**context, **listed}


def _place(error: Mapping[str, Any], root: Any) -> Iterator[str | int]:
    """Walk to the place of a fault in what was sent, past steps that are pydantic's own."""
    here, last = root, len(error["loc"]) - 1
    for position, step in enumerate(error["loc"]):
        if isinstance(step, int) if isinstance(here, list) else isinstance(here, dict) and step in here:
            here = here[step]
        elif error["type"] != "missing" or position != last:
            # The kind that a union chose, or a note that a name is meant: what was sent has no such member.
            continue
        yield step
    yield from _QUOTED.findall(error.get("ctx", {}).get("discriminator", ""))


def malformed_by(errors: ValidationError, root: Any) -> Malformed:
    """Turn what pydantic found into the refusal that lists the first faults by place.

    :param root: what was sent, as plain values: the places are places in it.
    """
    found = errors.errors(include_url=False, include_input=False)
    return Malformed(
        faults=[
            fault(pointer(_place(error, root)), error["type"], _words(error["type"], error.get("ctx", {})))
            for error in found[:FAULTS_SHOWN]
        ]
    )
