"""While somebody reads the first answer, what other tabs need is fetched: torch above all, which takes seconds of their first opening."""

from __future__ import annotations

import threading
from collections.abc import Callable

PAUSE = 2.0  # seconds; the page's own first requests come before

_begun = threading.Lock()  # by the first visitor, and never given back


def once(work: Callable[[], object]) -> None:
    """Have it done a moment from now, on a thread of its own, if nothing was begun before; a server nobody visits stays small."""
    if _begun.acquire(blocking=False):
        timer = threading.Timer(PAUSE, work)
        timer.daemon = True
        timer.start()
