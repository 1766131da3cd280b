"""Swift facts are frozen dataclasses like any other, however they were made."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from shared.kernel.swift import swift


@dataclass(frozen=True, slots=True)
class Slow:
    """The usual way."""

    id: str
    points: int = 5
    marks: list[str] = field(default_factory=list)


@swift
@dataclass(frozen=True, slots=True)
class Swift:
    """The swift way."""

    id: str
    points: int = 5
    marks: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    ("given", "named"),
    [(("a",), {}), (("a", 6), {}), (("a",), {"marks": ["x"]}), ((), {"points": 1, "id": "b"})],
)
def test_it_is_made_as_the_usual_one(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    slow, made = Slow(*given, **named), Swift(*given, **named)
    assert (made.id, made.points, made.marks) == (slow.id, slow.points, slow.marks)
    assert type(made) is Swift
    assert repr(made) == repr(slow).replace("Slow", "Swift")
    assert made == Swift(*given, **named)
    assert made != Swift("else")


def test_it_is_frozen() -> None:
    made = Swift("a")
    for name in ("id", "points", "other"):
        with pytest.raises((FrozenInstanceError, TypeError)):
            setattr(made, name, 1)
    with pytest.raises((FrozenInstanceError, TypeError)):
        del made.points
    assert made == Swift("a")


def test_each_gets_its_own_from_a_factory() -> None:
    assert Swift("a").marks is not Swift("a").marks


def test_it_is_replaced_copied_and_pickled() -> None:
    made = Swift("a", 6, ["x"])
    assert replace(made, points=7) == Swift("a", 7, ["x"])
    for other in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert other == made
        assert type(other) is Swift


def test_a_missing_or_unknown_field_is_refused() -> None:
    make: Any = Swift
    for given, named in (((), {}), (("a", 1, [], 2), {}), (("a",), {"other": 1})):
        with pytest.raises(TypeError):
            make(*given, **named)


def test_a_class_that_does_more_is_refused() -> None:
    @dataclass(frozen=True)
    class Loose:
        id: str

    @dataclass(frozen=True, slots=True)
    class Checked:
        id: str

        def __post_init__(self) -> None:
            raise AssertionError

    for refused in (Loose, Checked):
        with pytest.raises(TypeError):
            swift(refused)
