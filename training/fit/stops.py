"""How a run ends before its time: a signal, or a loss that is not finite."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cnnhub.errors import CnnHubError


class DivergedError(CnnHubError):
    """The loss was not finite several steps in a row."""


class Stopped(BaseException):
    """The run was asked to stop by a signal; like KeyboardInterrupt, nothing that handles errors swallows it.

    Attributes:
        status: what the program exits with.
        saved: whether the run's state was saved as it stood.
    """

    def __init__(self, number: int, saved: bool = False) -> None:
        super().__init__(signal.Signals(number).name)
        self.status, self.saved = 128 + number, saved


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block SIGINT and SIGTERM raise Stopped, wherever the program stands."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    with _handled_by(stop):
        yield


@contextmanager
def signals() -> Iterator[list[int]]:
    """Within the block SIGINT and SIGTERM are noted in the list; a second one does what it did before."""
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, before[number])

    with _handled_by(note) as before:
        yield asked


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[dict[int, Any]]:
    """-> the handlers before, which come back at the end."""
    before = {int(number): signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield before
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
