"""How facts are said in a sentence to people: moments by the group's clocks, states in that one's language.

Members of a document stay as programs read them. Refuses to guess at what only looks like a moment: a fact is
one by its name.
"""

from collections.abc import Mapping
from datetime import datetime

from shared.kernel.calendar import SHANGHAI
from shared.kernel.words import Words

States = Mapping[str, Words]
"""What is said of each value of a fact."""

_MOMENTS = frozenset({"at", "until"})
# Whoever is told a bound states a moment beyond it: to the second, or it would be refused again.
_BOUNDS = frozenset({"earliest", "now"})


def spoken(facts: Mapping[str, object], states: Mapping[str, States], language: str) -> dict[str, object]:
    """Give facts as a sentence says them in that language (`zh` or `en`).

    :param states: by fact, what is said of its values; one that has no words is said as it is.
    """
    return {name: _said(name, value, states.get(name, {}), language) for name, value in facts.items()}


def _said(name: str, value: object, states: States, language: str) -> object:
    if not isinstance(value, str):
        return value
    if value in states:
        return states[value].told(language, {})
    return _shown(value, name) if name.endswith("_at") or name in _MOMENTS | _BOUNDS else value


def _shown(value: str, name: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    if moment.tzinfo is None:
        return value
    return f"{moment.astimezone(SHANGHAI):{'%Y-%m-%d %H:%M:%S' if name in _BOUNDS else '%Y-%m-%d %H:%M'}}"
