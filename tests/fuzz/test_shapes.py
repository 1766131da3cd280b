"""Bodies and queries that are nearly right: other values under the right names, deeper, twice, nowhere.

Bytes changed at random (test_parsers.py) seldom stay JSON; here the tree is changed, and written anew.
What is refused must say so for a place in what was sent, in words, in both languages.
"""

from __future__ import annotations

import json
import random
from collections.abc import Hashable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest

from services.member.main import openapi_app as member_app
from services.points.main import openapi_app as points_app
from shared.kernel.refusal import Malformed
from shared.web.door import Passage
from shared.web.faults import UNKNOWN
from shared.web.problems import problem_of
from shared.web.strict import TooLarge, parse, parse_query
from tests.fuzz.feeding import FUZZ_S, fed
from tests.service.doors.samples import samples

pytestmark = pytest.mark.timeout(FUZZ_S + 120)

INPUTS = 6_000
PASSAGES = [
    passage
    for application in (member_app(), points_app())
    for door in application.doors
    for passage in door.passages
]
WRITES = sorted((one for one in PASSAGES if one.writes), key=lambda one: one.path)
READS = sorted((one for one in PASSAGES if not one.writes), key=lambda one: one.path)
ODD_NAMES = (
    *("", "~", "/", "~1", "0", "-1", "a/b", "通", "😀", "\u202e", "{", "}", "{0}", "{zh}", "%s", "'", "''"),
    *('"', "\\", "x" * 70, "__class__", "model_fields", "function-after", "[key]", "earn", "\ud800", "\x00"),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**53, 2**63 - 1, -(2**63), 2**63, 10**40, -0.0, 1.0, 1.5, 1e300, 5e-324),
    *([], {}, [[]], [{}], {"": []}, {"": {}}, [None], "10", "true", "x" * 300, "office", "OFFI", "2026-01"),
    *("2026-01-01", "2026-01-01T00:00:00+08:00", "9999-12-31T23:59:59-23:59", f"mem_{'0' * 32}", *ODD_NAMES),
)
UNLOOKED = ("duplicate-key", "not-json", "not-a-query", "not-a-number", "too-deep")
"""Rules for which there is no tree in which to look for a place."""


def _names(schema: Any) -> Iterator[str]:
    """Give the names of all fields of a JSON schema, however deep."""
    if isinstance(schema, Mapping):
        yield from schema.get("properties", ())
    if isinstance(schema, Mapping | list):
        for inner in schema.values() if isinstance(schema, Mapping) else schema:
            yield from _names(inner)


NAMES = sorted({name for one in PASSAGES for name in _names(one.takes.model_json_schema())})


def odd_name(chance: random.Random) -> str:
    """Draw a name: mostly one that some model knows."""
    return chance.choice(NAMES if chance.random() < 0.7 else ODD_NAMES)


def odd_value(chance: random.Random, depth: int = 0) -> Any:
    """Draw a value of any kind, mostly flat."""
    kind = chance.random()
    if kind < 0.6 or depth > 3:
        return deepcopy(chance.choice(ODD_VALUES))
    inner = [odd_value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return inner if kind < 0.75 else {odd_name(chance): value for value in inner}


def _places(root: Any) -> list[tuple[Any, Any]]:
    """List every place in a tree as what holds it and the step to it."""
    found, level = [], [root]
    while level:
        holder = level.pop()
        steps = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        found += [(holder, step) for step in steps]
        level += [holder[step] for step in steps if isinstance(holder[step], dict | list)]
    return found


def _filled(value: Any, chance: random.Random) -> Any:
    """Put something more into a list or an object; give something else for anything else."""
    if isinstance(value, dict):
        return {**value, odd_name(chance): odd_value(chance)}
    if isinstance(value, list):
        more = [odd_value(chance)] if chance.random() < 0.7 else deepcopy(value * chance.choice((1, 2, 30)))
        return [*value, *more][:100]
    return odd_value(chance)


def _wrapped(value: Any, chance: random.Random) -> Any:
    """Put a value into lists and objects, now and then deeper than anybody may."""
    for _ in range(chance.choice((5, 31, 40)) if chance.random() < 0.1 else 1):
        value = [value] if chance.random() < 0.5 else {odd_name(chance): value}
    return value


def _change(holder: Any, step: Any, others: Sequence[bytes], chance: random.Random) -> None:
    kind = chance.choice(("other", "other", "more", "inside", "inside", "lent", "renamed", "gone"))
    if kind == "other":
        holder[step] = odd_value(chance)
    elif kind == "more":
        holder[step] = _filled(holder[step], chance)
    elif kind == "inside":
        holder[step] = _wrapped(holder[step], chance)
    elif kind == "renamed" and isinstance(holder, dict):
        holder[odd_name(chance)] = holder.pop(step)
    elif kind == "gone":
        del holder[step]
    else:
        other, place = chance.choice(_places([_tree(chance.choice(others))]))
        holder[step] = other[place]


def _tree(example: bytes) -> Any:
    try:
        return json.loads(example[1:])
    except ValueError:
        return {}


def reshaped(example: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Change the tree of a body in one to three places; its first byte, which names the route, stays."""
    root = [_tree(example)]
    for _ in range(chance.randint(1, 3)):
        if root:
            _change(*chance.choice(_places(root)), others, chance)
    text = json.dumps(root[0] if root else None, ensure_ascii=chance.random() < 0.5)
    return example[:1] + text.encode("utf-8", "surrogatepass")


def requeried(example: bytes, _others: Sequence[bytes], chance: random.Random) -> bytes:
    """Change, add or repeat a pair or two of a query."""
    pairs = [pair.partition(b"=")[::2] for pair in example[1:].split(b"&")]
    for _ in range(chance.randint(1, 2)):
        name, value = pairs[place := chance.randrange(len(pairs))]
        if chance.random() < 0.4:
            name = quote(odd_name(chance), safe="", errors="surrogatepass").encode()
        if chance.random() < 0.7:
            value = quote(str(chance.choice(ODD_VALUES)), safe="", errors="surrogatepass").encode()
        pairs[place : place + chance.randint(0, 1)] = [(name, value)]
    return example[:1] + b"&".join(name + b"=" + value for name, value in pairs)


def has(root: Any, place: str) -> bool:
    """Tell whether a tree has the place a JSON pointer names; long steps are cut there."""
    here = root
    for told in place.split("/")[1:]:
        step = told.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list):
            inside = [one for number, one in enumerate(here) if str(number) == step]
        else:
            inside = (
                [one for name, one in here.items() if name[:64] == step] if isinstance(here, dict) else []
            )
        if not inside:
            return False
        here = inside[0]
    return True


def told(refusal: Malformed | TooLarge, root: Any) -> Hashable:
    """Give what makes a refusal different, once it is seen to be one that its reader can use."""
    for language in ("zh", "en"):
        assert problem_of(refusal, language, "request").status in {413, 422}
    for fault in refusal.facts.get("faults", ()):
        place, rule = fault["pointer"], fault["rule"]
        assert fault["detail"] != UNKNOWN, fault
        absent = rule in {"missing", "union-tag-not-found"}
        assert rule in UNLOOKED or has(root, place.rpartition("/")[0] if absent else place), fault
    return refusal.code, tuple(fault["rule"] for fault in refusal.facts.get("faults", ()))


def test_bodies_of_nearly_the_right_shape_are_taken_or_refused_with_a_place_in_them() -> None:
    bodies = {name: sample.body for name, sample in samples().items()}

    def body(raw: bytes) -> Hashable:
        passage = WRITES[raw[0]]
        try:
            parse(passage.takes, raw[1:], passage.limit)
        except (Malformed, TooLarge) as refusal:
            return passage.path, told(refusal, _tree(raw))
        return passage.path, "taken"

    examples = [
        bytes([number]) + json.dumps(bodies.get(f"{one.method} {one.path}", {})).encode()
        for number, one in enumerate(WRITES)
    ]
    found = fed(body, examples, "shapes of bodies", change=reshaped, inputs=INPUTS)
    assert len(found.answers) > 4 * len(WRITES)


def test_queries_of_nearly_the_right_shape_are_taken_or_refused_with_a_place_in_them() -> None:
    def query(raw: bytes) -> Hashable:
        passage = READS[raw[0]]
        try:
            parse_query(passage.takes, raw[1:])
        except Malformed as refusal:
            pairs = parse_qsl(raw[1:].decode("ascii"), keep_blank_values=True)
            return passage.path, told(refusal, dict(pairs))
        return passage.path, "taken"

    def known(passage: Passage) -> bytes:
        return "&".join(f"{name}=1" for name in passage.takes.model_fields).encode()

    examples = [bytes([number]) + known(one) for number, one in enumerate(READS)]
    found = fed(query, examples, "shapes of queries", change=requeried, inputs=INPUTS)
    assert len(found.answers) > 2 * len(READS)
