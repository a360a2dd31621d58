"""Requests that are gathered while a model is at work."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from windlass.errors import BusyError, NotReadyError
from windlass.serving import batching
from windlass.serving.batching import Batcher


class Doubling:
    """A model that can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, asked: Sequence[int]) -> list[int | Exception]:
        self.free.wait(10)
        self.batches.append(list(asked))
        return [ValueError(f"not {n}") if n < 0 else 2 * n for n in asked]


async def begun(model: Doubling, batcher: Batcher[int, int]) -> asyncio.Future[int]:
    """A request that keeps the model at work."""
    model.free.clear()
    first = batcher.ask(0, 1)
    while batcher.rows:
        await asyncio.sleep(0.001)
    return first


def test_what_comes_while_the_model_is_at_work_is_asked_together() -> None:
    model = Doubling()
    batcher: Batcher[int, int] = Batcher(model, latency=60.0)  # however slow this machine is

    async def ask() -> list[int]:
        first = await begun(model, batcher)
        rest = [batcher.ask(n, 1) for n in range(1, 6)]
        assert batcher.rows == 5
        model.free.set()
        return await asyncio.gather(first, *rest)

    assert asyncio.run(ask()) == [0, 2, 4, 6, 8, 10]
    assert model.batches == [[0], [1, 2, 3, 4, 5]]
    batcher.close()


def test_an_error_is_that_of_one_request_alone() -> None:
    batcher: Batcher[int, int] = Batcher(Doubling())

    async def ask() -> list[object]:
        return await asyncio.gather(
            *(batcher.ask(n, 1) for n in (1, -1, 2)), return_exceptions=True
        )

    good, bad, more = asyncio.run(ask())
    assert (good, more) == (2, 4)
    assert str(bad) == "not -1"
    batcher.close()


def test_a_model_that_raises_is_asked_again() -> None:
    calls: list[int] = []

    def broken(asked: Sequence[int]) -> list[int | Exception]:
        calls.append(len(asked))
        if len(calls) == 1:
            raise RuntimeError("broken")
        return list(asked)

    batcher: Batcher[int, int] = Batcher(broken)

    async def ask() -> int:
        with pytest.raises(RuntimeError, match="broken"):
            await batcher.ask(1, 1)
        return await batcher.ask(7, 1)

    assert asyncio.run(ask()) == 7
    batcher.close()


def test_past_its_queue_there_is_no_room_and_then_there_is() -> None:
    model = Doubling()
    batcher: Batcher[int, int] = Batcher(model, most_waiting=10)

    async def ask() -> None:
        first = await begun(model, batcher)
        large = batcher.ask(1, 50)  # alone it may be larger than the queue
        with pytest.raises(BusyError) as caught:
            batcher.ask(2, 1)
        assert 0.1 <= caught.value.retry_after <= 30
        model.free.set()
        assert [await first, await large] == [0, 2]
        assert await batcher.ask(3, 1) == 6

    asyncio.run(ask())
    batcher.close()


def test_a_model_that_hangs_is_known_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "STUCK", 0.05)
    goes_on = threading.Event()

    def hangs(asked: Sequence[int]) -> Sequence[int]:
        goes_on.wait(20)
        return asked

    batcher = Batcher[int, int](hangs)

    async def act() -> None:
        answer = batcher.ask(7, 1)
        while not batcher.is_stuck:
            await asyncio.sleep(0.01)
        goes_on.set()
        assert await answer == 7

    asyncio.run(act())
    assert not batcher.is_stuck
    batcher.close()


def test_what_takes_no_time_is_answered_in_the_loop_and_the_rest_by_the_thread() -> None:
    asked_in: list[tuple[int, bool]] = []

    def model(asked: Sequence[int]) -> list[int]:
        asked_in.append((len(asked), threading.current_thread() is threading.main_thread()))
        return [2 * n for n in asked]

    batcher = Batcher[int, int](model, at_once=0.01)

    async def ask() -> list[int]:
        few = await asyncio.gather(batcher.ask(1, 1), batcher.ask(2, 1))
        return [*few, await batcher.ask(3, 1_000_000)]

    async def ask_on() -> None:
        """As long as the thread has not gone back to sleep it takes what comes."""
        while not asked_in[-1][1]:
            assert await batcher.ask(4, 1) == 8
            await asyncio.sleep(0.001)

    assert asyncio.run(ask()) == [2, 4, 6]
    assert asked_in == [(2, True), (1, False)]
    asyncio.run(asyncio.wait_for(ask_on(), 60))
    batcher.close()


def test_a_model_is_asked_by_one_at_a_time_from_however_many_loops() -> None:
    alone = threading.Lock()

    def model(asked: Sequence[int]) -> list[int]:
        assert alone.acquire(blocking=False), "two ask at once"
        time.sleep(0.0005 if all(n % 7 for n in asked) else 0.005)
        alone.release()
        return list(asked)

    batcher = Batcher[int, int](model, at_once=0.002)

    def many(first: int) -> list[int]:
        async def one_by_one() -> list[int]:
            return [await batcher.ask(n, 1 if n % 7 else 1000) for n in range(first, first + 100)]

        return asyncio.run(one_by_one())

    with ThreadPoolExecutor(3, "loop") as loops:
        found = list(loops.map(many, (0, 1000, 2000)))
    assert found == [list(range(first, first + 100)) for first in (0, 1000, 2000)]
    batcher.close()


def test_who_waits_no_more_is_not_asked_for() -> None:
    model = Doubling()
    batcher: Batcher[int, int] = Batcher(model)

    async def ask() -> None:
        first = await begun(model, batcher)
        gone, stays = batcher.ask(1, 1), batcher.ask(2, 1)
        gone.cancel()
        model.free.set()
        assert [await first, await stays] == [0, 4]

    asyncio.run(ask())
    assert model.batches == [[0], [2]]
    assert batcher.rows == 0
    batcher.close()


def test_batches_shrink_where_they_take_too_long_and_grow_where_they_do_not() -> None:
    sizes: list[int] = []
    cost = [0.002]

    def slow(asked: Sequence[int]) -> list[int | Exception]:
        sizes.append(len(asked))
        time.sleep(cost[0] * len(asked))
        return list(asked)

    batcher: Batcher[int, int] = Batcher(slow, latency=0.02)

    async def ask(count: int) -> None:
        await asyncio.gather(*(batcher.ask(n, 1) for n in range(count)))

    asyncio.run(ask(200))
    assert max(sizes[-5:]) <= 20
    sizes.clear()
    cost[0] = 0.0
    asyncio.run(ask(2000))
    assert max(sizes) > 100
    batcher.close()


def test_several_loops_are_told_each_of_its_own() -> None:
    model = Doubling()
    batcher: Batcher[int, int] = Batcher(model)
    found: list[int] = []

    def other() -> None:
        async def ask() -> int:
            return await batcher.ask(21, 1)

        found.append(asyncio.run(ask()))

    threads = [threading.Thread(target=other) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [42] * 8
    batcher.close()


def test_what_waits_is_answered_at_the_end_and_nothing_is_taken_after_it() -> None:
    model = Doubling()
    batcher: Batcher[int, int] = Batcher(model)

    async def ask() -> None:
        first = await begun(model, batcher)
        second = batcher.ask(1, 1)
        threading.Timer(0.05, model.free.set).start()
        await asyncio.to_thread(batcher.close)
        assert [await first, await second] == [0, 2]
        with pytest.raises(NotReadyError):
            batcher.ask(2, 1)

    asyncio.run(ask())
