"""Refusals are known by their codes: a kept one is recalled as the class that said it."""

import pytest

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

WORDS = Words("测试", "Test")


def refusing(code: str, module: str, name: str = "OfThisTest") -> type[Refusal]:
    """Make a refusal as a module of that name would."""
    told = {"kind": Kind.CONFLICT, "code": code, "title": WORDS, "advice": WORDS}
    return type(name, (Refusal,), {**told, "__module__": module, "__qualname__": name})


@pytest.mark.parametrize("other", [("b", "OfThisTest"), ("a", "OfAnother")])
def test_two_refusals_never_share_a_code_not_even_under_one_name(other: tuple[str, str]) -> None:
    """The answer to a repeat would be said in the words of whichever was read first."""
    code = f"of-this-test-{'-'.join(other).lower()}"
    first = refusing(code, "a")
    try:
        with pytest.raises(TypeError, match=code):
            refusing(code, *other)
        assert Refusal.known[code] is first
        refusing(code, "a")  # a class made anew by its decorator is the same one
    finally:
        del Refusal.known[code]
