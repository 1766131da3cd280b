"""Every write of the route tables is sent everything that parsers commonly let through; none answers 500.

Each attack changes one place of a good example, so that whatever is refused is refused for that place.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from shared.kernel.principal import Role
from shared.web.faults import UNKNOWN
from tests.journeys.caller import Caller
from tests.journeys.group import Group
from tests.service.doors.samples import Route, filled, samples, writes

Place = tuple[str | int, ...]

NUMBERS = ("0", "-1", "1.5", "1e400", "NaN", "Infinity", '"10"', "true", "9223372036854775808", "[1]")
TEXTS = (
    b'"a\\u0000b"',
    b'"a\\ud800b"',
    b'"\xff\xfe"',
    b"17",
    b"true",
    b'["x"]',
    b'{"a":"b"}',
    b'"' + b"x" * 1_000 + b'"',
)
LOOKS_LIKE_ANOTHER = ('"a\u202eb"', '"a\\r\\nb"', '"a\\u2028b"')
UNDECLARED: dict[str, Any] = {"balance": 1_000_000, "unit_id": "hotel", "tier": 3, "is_admin": True}
BODIES = (b"{", b"[]", b'"x"', b"null", b"1", b"\xef\xbb\xbf{}", b"{}{}", b"{'a':1}", b"\x00")
DEEP = (b'{"deep":' + b"[" * 40 + b"]" * 40 + b"}", b"[" * 200_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000)
PREFERRED = (Role.MEMBER, Role.IMPORTER, Role.OPERATOR, Role.UNIT_SYSTEM)
HOLE = "@here@"
ABSENT = ("missing", "union-tag-not-found")
every_write = pytest.mark.parametrize("route", writes(), ids=str)


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every number and text of a sample with its place."""
    if isinstance(value, dict | list):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inner in steps:
            yield from leaves(inner, (*place, step))
    else:
        yield place, value


def objects(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of every object with declared fields; a map of numbers by unit declares none."""
    if isinstance(value, dict):
        if place[-1:] != ("numbers",):
            yield place
        for name, inner in value.items():
            yield from objects(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from objects(inner, (*place, number))


def changed(body: dict[str, Any], place: Place, raw: bytes) -> bytes:
    """Write the sample with raw JSON in one place."""
    copy = orjson.loads(orjson.dumps(body))
    inner = copy
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = HOLE
    return bytes(orjson.dumps(copy)).replace(f'"{HOLE}"'.encode(), raw)


def added(body: dict[str, Any], place: Place, name: str, value: Any) -> bytes:
    """Write the sample with one more field in one of its objects."""
    copy = orjson.loads(orjson.dumps(body))
    inner = copy
    for step in place:
        inner = inner[step]
    inner[name] = value
    return bytes(orjson.dumps(copy))


@pytest.fixture
def caller(route: Route, group: Group, callers: dict[Role, Caller]) -> Caller:
    """Lend somebody who may use the route."""
    known = [role for role in PREFERRED if role in route.roles]
    return callers[known[0]] if known else group.stranger


def tried(caller: Caller, route: Route, content: bytes, **headers: str) -> int:
    """Send content to the route under a fresh key and give the status."""
    answer = caller.send("POST", filled(route), content, f"try-{id(content)}", **headers)
    if answer.status_code == 422:
        check_told(content, answer.json().get("faults", []))
    return answer.status_code


def check_told(content: bytes, faults: list[dict[str, str]]) -> None:
    """Check that each fault says what is asked for instead, at a place that there is in what was sent."""
    for fault in faults:
        assert fault["detail"] not in UNKNOWN, fault
        steps = fault["pointer"].split("/")[1:]
        if steps:
            inner = json.loads(content)
            for step in steps[:-1]:
                inner = inner[int(step) if isinstance(inner, list) else unescaped(step)]
            known = isinstance(inner, list) or unescaped(steps[-1]) in inner
            assert known is not (fault["rule"] in ABSENT), (fault, inner)


def unescaped(step: str) -> str:
    """Read a step of a JSON pointer."""
    return step.replace("~1", "/").replace("~0", "~")


@every_write
def test_the_good_example_itself_is_understood(route: Route, caller: Caller) -> None:
    answer = caller.post(filled(route), samples()[str(route)].body)
    assert answer.status_code not in (400, 403, 405, 413, 415, 422), answer.text
    assert answer.status_code < 500


@every_write
def test_amounts_are_whole_positive_and_fit_into_64_bits(route: Route, caller: Caller) -> None:
    sample = samples()[str(route)]
    for place, value in leaves(sample.body):
        if isinstance(value, int):
            for raw in NUMBERS:
                if raw == "0" and place[-1] in sample.zero:
                    continue
                assert tried(caller, route, changed(sample.body, place, raw.encode())) == 422, (place, raw)


@every_write
def test_texts_hold_no_half_characters_and_know_their_length(route: Route, caller: Caller) -> None:
    body = samples()[str(route)].body
    for place, value in leaves(body):
        if isinstance(value, str):
            for raw in TEXTS:
                assert tried(caller, route, changed(body, place, raw)) == 422, (place, raw[:40])
            for look in LOOKS_LIKE_ANOTHER:
                # Secrets and tokens are compared, never shown: a strange one is simply wrong.
                assert tried(caller, route, changed(body, place, look.encode())) in (401, 422), (place, look)


@every_write
def test_undeclared_and_doubled_fields_are_refused(route: Route, caller: Caller) -> None:
    body = samples()[str(route)].body
    for place in objects(body):
        for name, value in UNDECLARED.items():
            assert tried(caller, route, added(body, place, name, value)) == 422, (place, name)
    first, value = next(iter(body.items()), ("a", 1))
    pair = bytes(orjson.dumps({first: value}))[1:-1]
    whole = bytes(orjson.dumps(body or {"a": 1}))
    assert tried(caller, route, b"{" + pair + b"," + whole[1:]) == 422


@every_write
def test_what_is_no_object_too_deep_or_too_large_is_refused(route: Route, caller: Caller) -> None:
    for content in BODIES:
        assert tried(caller, route, content) == 422, content
    for content in DEEP:
        # Strangers' and members' doors take less at once.
        assert tried(caller, route, content) in (413, 422), content[:40]
    for size in (1_048_577, 10_000_000):
        began = time.monotonic()
        assert tried(caller, route, b"x" * size) == 413
        # Told at once, not after the time in which the gateway looks for another process.
        assert time.monotonic() - began < 2.5


@every_write
def test_a_body_says_what_it_is_and_a_write_has_no_query(route: Route, caller: Caller) -> None:
    content = bytes(orjson.dumps(samples()[str(route)].body))
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        assert tried(caller, route, content, content_type=media) == 415, media
    assert tried(caller, route, content, content_encoding="gzip") == 415
    asked = caller.send("POST", f"{filled(route)}?tier=3", content, "with-a-query")
    assert asked.status_code == 422


@every_write
def test_another_method_is_told_which_ones_there_are(route: Route, caller: Caller) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = caller.send(method, filled(route), b"{}", "another-method")
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]
