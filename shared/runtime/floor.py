"""The floor of an outbox: where the relay's next look begins, however many dead rows lie below.

Refuses to pass over a row: whatever may still be committed lies above it.
"""

from collections import deque
from collections.abc import Sequence


class Floor:
    """The id below which nothing pending can be: dead rows that an old snapshot keeps are not read again.

    It is the smaller of the lowest pending id and the highest id seen `settled_s` seconds ago, plus one.
    """

    def __init__(self, settled_s: float) -> None:
        self.low = 0
        self._settled_s = settled_s
        self._highest = -1
        self._settled = -1
        self._marks: deque[tuple[float, int]] = deque()

    def seen(self, pending: Sequence[int], held: Sequence[int], present: float) -> None:
        """Take note of one look (monotonic seconds): pending ids, ascending, and those held back."""
        if pending:
            self._highest = max(self._highest, pending[-1])
        if not self._marks or present - self._marks[-1][0] >= self._settled_s / 60:
            self._marks.append((present, self._highest))
        while self._marks and present - self._marks[0][0] >= self._settled_s:
            self._settled = self._marks.popleft()[1]
        self.low = max(self.low, min([self._settled + 1, *pending[:1], *held]))
