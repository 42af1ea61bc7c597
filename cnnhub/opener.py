"""What a worker is: a process that opens pictures until nobody asks any more. And how the two ends, this and `workers`, talk."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias

from PIL import Image

from cnnhub import decoding
from cnnhub.decoding import Limits, Size
from cnnhub.errors import ImageError

Said: TypeAlias = dict[str, Any]  # what one end tells the other, as JSON

HAS_TIMER = hasattr(signal, "setitimer")
_STRIP = 2**20  # bytes of pixels that are sent at once


def serve(memory: int) -> None:
    """Open pictures until there is nobody any more who asks."""
    hears, says = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a decoder that prints would be taken for an answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who gives the work
    warnings.simplefilter("ignore")
    decoding.ready()
    _limit_memory(memory)
    say(says, {"is": "ready"})
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            _Job(hears, says).do()
            _set_timer(0)


def size_of(told: Any) -> Size:
    """(width, height) as JSON brought it."""
    width, height = told
    return int(width), int(height)


def strips(size: Size) -> Iterator[tuple[int, int]]:
    """The first row and the one after the last of each part of a picture that is sent at once."""
    width, height = size
    rows = max(1, _STRIP // (3 * width))
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


def say(stream: IO[bytes], told: Said, payload: bytes = b"") -> None:
    """Tell the other end something, with bytes behind it."""
    head = json.dumps({**told, "bytes": len(payload)}).encode()
    stream.write(len(head).to_bytes(4) + head)
    stream.write(payload)
    stream.flush()


def heard(stream: IO[bytes]) -> tuple[Said, bytes]:
    """What the other end says, and the bytes behind it.

    Raises:
        EOFError: there is no other end any more.
    """
    told: Said = json.loads(read(stream, int.from_bytes(read(stream, 4))))
    return told, read(stream, told["bytes"])


def read(stream: IO[bytes], count: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: there are not so many.
    """
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


class _OverError(Exception):
    """Nobody waits for this picture any more."""


class _Job:
    """One picture."""

    def __init__(self, hears: IO[bytes], says: IO[bytes]) -> None:
        self._hears, self._says = hears, says
        self._asked, self._data = heard(hears)
        say(says, {"is": "heard"})
        self._began = time.process_time()
        self._keep_to(self._asked["seconds"])

    def do(self) -> None:
        limits = Limits(**{**self._asked["limits"], "formats": tuple(self._asked["limits"]["formats"])})
        try:
            self._open(limits) if "name" in self._asked else self._look(limits)
        except _OverError:
            return
        except ImageError as error:
            self._say("refused", sentence=str(error), notes=getattr(error, "__notes__", []))
        except MemoryError:
            self._say("refused", sentence=str(decoding.too_heavy(self._asked["name"])), notes=["heavy"])

    def _open(self, limits: Limits) -> None:
        least = self._least if self._asked["is_reduced"] else None
        opened = decoding.open_encoded(self._data, self._asked["name"], limits, least, self._decodes)
        picture = opened.picture
        wanted = size_of(self._ask("opened", picture=picture.size, size=opened.size, box=opened.box)["size"])
        if wanted != picture.size:
            picture = picture.resize(wanted, Image.Resampling.LANCZOS)
        for top, bottom in strips(wanted):
            self._says.write(picture.crop((0, top, wanted[0], bottom)).tobytes())
        self._says.flush()

    def _look(self, limits: Limits) -> None:
        try:
            image = decoding.parsed(self._data, "", limits)
        except ImageError:
            return self._say("seen", format=None, size=(0, 0))
        is_on_its_side = decoding.orientation_of(image) >= 5
        return self._say("seen", format=decoding.format_of(image), size=image.size[::-1] if is_on_its_side else image.size)

    def _least(self, size: Size) -> Size:
        return size_of(self._ask("whole", size=size)["size"])

    def _decodes(self, announced: Size, size: Size) -> None:
        self._keep_to(self._ask("decodes", size=size, pixels=announced[0] * announced[1])["seconds"])

    def _ask(self, about: str, **facts: Any) -> Said:
        self._say(about, **facts)
        told, _ = heard(self._hears)
        if "is_over" in told:
            raise _OverError
        return told

    def _say(self, about: str, **facts: Any) -> None:
        say(self._says, {"is": about, **facts})

    def _keep_to(self, seconds: float) -> None:
        """End, of this process itself, where the picture takes longer: no decoder can put it off."""
        _set_timer(max(0.001, seconds - (time.process_time() - self._began)))


def _set_timer(seconds: float) -> None:
    if HAS_TIMER:
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(memory: int) -> None:
    """Beyond what this process has taken so far; on Linux alone."""
    status = Path("/proc/self/status")
    if not status.exists():
        return
    import resource

    most = int(status.read_text().partition("VmData:")[2].split()[0]) * 1024 + memory
    _, allowed = resource.getrlimit(resource.RLIMIT_DATA)
    most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
