"""A process that ends without a word at a named point: what a power cut does, at a place a test chose.

Refuses to be anything softer: no exception, no clean-up, no flushed buffer.
"""

import os
import re
import threading
from collections.abc import Callable

FELL = 86
"""The exit status of a process that fell at its point; no other ending has it."""
_FORM = re.compile(r"([a-z]+(?:[._][a-z]+)+)(?::([1-9][0-9]{0,8}))?")


def falling_at(text: str | None) -> Callable[[str], None]:
    """Give what desk, relay, consumer and jobs are told their points with.

    :param text: `point:n` ends the process when it reaches that point for the n-th time (without n the
        first); None never does.
    :raises ValueError: if the text is neither.
    """
    if text is None:
        return _goes_on
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("must be a named point and a count, like desk.before_commit:3")
    return _Fall(found[1], int(found[2] or 1)).reached


def _goes_on(_: str) -> None:
    return None


class _Fall:
    def __init__(self, point: str, left: int) -> None:
        self._point = point
        self._left = left
        self._counting = threading.Lock()

    def reached(self, point: str) -> None:
        if point != self._point:
            return
        with self._counting:
            self._left -= 1
            if self._left == 0:
                os._exit(FELL)
