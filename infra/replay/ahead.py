"""One step of work ahead of its use: while a batch is on its way, the next one is being prepared."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Work = TypeVar("Work")


def one_ahead(work: Iterator[Work]) -> Iterator[Work]:
    """Yield what the iterator yields, in order, computing the next element while the current one is used."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as worker:
        coming = worker.submit(next, work, None)
        while (current := coming.result()) is not None:
            coming = worker.submit(next, work, None)
            yield current
