"""Processes in which strangers' pictures are opened, ended at their limits of processor time and of memory.

A small file may take minutes to open, made so on purpose, and no limit on pixels tells. Whoever serves strangers therefore opens
their pictures in a process that can be ended without ending anything else. What comes back from it is JSON and pixels.

On Linux the limits are of processor time, so that a busy machine refuses no good picture, and of memory; on macOS of processor
time; on Windows of time on the clock.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import IO, TypeAlias

from PIL import Image

from cnnhub import decoding
from cnnhub.decoding import Least, Limits, Opened, Size, noted
from cnnhub.errors import ImageError
from cnnhub.opener import HAS_TIMER, Said, heard, read, say, size_of, strips

Seconds: TypeAlias = "float | Callable[[int], float]"  # of processor time; or how many for so many pixels

MEMORY_BYTES = 2**30  # that opening one picture may take
PATIENCE = 0.3  # seconds of processor time after which a worker makes way for others
_ON_THE_CLOCK = 30.0  # times the seconds of processor time: where so much has passed, something is stuck
_LOOK = 0.1  # seconds between two looks at a worker that takes long
_PIPE = 2**20  # bytes that may lie in a pipe
_NICENESS = 10
_TRIES = 3  # to find a worker that lives


def seconds_for(pixels: int) -> float:
    """The processor time for a picture that announces so many pixels: two seconds to 12 megapixels, rising to five at 50.

    >>> seconds_for(1_000_000), seconds_for(31_000_000), seconds_for(50_000_000)
    (2.0, 3.5, 5.0)
    """
    return 2.0 + 3.0 * min(max(pixels - 12_000_000, 0) / 38_000_000, 1.0)


@dataclass(frozen=True)
class Header:
    """What a picture's file says of it: the format by its name in `decoding.FORMATS`, and (width, height), upright."""

    format: str
    size: Size


class Workers:
    """A few processes, of which one at least stands ready; one that took long, or failed, is replaced.

    It may be used by several threads: each picture has a worker of its own, and waits for one where `most` are at work.

    >>> workers = Workers(most=1)
    >>> workers.open(Path("space/examples/cat.jpg").read_bytes(), "cat.jpg", Limits(), seconds_for).size
    (640, 426)
    >>> workers.close()
    """

    def __init__(self, most: int, ready: int = 1, memory: int = MEMORY_BYTES) -> None:
        """`most`: of them at once. `ready`: how many stay when there is nothing to do. `memory`: bytes that each may take."""
        self.most, self.ready, self.memory = most, min(ready, most), memory
        self._change = threading.Condition()
        self._idle: list[_Worker] = []
        self._count = 0  # of all
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_anew)  # a copy of this process has no business with these
        atexit.register(self.close)

    def start(self, ready: int | None = None) -> None:
        """Let so many stand ready, `ready` of them by default, without waiting for them."""
        threading.Thread(target=self._stock, args=[ready or self.ready], daemon=True).start()

    def open(
        self,
        data: bytes,
        name: str,
        limits: Limits,
        seconds: Seconds,
        least: Least | None = None,
        scaled: Callable[[Size], Size] | None = None,
        decodes: Callable[[Size], object] = lambda size: None,
        arrives: Callable[[Size], object] = lambda size: None,
    ) -> Opened:
        """`decoding.open_encoded` in a worker.

        Args:
            least: see `images.open_to_scale`.
            scaled: of a picture so large, the (width, height) to which the worker scales it; without `least`.
            decodes: called with the size that will be decoded, before it is.
            arrives: called with the picture's size before its pixels come here.

        Raises:
            ImageError: as for `open_encoded`; or the picture takes too long ("slow" stands in the error's notes), too much memory
                ("heavy"), or its worker ended ("ended").
        """
        decoding.check_length(data, name, limits)
        asked = {"name": name, "limits": asdict(limits), "is_reduced": least is not None}
        with self._at_work(asked, data, name, seconds) as worker:
            while (said := worker.hear())["is"] != "opened":
                size = size_of(said["size"])
                with worker.waiting():
                    if said["is"] == "whole" and least is not None:
                        answer: Said = {"size": least(size)}
                    else:
                        decodes(size)
                        worker.seconds, answer = _of(seconds, said["pixels"]), {}
                worker.say(answer)
            decoded, size = size_of(said["picture"]), size_of(said["size"])
            wanted = scaled(size) if scaled else decoded
            with worker.waiting():
                arrives(wanted)
            worker.say({"size": wanted})
            picture = worker.picture(wanted)
        if wanted != decoded:
            return Opened(picture, size, (0, 0, *wanted))
        left, top, right, bottom = said["box"]
        whole = partial(self.open, data, name, limits, seconds, decodes=decodes, arrives=arrives) if decoded != size else None
        return Opened(picture, size, (left, top, right, bottom), whole)

    def look(self, data: bytes, limits: Limits, seconds: Seconds) -> Header | None:
        """What the file says of the picture; None where it is none of these formats, or takes too long to say."""
        with contextlib.suppress(ImageError), self._at_work({"limits": asdict(limits)}, data, "it", seconds) as worker:
            said = worker.hear()
            return Header(said["format"], size_of(said["size"])) if said["format"] else None
        return None

    def close(self) -> None:
        """End those that have nothing to do. The others end with what they do, as all of them do with this process."""
        with self._change:
            idle = list(self._idle)
            self._idle.clear()
            self._count -= len(idle)
        for worker in idle:
            worker.end()

    def _begin_anew(self) -> None:
        self._change, self._idle, self._count = threading.Condition(), [], 0

    @contextmanager
    def _at_work(self, asked: Said, data: bytes, name: str, seconds: Seconds) -> Iterator[_Worker]:
        """A worker that has heard what is asked of it."""
        worker, is_sound = self._that_hears(asked, data, name, _of(seconds, 0)), False
        try:
            yield worker
            is_sound = True
        except ImageError:
            is_sound = True
            raise
        except (OSError, EOFError) as error:
            raise worker.epitaph(name) from error
        finally:
            worker.finish()
            self._give_back(worker, is_sound)

    def _that_hears(self, asked: Said, data: bytes, name: str, seconds: float) -> _Worker:
        for _ in range(_TRIES):
            worker = self._taken()
            worker.begin(seconds, partial(self.start, max(1, self.ready - 1)))
            try:
                worker.say(asked, data)
                worker.hear()
                return worker
            except (OSError, EOFError):  # it was ended while it had nothing to do: the picture has done nothing yet
                worker.finish()
                self._give_back(worker, is_sound=False)
        raise worker.epitaph(name)

    def _taken(self) -> _Worker:
        with self._change:
            while True:
                while self._idle:
                    worker = self._idle.pop()
                    if worker.is_alive:
                        return worker
                    self._count -= 1
                if self._count < self.most:
                    self._count += 1
                    break
                self._change.wait()
        try:
            return _Worker(self.memory)
        except (OSError, EOFError) as error:
            self._leave()
            raise noted("ended", f"No process that opens pictures can be started: {error!r}. Try again later.") from error

    def _give_back(self, worker: _Worker, is_sound: bool) -> None:
        with self._change:
            if is_sound and not worker.is_tired and len(self._idle) < self.ready:
                self._idle.append(worker)
                self._change.notify()
                return
        worker.end()
        self._leave()
        self.start()

    def _leave(self) -> None:
        with self._change:
            self._count -= 1
            self._change.notify()

    def _stock(self, ready: int) -> None:
        """Start workers until so many stand ready, or `most` are there."""
        while True:
            with self._change:
                if len(self._idle) >= ready or self._count >= self.most:
                    return
                self._count += 1
            try:
                worker = _Worker(self.memory)
            except (OSError, EOFError):  # whoever needs one will be told
                self._leave()
                return
            with self._change:
                self._idle.append(worker)
                self._change.notify()


@cache
def shared() -> Workers:
    """Those of `images.open_image`."""
    return Workers(most=os.cpu_count() or 1)


class _Worker:
    """One process, as the one that gives it work sees it. It ends where its standard input does."""

    def __init__(self, memory: int) -> None:
        """Wait until it is ready.

        Raises:
            OSError, EOFError: it cannot be started.
        """
        start = f"import sys; sys.path[:] = {sys.path!r}; from cnnhub import opener; opener.serve({memory})"
        self.process = subprocess.Popen(
            [sys.executable, "-c", start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin, self.process.stdout
        self.is_tired = self._was_stuck = False
        self.seconds = 0.0
        _widen(self._to, self._from)
        heard(self._from)  # that it is ready

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def begin(self, seconds: float, lasts: Callable[[], object]) -> None:
        """It is given a picture to open, for which it may take so long; `lasts` is called where that is no matter of a moment."""
        self.seconds, self._began, self._paused = seconds, time.monotonic(), 0.0
        self._used, self._is_paused, self._over = _processor_time(self.process.pid), False, threading.Event()
        threading.Thread(target=self._watch, args=[self._over, lasts], daemon=True).start()

    def finish(self) -> None:
        self._over.set()

    def say(self, told: Said, payload: bytes = b"") -> None:
        say(self._to, {**told, "seconds": self.seconds}, payload)

    def hear(self) -> Said:
        """What it says next.

        Raises:
            ImageError: it refuses the picture.
            EOFError: it ended.
        """
        said, _ = heard(self._from)
        if said["is"] == "refused":
            error = ImageError(said["sentence"])
            for note in said["notes"]:
                error.add_note(note)
            raise error
        return said

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """It waits for an answer meanwhile, which counts for nothing; where none is found it leaves the picture alone."""
        began, self._is_paused = time.monotonic(), True
        try:
            yield
        except BaseException:
            self.say({"is_over": True})
            raise
        finally:
            self._paused, self._is_paused = self._paused + time.monotonic() - began, False

    def picture(self, size: Size) -> Image.Image:
        """The pixels that it sends, some rows at a time."""
        made = Image.new("RGB", size)
        for top, bottom in strips(size):
            rows = Image.frombytes("RGB", (size[0], bottom - top), read(self._from, 3 * size[0] * (bottom - top)))
            made.paste(rows, (0, top))
        return made

    def epitaph(self, name: str) -> ImageError:
        """Why it ended."""
        self.process.kill()
        status = self.process.wait()
        if self._was_stuck or (HAS_TIMER and status == -signal.SIGPROF):
            seconds = f"{round(self.seconds, 1):g} seconds"
            return noted("slow", f"{name} takes more than {seconds} to open, the limit. Save it anew, as a JPEG say.")
        return noted("ended", f"The process that opened {name} ended before it was done (status {status}). Try again.")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self._to, self._from):
            with contextlib.suppress(OSError):  # what it was not told any more
                stream.close()

    def _watch(self, over: threading.Event, lasts: Callable[[], object]) -> None:
        if over.wait(_LOOK):
            return
        lasts()
        while not over.wait(_LOOK):
            on_the_clock = time.monotonic() - self._began - self._paused
            if not self.is_tired and (_processor_time(self.process.pid) or on_the_clock) - (self._used or 0) > PATIENCE:
                self.is_tired = True  # nobody may take that back from it
                _make_way(self.process.pid)
            if not self._is_paused and on_the_clock > self.seconds * (_ON_THE_CLOCK if HAS_TIMER else 1):
                self._was_stuck = True
                self.process.kill()


def _of(seconds: Seconds, pixels: int) -> float:
    return seconds(pixels) if callable(seconds) else seconds


def _processor_time(pid: int) -> float | None:
    """Seconds that a process has used; None where the system does not tell in this way."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # of it, and of the system for it


def _widen(*pipes: IO[bytes]) -> None:
    """Let more bytes lie in them, so that both ends are woken less often."""
    with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux alone has it, and allows so much
        import fcntl

        for pipe in pipes:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _make_way(pid: int) -> None:
    with contextlib.suppress(AttributeError, OSError):  # Windows; or it has just ended
        os.setpriority(os.PRIO_PROCESS, pid, _NICENESS)
