"""The folder of visitors' photos: the app's own, empty at the start, and nothing in it grows older than was promised."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from demo.photo import memory
from demo.photo.opening import LIMITS

DEFAULT_PORT = 7860
PORT_NAME = "GRADIO_SERVER_PORT"
MAX_BYTES = LIMITS.size  # of one photo
PLACES = ("HF_HOME", "HF_HUB_CACHE", "HF_XET_CACHE", "CNNHUB_CACHE", "XDG_CACHE_HOME")  # where the environment moves caches
PROMISED_SECONDS = 600.0  # the page says: ten minutes at most
TIDIED_SECONDS = 30.0  # from one tidying up of memory to the next, at least


def prepare() -> Path:
    """Make the folder, empty, and let gradio and everything else of this process keep temporary files there.

    Call it before gradio is imported, which reads GRADIO_TEMP_DIR then. What a killed process left behind is deleted; where
    another one serves this port at the moment, its photos are left alone.
    """
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir()) / f"cnnhub-{_user()}-{port()}"
    folder = folder.absolute()
    if _is_free(port()):
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["GRADIO_TEMP_DIR"] = tempfile.tempdir = str(folder)
    return folder


def work_in(folder: Path) -> None:
    """Make the folder's parent the working directory, so that gradio calls what lies in it by relative names.

    What it tells every visitor of uploads and examples then says nothing of this machine. To be called before the page is
    built; relative paths that the environment names are made absolute.
    """
    for name in PLACES:
        if os.environ.get(name):
            os.environ[name] = os.path.abspath(os.path.expanduser(os.environ[name]))
    os.chdir(folder.parent)
    os.environ["GRADIO_TEMP_DIR"] = folder.name


def port() -> int:
    """The one to serve on; the program ends with a sentence where the environment names an impossible one."""
    given = os.environ.get(PORT_NAME) or str(DEFAULT_PORT)
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= 65535):
        raise SystemExit(f"{PORT_NAME} is {given[:40]!r}; expected a whole number from 1 to 65535, such as {DEFAULT_PORT}.")
    return int(given)


def kept_seconds() -> float:
    """How long a photo is kept at most: what is promised, or fewer seconds where CNNHUB_PHOTO_SECONDS says so."""
    return min(PROMISED_SECONDS, float(os.environ.get("CNNHUB_PHOTO_SECONDS", PROMISED_SECONDS)))


class Sweeper:
    """Deletes files by when they came, and tidies up memory now and then.

    gradio's own `delete_cache` forgets files of broken-off uploads, of MCP clients and of a process before it, and counts
    anew whenever a photo is used again.
    """

    def __init__(self, folder: Path, kept: float, spared: Callable[[], set[str]]) -> None:
        self._folder, self._spared = folder, spared
        self.interval = kept / 20
        self._age = kept - 5 * self.interval  # deleted one interval late, and four to spare
        self._seen: dict[tuple[Path, int], float] = {}
        self._modules, self._tidied = len(sys.modules), time.monotonic()

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True, name="sweeper").start()

    def sweep(self, now: float) -> None:
        """Delete what is too old at `now`, in seconds of any clock that only moves forward."""
        spared = self._spared()
        seen = {}
        for path in [Path(folder, name) for folder, _, names in os.walk(self._folder) for name in names]:
            if str(path) in spared:
                continue
            with suppress(FileNotFoundError):
                state = path.lstat()
                key = path, state.st_ino  # a photo that is uploaded again is a new file
                seen[key] = self._seen.get(key, now - _age(state))
                if now - seen[key] >= self._age:
                    path.unlink()
        self._seen = seen
        self._remove_empty_folders()

    def _remove_empty_folders(self) -> None:
        for folder, _, _ in os.walk(self._folder, topdown=False):
            with suppress(OSError):  # not empty, or gone already
                if Path(folder) != self._folder and time.time() - Path(folder).stat().st_mtime > self.interval:
                    Path(folder).rmdir()

    def _run(self) -> None:
        while True:
            time.sleep(self.interval)
            with suppress(OSError):  # a file that cannot be deleted now is tried again; the thread lives on
                self.sweep(time.monotonic())
            self._tidy_up()

    def _tidy_up(self) -> None:
        if len(sys.modules) > 1.1 * self._modules:  # what has been imported since, torch above all, stays
            self._modules = len(sys.modules)
            memory.collect_no_more_of_this()
        if time.monotonic() - self._tidied > TIDIED_SECONDS:
            self._tidied = time.monotonic()
            memory.give_back_the_rest()


def _age(state: os.stat_result) -> float:
    """The seconds since a file was written or put in its place, so that a sweep that comes late, as while torch is imported, does
    not make it younger. It is asked once: a file that is touched later stays as old as it is."""
    return max(0.0, time.time() - state.st_ctime)


def _user() -> int | str:
    """Who runs this: the number, since in a plain container it has no name."""
    return os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "me")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
