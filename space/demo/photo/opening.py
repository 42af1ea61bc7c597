"""How strangers' photos are opened: in processes that end at their limits of time and memory, while others have this one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from threading import Semaphore

from cnnhub.decoding import Least, Limits, Opened, Size
from cnnhub.workers import Header, Workers, seconds_for
from demo import places
from demo.photo import memory

SHOWN = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # what every current browser shows by itself
LIMITS = Limits(pixels=50_000_000, size=20 * 2**20, side=16_384, formats=(*SHOWN, "HEIC", "AVIF"))
LARGE = 8_000_000  # pixels; smaller photos take 32 MB each at most
HUGE = 24_000_000  # a WebP of 49 megapixels takes 790 MB to decode, more than any other format
MOST, READY = 6, 3  # processes at once, and those that stand ready, of 25 MB each: a new one takes most of a second
MEMORY_BYTES = 900_000_000  # that opening one photo may take

workers = Workers(MOST, READY, MEMORY_BYTES)
_large = Semaphore(2)  # are decoded at once, besides that of whoever has the turn: one that takes long stops no other
_huge = Semaphore(1)  # of these


class Turn:
    """The right to hold a large photo here, decoded; taken when one comes, and kept until the end."""

    def __init__(self) -> None:
        self._held, self.is_mine = ExitStack(), False

    def take(self) -> None:
        if not self.is_mine:
            self._held.enter_context(memory.turn)
            self.is_mine = True

    def end(self) -> None:
        self.is_mine = False
        self._held.close()


def opened(data: bytes, turn: Turn, least: Least | None = None, scaled: Callable[[Size], Size] | None = None) -> Opened:
    """The photo, upright; this thread's place is somebody else's until it is here.

    Args:
        turn: taken before a large picture's pixels come here.
        least: see `images.open_to_scale`. scaled: see `workers.Workers.open`.

    Raises:
        ImageError: it cannot be opened within the limits; "slow", "heavy", "large", "long" or "ended" among its notes says so.
    """
    with places.left(), ExitStack() as decoding:

        def decodes(size: Size) -> None:
            if turn.is_mine:  # who has it waits for nobody who may wait for it
                return
            if size[0] * size[1] > HUGE:
                decoding.enter_context(_huge)
            if _is_large(size):
                decoding.enter_context(_large)

        def arrives(size: Size) -> None:
            if _is_large(size):
                turn.take()

        return workers.open(data, "the photo", LIMITS, seconds_for, least, scaled, decodes, arrives)


def look(data: bytes) -> Header | None:
    """What the photo's file says of it; None where that is no photo."""
    with places.left():
        return workers.look(data, LIMITS, seconds_for)


def _is_large(size: Size) -> bool:
    return size[0] * size[1] > LARGE
