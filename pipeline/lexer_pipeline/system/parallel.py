"""Work on several chunks at a time, their order kept."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from msgspec import Struct

Item = TypeVar("Item")
Result = TypeVar("Result")

# The kernels and the hashes let go of Python's lock, so threads serve; more than four would only wait for it.
MOST = 4


def cores() -> int:
    """How many cores this process may use."""
    may = getattr(os, "sched_getaffinity", None)
    return len(may(0)) if may is not None else os.cpu_count() or 1


def workers(threads: int | None) -> int:
    """How many workers there are beside the thread that reads, where so many may be at work, or one on each core."""
    return min(MOST, (threads or cores()) - 1)


def map_in_order(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """`work` done on each item, in their order; at most one item more than there are workers is under way.

    Without workers whoever asks for the next does the work.
    """
    if workers < 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[Result]] = deque()
        try:
            for item in items:
                under_way.append(pool.submit(work, item))
                if len(under_way) > workers:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def ahead(
    items: Iterator[Item], most: int = 1, took: Callable[[float], None] | None = None
) -> Generator[Item]:
    """The items, of which a thread makes so many before they are asked for; none is made any more once it is closed.

    What CPU seconds each one `took` that thread is told there.
    """
    if most < 1:
        yield from items
        return
    end: Any = object()

    def made() -> Item:
        begin = time.thread_time()
        item = next(items, end)
        if took is not None:
            took(time.thread_time() - begin)
        return item

    with ThreadPoolExecutor(1) as pool:
        coming = deque(pool.submit(made) for _ in range(most))
        try:
            while (item := coming.popleft().result()) is not end:
                coming.append(pool.submit(made))
                yield item
        finally:
            for one in coming:
                one.cancel()


class Ahead(Struct, frozen=True):
    """How far something is read `ahead`, and who is told what it took."""

    most: int = 0
    took: Callable[[float], None] | None = None

    def of(self, items: Iterator[Item]) -> Generator[Item]:
        """The items, read so far ahead."""
        return ahead(items, self.most, self.took)

    def at_most(self, most: int) -> "Ahead":
        """The same, no further than so many."""
        return Ahead(min(most, self.most), self.took)


IN_TURN = Ahead()
