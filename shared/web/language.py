"""Which of the two languages of the house a reader wants. Refuses to guess beyond Accept-Language."""

from functools import lru_cache

TAGS = {"zh": "zh-CN", "en": "en"}
"""Language tags as they are written into Content-Language."""

_HEADER_MAX = 200


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def chosen_language(accept_language: str) -> str:
    """Choose `zh` or `en` by the weights of an Accept-Language header; Chinese where it says neither."""
    # Cut before it is remembered: a thousand headers would be as much memory as their senders like.
    return _chosen(accept_language[:_HEADER_MAX])


@lru_cache(maxsize=1024)
def _chosen(accept_language: str) -> str:
    best, best_weight = "zh", 0.0
    for part in accept_language.lower().split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.partition("-")[0]
        weight = _weight(parameters) if parameters else 1.0
        if primary in TAGS and weight > best_weight:
            best, best_weight = primary, weight
    return best
