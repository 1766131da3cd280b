"""Refusals as problem details (RFC 9457), in Chinese or English. The one place where a kind becomes a status.

Refuses to tell anything about a defect of ours but that it is one and under which request id it is logged.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.spoken import spoken
from shared.kernel.words import Words
from shared.web.language import TAGS
from shared.web.reply import Headers, Reply

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[Kind, int] = {
    Kind.KEY_MISSING: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.WRONG_METHOD: 405,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.TOO_LARGE: 413,
    Kind.WRONG_MEDIA: 415,
    Kind.MALFORMED: 422,
    Kind.LOCKED: 423,
    Kind.TOO_MANY: 429,
    Kind.AWAY: 503,
}

RETRY_AFTER_S = 1
"""How long to wait before a retry where the refusal does not say it (`retry_after_s` among its facts)."""

_OWN_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "code", "retryable"})


class KeyMissing(Refusal):
    """A write came without a usable Idempotency-Key."""

    kind = Kind.KEY_MISSING
    code = "key-missing"
    title = Words("缺少幂等键", "The idempotency key is missing")
    advice = Words(
        "请在 Idempotency-Key 头中带上 1 至 255 个可见 ASCII 字符，每个新请求各不相同。",
        "Send an Idempotency-Key header of 1 to 255 visible ASCII characters, a new one per new request.",
    )


class WrongMethod(Refusal):
    """The address exists, but does not take this method."""

    kind = Kind.WRONG_METHOD
    code = "wrong-method"
    title = Words("不支持此方法", "This address does not take that method")
    advice = Words("此地址只接受：{allowed}。", "This address takes only: {allowed}.")


class WrongMedia(Refusal):
    """The body is not JSON as it says itself, or it is encoded."""

    kind = Kind.WRONG_MEDIA
    code = "wrong-media"
    title = Words("不支持的内容类型", "The media type is not supported")
    advice = Words(
        "请以 Content-Type: application/json 发送 UTF-8 JSON，不要压缩。",
        "Send UTF-8 JSON with Content-Type: application/json, not compressed.",
    )


class Away(Refusal):
    """A part that the answer needs cannot be reached just now."""

    kind = Kind.AWAY
    code = "away"
    retryable = True
    title = Words("服务暂时不可用", "A part of the service is away")
    advice = Words(
        "请按 Retry-After 稍后用同一幂等键重试。", "Retry with the same key after Retry-After seconds."
    )


DEFECT_CODE = "defect"
DEFECT_TITLE = Words("系统内部错误", "Something is wrong on our side")
DEFECT_ADVICE = Words(
    "错误已记录。请用同一幂等键重试；若仍失败，请提供 instance 联系我们。",
    "It is logged. Retry with the same key; if it fails again, tell us the instance.",
)


def _told(value: Any, language: str) -> Any:
    """Choose the language of every sentence among the facts."""
    if isinstance(value, Words):
        return value.told(language, {})
    if isinstance(value, Mapping):
        return {name: _told(inner, language) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_told(inner, language) for inner in value]
    return value


def _headers(status: int, language: str, retry_after_s: int | None) -> Headers:
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-language", TAGS[language].encode()),
        (b"vary", b"accept-language"),
        (b"cache-control", b"no-store"),
    ]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="tongfen", Signature realm="tongfen"'))
    return tuple(headers)


def problem_document(refusal: Refusal, language: str, instance: str) -> dict[str, Any]:
    """Write a refusal as a problem document; also what a batch shows for each refused item.

    A fact whose name begins with an underscore (`_denied="foreign"`) is for the log line alone.

    :param language: `zh` or `en`.
    :param instance: the id of the request, as its log line has it.
    """
    facts = {
        name: _told(value, language)
        for name, value in refusal.facts.items()
        if name not in _OWN_MEMBERS and not name.startswith("_")
    }
    return {
        "type": f"/problems/{refusal.code}",
        "title": refusal.title.told(language, {}),
        "status": STATUS[refusal.kind],
        "detail": refusal.advice.told(language, spoken(facts, refusal.spoken, language)),
        "instance": instance,
        "code": refusal.code,
        "retryable": refusal.retryable,
        **facts,
    }


def problem_of(refusal: Refusal, language: str, instance: str) -> Reply:
    """Make the answer to a refused request."""
    document = problem_document(refusal, language, instance)
    retry_after_s = refusal.facts.get("retry_after_s", RETRY_AFTER_S) if refusal.retryable else None
    headers = _headers(document["status"], language, retry_after_s)
    if isinstance(refusal, WrongMethod):
        headers += ((b"allow", str(refusal.facts.get("allowed", "")).encode()),)
    return Reply(document["status"], orjson.dumps(document, default=str), headers, refusal.code)


def defect_problem(language: str, instance: str) -> Reply:
    """Make the answer to a request that met a defect of ours; it says nothing about the cause."""
    document = {
        "type": f"/problems/{DEFECT_CODE}",
        "title": DEFECT_TITLE.told(language, {}),
        "status": 500,
        "detail": DEFECT_ADVICE.told(language, {}),
        "instance": instance,
        "code": DEFECT_CODE,
        "retryable": True,
    }
    return Reply(500, orjson.dumps(document), _headers(500, language, None), DEFECT_CODE)
