"""Room for large photos: 50 megapixels take 200 MB decoded, and the machine that serves everybody has 2 GiB. And what is kept of
the last few photos from one event of the page to the next."""

from __future__ import annotations

import ctypes
import gc
import threading
from collections import OrderedDict
from contextlib import suppress
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # glibc's names for them, in malloc.h
ARENAS = 2
RETURNED_BYTES = 8 * 2**20  # larger than any plane of the laboratory, smaller than a block of Pillow's (16 MiB)

# Whoever holds a large photo decoded has it, see `opening.Turn`.
turn = threading.Lock()


def give_back_large_blocks() -> None:
    """Let every freed picture leave the process, and freed feature maps, which are smaller, be taken again by any thread.

    glibc raises the size above which it does so with the largest block that it saw freed, keeps what is smaller for each
    thread, and so would hold on to hundreds of megabytes after a few large photos; and it would give each new thread an arena
    of its own, which keeps what was freed there. Elsewhere nothing is changed.
    """
    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, RETURNED_BYTES)
        libc.mallopt(M_ARENA_MAX, ARENAS)


def give_back_the_rest() -> None:
    """Return what was freed in small blocks, too: among blocks that are in use it would stay with the process."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def collect_no_more_of_this() -> None:
    """Leave what is there now, and stays, out of garbage collection: to look through it takes half a second, in which nobody is
    answered, and comes again and again."""
    gc.collect()
    gc.freeze()


class Kept(Generic[Key, Value]):
    """The last few of something, each for half a minute: with the age at which files are deleted, less than the ten minutes that
    the page promises."""

    def __init__(self, most: int = 8, seconds: float = 30.0) -> None:
        self.most, self.seconds = most, seconds
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        return self._values.get(key)

    def keep(self, key: Key, value: Value) -> Value:
        """Remember it, and forget the oldest."""
        with self._lock:
            self._values[key] = value
            while len(self._values) > self.most:
                self._values.popitem(last=False)
        timer = threading.Timer(self.seconds, self._forget, [key, value])
        timer.daemon = True
        timer.start()
        return value

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def _forget(self, key: Key, value: Value) -> None:
        with self._lock:
            if self._values.get(key) is value:
                del self._values[key]
