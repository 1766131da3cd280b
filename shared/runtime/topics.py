"""The names of topics: one per service, and only its owner writes it. Refuses to make or remove topics."""

import re

PARTITIONS = 6

_NAME = re.compile(r"tongfen\.([a-z][a-z0-9_]*)\.v1")


def topic_of(prefix: str, service: str) -> str:
    """Name the topic of a service; the prefix tells installations on one broker apart and may be empty."""
    return f"{prefix}tongfen.{service}.v1"


def owner_of(topic: str) -> str:
    """Name the service that alone may write a topic.

    :raises ValueError: if the topic is not one of ours.
    """
    found = _NAME.search(topic)
    if found is None or found.end() != len(topic):
        raise ValueError(f"{topic} is not a topic of a service")
    return found.group(1)
