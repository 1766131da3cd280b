"""A sentence in the two languages of the house. Refuses to choose between them: the door does."""

from typing import NamedTuple


class Words(NamedTuple):
    """One sentence in Chinese and in English, with the same `{fact}` places in both."""

    zh: str
    en: str

    def told(self, language: str, facts: dict[str, object]) -> str:
        """Fill the facts into the sentence of that language (`zh` or `en`)."""
        return (self.zh if language == "zh" else self.en).format_map(_Facts(facts))


class _Facts(dict[str, object]):
    """Facts by name; a missing one shows as its own name rather than failing an error page."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"
