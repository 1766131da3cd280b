"""Feeds a parser with mutations of good examples, guided by its answers: an input with a new answer is kept.

The answers are all that is looked at: which refusal, for which cause, at which place. Refuses to call
anything but the parser's own refusals an answer; whatever else it raises is the defect that is looked for.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

FUZZ_S = float(os.environ.get("TONGFEN_FUZZ_S", "0"))
"""How long each parser is fed; 0: a fixed number of inputs from a fixed seed, the same in every run."""

INPUTS = 3_000
KEPT_MAX = 2_000
LENGTH_MAX = 20_000
TOKENS = (
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\r\n", b"\\u0000", b"\\ud800", b"%00"),
    *(one.to_bytes() for one in b"\"'{}[],:;=().-+ %&?#0"),
    *(b"-1", b"1.5", b"1e400", b"NaN", b"Infinity", b"9223372036854775808", b"9" * 40, b"true", b"null"),
    *(b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"2026-02-30T00:00:00Z", b"T24:00:00Z"),
    *(b"none", b"HS256", b"Ed25519", b"evt_", b"mem_", b"sig1", b"sha-256=", b"created", b"nonce", b"keyid"),
)
"""What has broken parsers before."""

Parser = Callable[[bytes], Hashable]
"""Reads bytes and gives what it answered; it raises only what is a defect."""


Change = Callable[[bytes, Sequence[bytes], random.Random], bytes]
"""Makes another input of an example; the other examples may lend it parts."""


@dataclass(slots=True)
class Fed:
    """What came of it: how many inputs, and how many different answers."""

    inputs: int = 0
    answers: set[Hashable] = field(default_factory=set)


def mutated(example: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Change an example in one to four places."""
    raw = example
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(raw) + 1)
        end = min(len(raw), place + chance.choice((1, 1, 2, 8, 64)))
        kind = chance.randrange(6)
        if kind == 0:
            raw = raw[:place] + raw[end:]
        elif kind == 1:
            raw = raw[:place] + chance.choice(TOKENS) + raw[place:]
        elif kind == 2:
            raw = raw[:place] + chance.choice(TOKENS) + raw[end:]
        elif kind == 3:
            raw = raw[:place] + raw[place:end] * chance.choice((2, 3, 40)) + raw[end:]
        elif kind == 4:
            raw = raw[:place] + chance.randbytes(chance.choice((1, 1, 4))) + raw[end:]
        else:
            other = chance.choice(others)
            raw = raw[:place] + other[chance.randrange(len(other) + 1) :]
    return raw[:LENGTH_MAX]


def fed(
    parser: Parser,
    examples: Sequence[bytes],
    name: str,
    change: Change = mutated,
    inputs: int = INPUTS,
) -> Fed:
    """Feed a parser and give what came of it; what it raises names the input and the seed.

    :param change: how an example becomes another one.
    :param inputs: how many it gets where no time is set.
    """
    seed = int(os.environ.get("TONGFEN_SEED", "0")) or (random.randrange(2**32) if FUZZ_S else 1)
    chance, kept, found = random.Random(seed), list(examples), Fed()
    for raw in _inputs(kept, chance, change, inputs):
        found.inputs += 1
        try:
            answer = parser(raw)
        except BaseException as defect:
            raise AssertionError(f"{name}, seed {seed}: {type(defect).__name__} at {raw!r}") from defect
        if answer not in found.answers:
            found.answers.add(answer)
            if len(kept) < KEPT_MAX:
                kept.append(raw)
    print(f"fuzz {name}: seed {seed}, {found.inputs:,} inputs, {len(found.answers)} different answers")
    return found


def _inputs(kept: list[bytes], chance: random.Random, change: Change, inputs: int) -> Iterator[bytes]:
    yield from list(kept)
    until = time.monotonic() + FUZZ_S
    for count in range(10**12):
        if time.monotonic() >= until if FUZZ_S else count >= inputs:
            return
        yield change(chance.choice(kept), kept, chance)
