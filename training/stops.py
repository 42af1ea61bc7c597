"""How a run ends before its time: a signal, or a loss that is not finite."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cnnhub.errors import CnnHubError


class DivergedError(CnnHubError):
    """The loss was not finite several steps in a row."""


class Stopped(Exception):
    """The run was asked to stop by a signal; its state is saved."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


@contextmanager
def signals() -> Iterator[list[int]]:
    """Within the block SIGINT and SIGTERM are noted in the list; a second one ends the program at once."""
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, before[number])

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
