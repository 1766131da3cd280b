"""Threads for handlers that block: so many at a time, in turn, and nobody waits longer than stated."""

import asyncio
import threading

import pytest

from shared.web.threads import Threads


def test_so_many_block_at_a_time_and_the_next_is_told_in_time() -> None:
    free = threading.Event()

    async def crowd() -> list[object]:
        threads = Threads(2, patience_s=0.2)
        inside = [asyncio.create_task(threads.run(free.wait, 10)) for _ in range(2)]
        late = await asyncio.gather(*(threads.run(free.wait, 10) for _ in range(50)), return_exceptions=True)
        free.set()
        assert await asyncio.gather(*inside) == [True, True]
        return [*late, await threads.run(lambda: "served after")]

    *late, after = asyncio.run(crowd())
    assert [type(one) for one in late] == [TimeoutError] * 50
    assert after == "served after"


def test_whoever_waits_is_served_in_the_order_of_coming() -> None:
    served: list[int] = []

    async def crowd() -> None:
        threads = Threads(1, patience_s=10)
        await asyncio.gather(*(threads.run(served.append, number) for number in range(20)))

    asyncio.run(crowd())
    assert served == list(range(20))


def test_a_handler_that_fails_gives_its_thread_back() -> None:
    def broken() -> None:
        raise KeyError("a defect")

    async def crowd() -> str:
        threads = Threads(1, patience_s=0.2)
        for _ in range(3):
            with pytest.raises(KeyError):
                await threads.run(broken)
        return await threads.run(lambda: "served")

    assert asyncio.run(crowd()) == "served"


def test_whoever_leaves_while_waiting_takes_no_thread_along() -> None:
    free = threading.Event()

    async def crowd() -> str:
        threads = Threads(1, patience_s=5)
        inside = asyncio.create_task(threads.run(free.wait, 10))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(threads.run(lambda: "never")) for _ in range(5)]
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        free.set()
        await inside
        return await threads.run(lambda: "served")

    assert asyncio.run(crowd()) == "served"
