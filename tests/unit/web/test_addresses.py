"""Addresses: what FastAPI would find is found, values and all; what is in doubt is left to it."""

import pytest

from shared.kernel.principal import Role
from shared.web.addresses import Addresses
from shared.web.door import Door, Passage
from shared.web.strict import Nothing


def passages(*addresses: str) -> list[Passage]:
    """Declare a read and a write at each address."""
    door = Door("/test/v1", "test")
    for address in addresses:
        door.get(address, takes=Nothing, gives=None, roles=(Role.MEMBER,))(lambda *_: {})
        door.post(address, takes=Nothing, gives=None, roles=(Role.MEMBER,))(lambda *_: {})
    return door.passages


def addresses(*paths: str) -> Addresses:
    """Know those addresses."""
    book = Addresses()
    for passage in passages(*paths):
        book.add(passage)
    return book


BOOK = addresses("/holds", "/holds/{hold}", "/holds/{hold}/capture", "/holds/mine/open", "/a/{a}/b/{b}")


@pytest.mark.parametrize(
    ("path", "route", "values"),
    [
        ("/test/v1/holds", "/test/v1/holds", {}),
        ("/test/v1/holds/h 1", "/test/v1/holds/{hold}", {"hold": "h 1"}),
        ("/test/v1/holds/{hold}", "/test/v1/holds/{hold}", {"hold": "{hold}"}),
        ("/test/v1/holds/h1/capture", "/test/v1/holds/{hold}/capture", {"hold": "h1"}),
        ("/test/v1/holds/mine/open", "/test/v1/holds/mine/open", {}),
        ("/test/v1/a/1/b/2", "/test/v1/a/{a}/b/{b}", {"a": "1", "b": "2"}),
    ],
)
def test_an_address_leads_to_its_passages_with_its_values(
    path: str, route: str, values: dict[str, str]
) -> None:
    found = BOOK.find(path)
    assert found is not None
    ways, told = found
    assert {way.path for way in ways.values()} == {route}
    assert set(ways) == {"GET", "POST"}
    assert told == values


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/test/v1/holds/",
        "//test/v1/holds",
        "/test/v1/holds//capture",
        "/test/v1/holds/h1/capture/",
        "/test/v1/holds/h1/open",
        "/test/v1//a/1/b/2",
    ],
)
def test_an_address_that_leads_nowhere_is_not_found(path: str) -> None:
    assert BOOK.find(path) is None


def test_an_address_that_two_patterns_match_is_left_to_fastapi() -> None:
    doubtful = addresses("/a/{one}/b", "/a/c/{two}")
    assert doubtful.find("/test/v1/a/c/b") is None
    assert doubtful.find("/test/v1/a/x/b") is not None


def test_one_place_has_one_name() -> None:
    with pytest.raises(ValueError, match="elsewhere"):
        addresses("/holds/{hold}", "/holds/{other}")
