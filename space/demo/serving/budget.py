"""How much one address may upload in a minute."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable

SECONDS = 60.0
COUNT, MEGABYTES = 250, 600  # a class of forty behind one address, six photos each
COUNT_NAME, MEGABYTES_NAME = "CNNHUB_UPLOADS_A_MINUTE", "CNNHUB_UPLOAD_MEGABYTES_A_MINUTE"


class Budget:
    """Counts uploads and their bytes by client, over the last minute.

    >>> budget = Budget(count=2, now=lambda: 0.0)
    >>> for _ in range(2):
    ...     budget.spend("10.0.0.7", 1000)
    >>> budget.wait("10.0.0.7"), budget.wait("10.0.0.8")
    (60, 0)
    """

    def __init__(self, count: int = COUNT, megabytes: int = MEGABYTES, now: Callable[[], float] = time.monotonic) -> None:
        self.count, self.bytes, self._now = count, megabytes * 2**20, now
        self._spent: dict[str, deque[tuple[float, int]]] = {}

    @classmethod
    def of_environment(cls) -> Budget:
        """As CNNHUB_UPLOADS_A_MINUTE and CNNHUB_UPLOAD_MEGABYTES_A_MINUTE say, or as is usual."""
        return cls(_number(COUNT_NAME, COUNT), _number(MEGABYTES_NAME, MEGABYTES))

    def wait(self, client: str) -> int:
        """Seconds, rounded up, until this client may upload again; 0 where it may now."""
        self._forget()
        spent = self._spent.get(client)
        if not spent or (len(spent) < self.count and sum(size for _, size in spent) < self.bytes):
            return 0
        return max(1, math.ceil(spent[0][0] + SECONDS - self._now()))

    def spend(self, client: str, size: int) -> None:
        """Another upload of so many bytes has come."""
        self._spent.setdefault(client, deque()).append((self._now(), size))

    def _forget(self) -> None:
        oldest = self._now() - SECONDS
        for client, spent in list(self._spent.items()):
            while spent and spent[0][0] <= oldest:
                spent.popleft()
            if not spent:
                del self._spent[client]


def _number(name: str, usual: int) -> int:
    given = os.environ.get(name) or str(usual)
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= 10**9):
        raise SystemExit(f"{name} is {given[:40]!r}; expected a whole number of at least 1, such as {usual}.")
    return int(given)
