"""Run `python -m training` in processes of its own, and draw what it trains on.

The processes are forked from one that has imported everything, which takes seconds and happens once; so each of them may be
changed, signalled or killed, and none of them knows of another.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from PIL import Image

from tests.support.places import ROOT

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true"}
COLOURS = {"blue": (40, 60, 200), "red": (200, 50, 40)}

_FORKING = """
import importlib, json, os, sys
for name in (
    "cli", "data.inspection", "fit.familiar", "fit.find_lr", "fit.finetune", "fit.review",
    "fit.soup", "measure.report", "release.card"
):
    importlib.import_module(f"training.{name}")
import torch.utils.tensorboard

for line in sys.stdin:
    call = json.loads(line)
    pid = os.fork()
    if pid == 0:
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{call['folder']}/{name}", os.O_WRONLY | os.O_CREAT), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(call["environment"])
        sys.argv = ["training", *call["arguments"]]
        try:
            exec(call["before"], {})
            from training.cli import main
            main()
        except SystemExit as ended:
            sys.stdout.flush()
            os._exit(ended.code or 0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Done:
    """What a command came to; the status is the signal's number, negative, where one ended it."""

    returncode: int
    stdout: str
    stderr: str


class Started:
    """A command that is running; one at a time."""

    def __init__(self, arguments: Sequence[object], before: str = "", environment: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.mkdtemp()
        call = {
            "arguments": list(map(str, arguments)), "before": before, "environment": dict(environment or {}),
            "folder": self._folder,
        }  # fmt: skip
        stdin = _forking().stdin
        assert stdin
        stdin.write(json.dumps(call) + "\n")
        stdin.flush()
        self.pid = self._answer()

    def is_running(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """kill -9, if it runs still."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Done:
        """Until it has ended."""
        status = self._answer()
        out, err = ((Path(self._folder) / name).read_text() for name in ("out", "err"))
        shutil.rmtree(self._folder)
        return Done(status, out, err)

    @staticmethod
    def _answer() -> int:
        stdout = _forking().stdout
        assert stdout
        return int(stdout.readline())


def training(*arguments: object, before: str = "", **environment: str) -> Done:
    """`python -m training ARGUMENTS`.

    Args:
        before: code that runs before the command does, to break a function of it: how a moment that lasts a millisecond is hit.
    """
    return Started(arguments, before, environment).wait()


def finetuning(data: Path, weights: Path, output: Path, *more: object) -> list[str]:
    """The arguments of a run of a second or two."""
    return [
        "finetune", "--data", str(data), "--backbone", "test_byobnet", "--backbone-weights", str(weights), "--size", "64",
        "--output", str(output), "--epochs", "3", "--batch-size", "8", "--workers", "0", "--checkpoint-steps", "2",
        "--lr", "0.003", "--precision", "float32", *map(str, more),
    ]  # fmt: skip


def ours(folder: Path) -> dict[str, Any]:
    """What stands under "cnnhub" in a model's config.json."""
    return json.loads((folder / "config.json").read_text())["cnnhub"]


def draw(folder: Path, counts: dict[str, int]) -> Path:
    """Noisy pictures of two colours: `folder/SPLIT/LABEL/N.jpg`."""
    generator = np.random.default_rng(0)
    for split, count in counts.items():
        for label, colour in COLOURS.items():
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                pixels = np.clip(generator.normal(colour, 30, (48, 64, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / split / label / f"{number}.jpg")
    return folder


def scene(seed: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """A picture with structure at every scale, unlike any other seed's."""
    generator = np.random.default_rng(seed)
    layers = [Image.fromarray(generator.integers(0, 256, (n, n, 3), dtype=np.uint8)).resize(size) for n in (3, 7, 15)]
    return Image.blend(Image.blend(layers[0], layers[1], 0.5), layers[2], 0.4)


def write_scenes(folder: Path, count: int, first: int = 0) -> Path:
    """Scenes of two labels that mean nothing: `folder/LABEL/N.png`."""
    for number in range(first, first + count):
        path = folder / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        scene(number).save(path)
    return folder


def biased(model: Path, folder: Path, bias: torch.Tensor) -> Path:
    """A copy of the model folder whose logits (K,) are larger by `bias`."""
    shutil.copytree(model, folder, ignore=shutil.ignore_patterns("run"), dirs_exist_ok=True)
    state = safetensors.torch.load_file(folder / "model.safetensors")
    state["head.fc.bias"] = state["head.fc.bias"] + bias
    safetensors.torch.save_file(state, folder / "model.safetensors")
    return folder


@cache
def _forking() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENVIRONMENT
    )
    atexit.register(process.communicate)
    return process
