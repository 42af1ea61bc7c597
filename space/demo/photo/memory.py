"""Room for large photos: 50 megapixels take 200 MB decoded, and the machine that serves everybody has 2 GiB."""

from __future__ import annotations

import ctypes
import threading
from contextlib import suppress

M_MMAP_THRESHOLD = -3  # glibc's name for it, in malloc.h
RETURNED_BYTES = 8 * 2**20  # larger than any plane of the laboratory, smaller than a block of Pillow's (16 MiB)

# Whoever holds a large photo decoded has it; not to be entered twice by one thread.
turn = threading.Lock()


def give_back_large_blocks() -> None:
    """Let every freed picture leave the process.

    glibc raises the size above which it does so with the largest block that it saw freed, keeps what is smaller for each
    thread, and so would hold on to hundreds of megabytes after a few large photos. Elsewhere nothing is changed.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, RETURNED_BYTES)
