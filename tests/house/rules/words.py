"""How names fall into words, for the rules about names."""

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words(name: str) -> list[str]:
    """Split a name in snake_case or CamelCase into its words, lower case."""
    return [word.lower() for word in _WORD.findall(name)]


def snake(name: str) -> str:
    """Write a CamelCase name in snake_case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def kebab(name: str) -> str:
    """Write a CamelCase name in kebab-case."""
    return snake(name).replace("_", "-")
