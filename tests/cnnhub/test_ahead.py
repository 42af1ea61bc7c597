"""Batches made ahead in threads: in order, bounded, and gone with whoever took them."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from cnnhub import ahead


def test_results_come_in_the_order_of_the_items() -> None:
    first_may_end = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            first_may_end.set()
        elif number == 0 and ahead.cores() > 1:  # the first item is the last one ready
            assert first_may_end.wait(60)
        return number * number

    assert list(ahead.batches(work, iter(range(10)), 4)) == [[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
    assert list(ahead.batches(abs, iter([]), 4)) == []


def test_the_next_batch_is_made_while_the_caller_has_one() -> None:
    """The caller waits for it without asking for it: a loop that made it on demand would wait for ever."""
    made: set[int] = set()
    ready = threading.Event()

    def work(number: int) -> int:
        made.add(number)
        if made >= {2, 3}:
            ready.set()
        return number

    batches = ahead.batches(work, itertools.count(), 2)
    assert next(batches) == [0, 1]
    assert ready.wait(60) and made == {0, 1, 2, 3}
    batches.close()


@pytest.mark.parametrize("size", [1, 3, 8])
def test_one_batch_is_read_ahead_and_no_more(size: int) -> None:
    read = itertools.count()
    batches = ahead.batches(abs, read, size)
    for number in range(1, 4):
        next(batches)
        assert int(repr(read)[6:-1]) == (number + 1) * size


@pytest.mark.parametrize(
    "leave", [lambda batches: batches.close(), lambda batches: next(batches), list], ids=["closed", "error", "end"]
)
def test_no_thread_is_left(leave: Callable[[Iterator[list[int]]], object]) -> None:
    before = set(threading.enumerate())

    def items() -> Iterator[int]:
        yield from range(4)
        if leave is not list:
            raise LookupError

    batches = ahead.batches(abs, items(), 4)
    next(batches)
    started = set(threading.enumerate()) - before
    assert started
    with contextlib.suppress(LookupError):
        leave(batches)
    for thread in started:
        thread.join(60)
        assert not thread.is_alive()


def test_an_iterator_that_is_dropped_ends_its_threads() -> None:
    before = set(threading.enumerate())
    batches = ahead.batches(abs, itertools.count(), 4)
    next(batches)
    started = set(threading.enumerate()) - before
    del batches
    for thread in started:
        thread.join(60)
        assert not thread.is_alive()


INTERRUPTED = """
import signal, threading
from cnnhub import ahead

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background is deaf to Ctrl-C
stuck = threading.Event()  # never set: a download that does not come

def work(number):
    if number == 0:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # Ctrl-C, once
    stuck.wait()

try:
    next(ahead.batches(work, iter(range(8)), 4))
except KeyboardInterrupt:
    print("ended")
"""


def test_an_interrupt_waits_for_nothing() -> None:
    """Neither the iterator nor the process that ends waits for a thread that hangs."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("ended\n", 0), done.stderr


def test_a_defect_in_the_work_is_raised() -> None:
    with pytest.raises(TypeError):
        list(ahead.batches(abs, iter([1, "2"]), 2))
