"""The page's places: so many answers are worked out at once. Who only waits, for a photo that takes long to open, leaves his."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction, isgeneratorfunction
from typing import Any

AT_ONCE = 2  # a free Space has two cores, and each answer may hold a decoded photo of hundreds of megabytes

_free = threading.Semaphore(AT_ONCE)
_own = threading.local()


def in_a_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, run in one of the places; a coroutine, which takes no thread, takes none of these either."""
    if iscoroutinefunction(function):
        return function
    if isgeneratorfunction(function):

        @wraps(function)
        def generating(*arguments: Any, **options: Any) -> Iterator[Any]:
            made = function(*arguments, **options)
            while True:
                with _taken():
                    try:
                        one = next(made)
                    except StopIteration:
                        return
                yield one

        return generating

    @wraps(function)
    def placed(*arguments: Any, **options: Any) -> Any:
        with _taken():
            return function(*arguments, **options)

    return placed


@contextmanager
def left() -> Iterator[None]:
    """Somebody else may have this thread's place meanwhile."""
    if not getattr(_own, "is_taken", False):
        yield
        return
    _release()
    try:
        yield
    finally:
        _acquire()


@contextmanager
def _taken() -> Iterator[None]:
    _acquire()
    try:
        yield
    finally:
        _release()


def _acquire() -> None:
    _free.acquire()
    _own.is_taken = True


def _release() -> None:
    _own.is_taken = False
    _free.release()
