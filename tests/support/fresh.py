"""Fresh processes that load a model: each imports huggingface_hub, and with it reads the environment, anew.

They are forked from a server that has imported torch, which takes seconds, and nothing that reads HF_* variables.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from pathlib import Path
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["numpy", "torch", "torchvision", "pydantic", "httpx2", "safetensors.torch"])


class Load:
    """`cnnhub.load(source, **options).predict(picture)` in a process of its own, started at once.

    Args:
        environment: its HF_* variables; it inherits none.
        folder: where it runs, and where its answer and its warnings are written.
        chunk_bytes: how much of a download the client holds in memory before it writes; 10 MB if it is not said.
    """

    _started = 0

    def __init__(
        self,
        source: str,
        options: dict[str, Any],
        picture: Path,
        environment: dict[str, str],
        folder: Path,
        chunk_bytes: int | None = None,
    ) -> None:
        Load._started += 1
        self._answer, self._errors = (folder / f"{kind}-{Load._started}" for kind in ("answer", "errors"))
        arguments = (source, options, str(picture), environment, str(folder), str(self._answer), str(self._errors), chunk_bytes)
        self._process = _context.Process(target=_load, args=arguments)
        self._process.start()

    def answer(self) -> tuple[Any, str]:
        """The scores, or [error, message]; and what it wrote to standard error, its warnings."""
        status, errors = self.exit_status(), self._errors.read_text()
        assert status == 0, errors
        return json.loads(self._answer.read_text()), errors

    def exit_status(self) -> int | None:
        """Wait for its end; the status is the signal's number, negative, where one ended it."""
        self._process.join(120)
        return self._process.exitcode

    def kill(self) -> None:
        """kill -9."""
        os.kill(self._process.pid, signal.SIGKILL)


def _load(
    source: str,
    options: dict[str, Any],
    picture: str,
    environment: dict[str, str],
    folder: str,
    answer: str,
    errors: str,
    chunk_bytes: int | None,
) -> None:
    os.chdir(folder)
    with open(errors, "wb") as file:
        os.dup2(file.fileno(), 2)
    assert "huggingface_hub" not in sys.modules, "it has read another environment"
    for name in [name for name in os.environ if name.startswith("HF_")]:
        del os.environ[name]
    os.environ.update(environment)
    import cnnhub

    if chunk_bytes:
        from huggingface_hub import constants

        constants.DOWNLOAD_CHUNK_SIZE = chunk_bytes

    told: Any
    try:
        told = cnnhub.load(source, **options).predict(picture).scores
    except cnnhub.CnnHubError as error:
        told = [type(error).__name__, str(error)]
    Path(answer).write_text(json.dumps(told))
