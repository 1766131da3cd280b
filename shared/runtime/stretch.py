"""A stretch of a thread's own work that must come to an end: whoever looks from outside sees whether it does.

Refuses to time what waits for somebody else, the database above all: that would be no fault of this process.
"""

import time
from types import TracebackType


class Stretch:
    """One kind of work, done by one thread, again and again.

    :param most_s: how long one of them may last, in seconds.
    """

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._since: float | None = None

    def __enter__(self) -> None:
        """Begin."""
        self._since = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Come to the end, whichever."""
        self._since = None

    def goes_on(self) -> bool:
        """Tell whether none is under way, or not for too long; never blocks."""
        since = self._since
        return since is None or time.monotonic() - since < self._most_s
