"""The demo, served in a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent


@contextlib.contextmanager
def served(checkout: Path = ROOT, **environment: str) -> Iterator[tuple[psutil.Process, str]]:
    """The demo of a clone, ready -> its process and its address; it is ended at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {**os.environ, "GRADIO_SERVER_PORT": str(port), "PYTHONPATH": str(checkout), **environment}
    server = subprocess.Popen([sys.executable, "space/app.py"], cwd=checkout, env=variables, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while not _is_ready(url):
            if server.poll() is not None:
                raise RuntimeError(f"the demo of {checkout} ended with status {server.returncode}")
            time.sleep(0.1)
        yield psutil.Process(server.pid), url
    finally:
        server.terminate()
        server.wait()


def _is_ready(url: str) -> bool:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"{url}/healthz", timeout=10).close()
        return True
    return False
