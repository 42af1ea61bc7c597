"""A copy of the Space in a process of its own, for tests that come from outside."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.support.places import SPACE


@dataclass
class Server:
    """`temporary` is the folder in which it, and gradio, may write; its log is beside it."""

    url: str
    process: subprocess.Popen[bytes]
    temporary: Path
    log: Path

    def paths(self) -> list[Path]:
        """All files in its folder, which may change at any moment: os.walk passes over a folder that has just gone."""
        return [Path(folder, name) for folder, _, names in os.walk(self.temporary) for name in names]

    def files(self) -> set[str]:
        return {str(path.relative_to(self.temporary)) for path in self.paths()}

    def workers(self) -> list[psutil.Process]:
        """The processes in which it opens photos."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):  # it has just ended
                if "opener.serve" in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def stop(self) -> int:
        """SIGTERM -> its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def copy_of_the_space(folder: Path) -> Path:
    return shutil.copytree(SPACE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyi"))


@contextmanager
def running(
    folder: Path, temporary: Path, *, python: str | Path = sys.executable, port: int | None = None, **environment: str
) -> Iterator[Server]:
    """`python app.py` in `folder`, until it says that it is ready; stopped at the end if it still runs."""
    port = port or free_port()
    temporary.mkdir(exist_ok=True)
    places = {"GRADIO_SERVER_PORT": str(port), "TMPDIR": str(temporary)}
    log = temporary.parent / f"{temporary.name}.log"
    with log.open("a") as file:
        process = subprocess.Popen(
            [str(python), "app.py"], cwd=folder, env={**os.environ, **places, **environment}, stdout=file, stderr=file
        )
    server = Server(f"http://127.0.0.1:{port}", process, temporary, log)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _wait_until_ready(server: Server, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while True:
        assert server.process.poll() is None and time.monotonic() < deadline, server.log.read_text()
        try:
            if httpx.get(f"{server.url}/gradio_api/healthz", timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
