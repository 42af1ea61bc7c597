"""Fresh processes that load a model: each imports huggingface_hub, and with it reads the environment, anew.

They are forked from a server that has imported torch, which takes seconds, and nothing that reads HF_* variables.
"""

from __future__ import annotations

import json
import multiprocessing
import os
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
    """

    _started = 0

    def __init__(self, source: str, options: dict[str, Any], picture: Path, environment: dict[str, str], folder: Path) -> None:
        Load._started += 1
        self._answer, self._errors = (folder / f"{kind}-{Load._started}" for kind in ("answer", "errors"))
        arguments = (source, options, str(picture), environment, str(folder), str(self._answer), str(self._errors))
        self.process = _context.Process(target=_load, args=arguments)
        self.process.start()

    def answer(self) -> tuple[Any, str]:
        """The scores, or [error, message]; and what it wrote to standard error, its warnings."""
        self.process.join(120)
        errors = self._errors.read_text()
        assert self.process.exitcode == 0, errors
        return json.loads(self._answer.read_text()), errors

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.join(120)


def _load(
    source: str, options: dict[str, Any], picture: str, environment: dict[str, str], folder: str, answer: str, errors: str
) -> None:
    os.chdir(folder)
    with open(errors, "wb") as file:
        os.dup2(file.fileno(), 2)
    assert "huggingface_hub" not in sys.modules, "it has read another environment"
    for name in [name for name in os.environ if name.startswith("HF_")]:
        del os.environ[name]
    os.environ.update(environment)
    import cnnhub

    told: Any
    try:
        told = cnnhub.load(source, **options).predict(picture).scores
    except cnnhub.CnnHubError as error:
        told = [type(error).__name__, str(error)]
    Path(answer).write_text(json.dumps(told))
