"""Wallets as they were read, kept until something changes: whoever has not moved a point is not read again.

A view is kept under its holder and the batch that changed that holder last, and shown to nobody but who asks
as that holder at that very moment. Refuses to say whether a batch is still the last one: whoever asks has
looked.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

KEPT_MAX = 10_000
"""Views of 3 KB (four assets): some 28 MB of a process, and more members than ask one within a minute."""

KEPT_FOR = timedelta(minutes=1)
"""However long nothing changes: what was mended by hand, past the desk, is shown a minute later."""


class Kept(NamedTuple):
    """A view, the batch that had changed its holder last, and when it is true: [since, until)."""

    batch: int
    since: datetime
    until: datetime
    view: Mapping[str, Any]


class WalletShelf:
    """The views that one thread keeps, at most 10,000; those that nobody asked for longest go first."""

    def __init__(self, most: int = KEPT_MAX) -> None:
        self._most = most
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def find(self, holder: str, batch: int, at: datetime) -> Mapping[str, Any] | None:
        """Give the holder's view if no other batch changed them and it is true at that moment, or None."""
        kept = self._kept.get(holder)
        if kept is None or kept.batch != batch or not kept.since <= at < kept.until:
            return None
        self._kept.move_to_end(holder)
        return kept.view

    def keep(
        self, holder: str, batch: int, at: datetime, until: datetime | None, view: Mapping[str, Any]
    ) -> None:
        """Keep a view read at that moment.

        :param batch: the holder's last one, asked before the view was read: what shows a later one as well is
            read again, and nothing is kept under a batch that it does not show.
        :param until: when time alone changes it, exclusive; None if it never does.
        """
        latest = at + KEPT_FOR
        self._kept[holder] = Kept(batch, at, latest if until is None else min(until, latest), view)
        self._kept.move_to_end(holder)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Let all views go."""
        self._kept.clear()
