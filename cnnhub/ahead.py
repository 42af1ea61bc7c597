"""Work that is done in threads, a batch ahead of who takes its results."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from multiprocessing.pool import AsyncResult, ThreadPool
from typing import NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_LOOK = 0.5  # seconds after which Ctrl-C is looked for


def batches(work: Callable[[Item], Result], items: Iterator[Item], size: int) -> Iterator[list[Result]]:
    """What `work` makes of each item, in lists of `size` and in the order of the items.

    While the caller has one list, the next is made, on every core. Of `items`, which the caller's thread reads, no more than
    that next list is taken. An error of `items` is raised in its place. The threads end with the iterator, in the middle too.

    >>> list(batches(abs, iter([-1, 2, -3]), 2))
    [[1, 2], [3]]
    """
    # its threads are daemons, so that Ctrl-C need not wait for a download
    with ThreadPool(min(cores(), size)) as pool:

        def begin() -> Callable[[], list[Result]] | None:
            try:
                batch = list(islice(items, size))
            except Exception as error:
                return partial(_fail, error)
            return partial(_waited_for, pool.map_async(work, batch, chunksize=1)) if batch else None

        coming = begin()
        while coming is not None:
            done = coming()
            coming = begin()
            yield done


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _waited_for(result: AsyncResult[list[Result]]) -> list[Result]:
    """Python begins to wait for a lock for good even where a signal came the moment before; a wait that ends sees it."""
    while not result.ready():
        result.wait(_LOOK)
    return result.get()


def _fail(error: Exception) -> NoReturn:
    raise error
