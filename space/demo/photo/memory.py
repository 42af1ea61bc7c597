"""Room for large photos: 50 megapixels take 200 MB decoded, and the machine that serves everybody has 2 GiB."""

from __future__ import annotations

import ctypes
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from PIL import Image

LARGE = 8_000_000  # pixels; smaller photos take 32 MB each at most
HEADERS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")  # formats whose header tells the size at once
M_MMAP_THRESHOLD = -3  # glibc's name for it, in malloc.h
RETURNED_BYTES = 8 * 2**20  # larger than any plane of the laboratory, smaller than a block of Pillow's (16 MiB)

_turn = threading.Lock()


@contextmanager
def turn(photo: bytes) -> Iterator[None]:
    """While a large photo is held decoded, no other one is; small photos never wait. Not to be entered twice by one thread."""
    if not is_large(photo):
        yield
        return
    with _turn:
        yield


def is_large(photo: bytes) -> bool:
    """Whether it would take much memory decoded, told from its header; what has none that tells is taken to be large."""
    try:
        with Image.open(io.BytesIO(photo), formats=HEADERS) as image:
            return image.width * image.height > LARGE
    except Exception:  # HEIC, TIFF, or no picture at all
        return True


def give_back_large_blocks() -> None:
    """Let every freed picture leave the process.

    glibc raises the size above which it does so with the largest block that it saw freed, keeps what is smaller for each
    thread, and so would hold on to hundreds of megabytes after a few large photos. Elsewhere nothing is changed.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, RETURNED_BYTES)
