"""Asking the group's doors over HTTP: one kind of connection, one reading of what they refuse.

One manner of failing, too: an obstacle, said in one line with a way on. Refuses to ask again: whether that
helps, for how long and under whose name, whoever asks knows.
"""

from __future__ import annotations

from typing import Any

import httpx2
import orjson

from infra.embedded.obstacle import Obstacle

AWAY = (502, 503, 504)
"""A part of the group that starts again is told so, by itself or by the gateway."""

TIMEOUT_S = 30.0
_WORDS_MOST = 200


class Refused(Obstacle):
    """A door said no."""


class Silent(Obstacle):
    """Nobody answered."""


def connection(timeout_s: float = TIMEOUT_S, **more: Any) -> httpx2.Client:
    """Make a client that asks the group itself: no proxy of this machine stands in between."""
    return httpx2.Client(timeout=timeout_s, trust_env=False, **more)


def sent(client: httpx2.Client, method: str, path: str, **request: Any) -> httpx2.Response:
    """Send one request and give whatever was answered.

    :raises Silent: if nothing was.
    """
    try:
        return client.request(method, path, **request)
    except httpx2.TransportError as away:
        told = f"The group does not answer ({away})."
        raise Silent(told, "`tongfen status` shows what is missing.") from away


def passed(answer: httpx2.Response) -> httpx2.Response:
    """Give an answer that is no refusal.

    :raises Refused: if it is one: with its title, advice and faults, status and code.
    """
    if not answer.is_error:
        return answer
    told = problem_of(answer)
    title = told.get("title", f"HTTP {answer.status_code}")
    mark = " ".join(str(part) for part in (answer.status_code, told.get("code")) if part)
    raise Refused(f"{title}.", " ".join([*_advice(told), f"({mark})"]))


def problem_of(answer: httpx2.Response) -> dict[str, Any]:
    """Read a problem; what is none becomes its first words."""
    try:
        problem = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        problem = None
    if isinstance(problem, dict):
        return problem
    words = answer.text[:_WORDS_MOST]
    return {"detail": words} if words else {}


def _advice(problem: dict[str, Any]) -> list[str]:
    """Give what a problem says to do next, and which places of the request it names."""
    detail = problem.get("detail")
    places = [f"{fault['pointer'] or 'body'}: {fault['detail']}." for fault in problem.get("faults", ())]
    return [detail, *places] if detail else places
