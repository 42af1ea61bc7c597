"""What works on this machine, what does not, and what to do about it.

Torch is imported in a process of its own: a broken installation may end the process that imports it.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import cnnhub
from cnnhub.caches import own_folder
from cnnhub.engines.graphs import refusals, versions_of
from cnnhub.errors import CorruptedFileError, plural
from cnnhub.hub import shipped

PACKAGES = ("torch", "torchvision", "timm", "huggingface_hub", "safetensors", "pillow", "numpy", "onnx", "onnxruntime")
ONLY_FOR_CUDA = re.compile(r"nvidia[-_]|triton$|cuda[-_]", re.I)
CPU_PAIR = "pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu"
HUB_SECONDS = 5.0
TORCH_SECONDS = 300.0  # a cold import of torch from a slow disk takes a minute

PROBE = ("-m", "cnnhub.probe")


class State(StrEnum):
    """`note` is worth knowing and breaks nothing."""

    ok = "ok"
    note = "note"
    broken = "broken"


@dataclass(frozen=True)
class Check:
    """What was found out about one thing.

    Attributes:
        detail: a sentence or two; where something is wrong, with what to do.
    """

    name: str
    state: State
    detail: str


@dataclass(frozen=True)
class Examination:
    """What was found out about this machine; `versions` holds None for a package that is not installed."""

    versions: dict[str, str | None]
    checks: list[Check]

    @property
    def is_well(self) -> bool:
        """Whether nothing is broken."""
        return all(check.state is not State.broken for check in self.checks)


def examine() -> Examination:
    """Look at everything, which takes as long as importing torch does."""
    versions = installed()
    found = Check("versions", State.ok, ", ".join(f"{name} {version}" for name, version in versions.items() if version))
    return Examination(versions, [found, *builtin_checks(), *torch_checks(versions), *hub_checks()])


def installed() -> dict[str, str | None]:
    """Name -> version; None for a package that is not installed."""
    return {"cnnhub": cnnhub.__version__, "python": platform.python_version(), **versions_of(PACKAGES)}


def builtin_checks() -> list[Check]:
    """Which file of the models that ship is not as it was shipped; nothing where all are."""
    try:
        shipped.check(anew=True)
    except CorruptedFileError as error:
        return [Check("built-in models", State.broken, str(error))]
    return []


def torch_checks(versions: dict[str, str | None]) -> list[Check]:
    """The pair of torch and torchvision, the GPU, the engines."""
    has_onnx = bool(versions["onnx"] and versions["onnxruntime"])
    facts, failure = probe(has_onnx)
    checks = [pair(facts, failure, wanted_torch())]
    if "torch" in facts:
        checks.append(gpu(facts["torch"], cuda_bytes(), has_nvidia_driver()))
    if "torchvision" not in facts:
        return checks
    for engine in ("torch", "onnx") if has_onnx else ("torch",):
        checks.append(working_engine(engine, facts, failure))
    if not has_onnx:
        missing = " and ".join(name for name in ("onnx", "onnxruntime") if not versions[name])
        checks.append(Check("engine onnx", State.note, f"torch answers, several times as slowly: pip install {missing}."))
    return [*checks, exports(refusals())]


def probe(has_onnx: bool) -> tuple[dict[str, dict[str, Any]], str]:
    """Import and use torch in another process -> facts of each step that went well, and why the next one did not."""
    paths = [str(Path(cnnhub.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-P", "-W", "ignore", *PROBE, *(["onnx"] if has_onnx else [])]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=TORCH_SECONDS, errors="replace")
        output, failure = done.stdout, last_line(done.stderr) or f"the process ended with status {done.returncode}"
        failure = failure if done.returncode else ""
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout or ""
        failure = f"no answer within {TORCH_SECONDS:.0f} seconds"
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"step"')]
    return {line.pop("step"): line for line in lines}, failure


def wanted_torch() -> tuple[str, str] | None:
    """Which versions of torch torchvision's metadata asks for, and the one installed; None where that fits or is unknown."""
    from packaging.requirements import Requirement

    try:
        needs = [Requirement(line) for line in importlib.metadata.requires("torchvision") or []]
        found = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    wanted = next((need.specifier for need in needs if need.name == "torch"), None)
    return (str(wanted), found) if wanted and not wanted.contains(found, prereleases=True) else None


def pair(facts: dict[str, dict[str, Any]], failure: str, misfit: tuple[str, str] | None) -> Check:
    """Whether torch and torchvision are of one release and one build: a mixed pair fails at import or later.

    Args:
        facts, failure: of `probe`.
        misfit: of `wanted_torch`.
    """
    name = "torch and torchvision"
    together = "Install both in one command and from one index: pip install --force-reinstall torch torchvision."
    if misfit:
        return Check(name, State.broken, f"torchvision needs torch{misfit[0]}, and torch {misfit[1]} is installed. {together}")
    for package in ("torch", "torchvision"):
        if package not in facts:
            return Check(name, State.broken, f"{package} cannot be imported: {failure}. {together}")
    builds = [facts[package]["cuda_build"] for package in ("torch", "torchvision")]
    if builds[0] != builds[1]:
        targets = [f"CUDA {build}" if build else "the CPU" for build in builds]
        return Check(name, State.broken, f"torch is built for {targets[0]} and torchvision for {targets[1]}. {together}")
    return Check(name, State.ok, f"They fit, and are built for {f'CUDA {builds[0]}' if builds[0] else 'the CPU'}.")


def gpu(torch: dict[str, Any], size: int, has_driver: bool) -> Check:
    """Whether torch's build and this machine's GPU belong together.

    Args:
        torch: facts of `probe`. size: bytes on disk of the packages that only CUDA needs.
        has_driver: whether NVIDIA's driver is here.
    """
    if torch["cuda_works"]:
        return Check("GPU", State.ok, f"{', '.join(torch['gpus'])}: cnnhub.load(..., device='cuda') uses it.")
    if torch["cuda_build"] and has_driver:
        return Check(
            "GPU",
            State.note,
            f"NVIDIA's driver is here, but torch, built for CUDA {torch['cuda_build']}, finds no GPU. Is it too old?",
        )
    if torch["cuda_build"]:
        return Check(
            "GPU",
            State.note,
            f"None, and torch is built for CUDA {torch['cuda_build']}: the packages that only CUDA needs take "
            f"{size / 1e9:.1f} GB on disk, besides CUDA's part of torch itself. The pair for the CPU is enough here. pip keeps "
            f"what is installed, so make a new environment and begin with: {CPU_PAIR}",
        )
    if has_driver:
        return Check("GPU", State.note, "NVIDIA's driver is here, but torch is built for the CPU and does not use the GPU.")
    return Check("GPU", State.ok, "None, and torch is built for the CPU.")


def cuda_bytes() -> int:
    """Size on disk, in bytes, of the installed packages that only a GPU needs."""
    packages = (each for each in importlib.metadata.distributions() if ONLY_FOR_CUDA.match(each.name or ""))
    files = {str(file.locate()) for package in packages for file in package.files or ()}
    return sum(os.path.getsize(file) for file in files if os.path.isfile(file))


def has_nvidia_driver() -> bool:
    """Whether NVIDIA's driver is loaded, as Linux and its tools report."""
    return os.path.exists("/proc/driver/nvidia/version") or shutil.which("nvidia-smi") is not None


def working_engine(engine: str, facts: dict[str, dict[str, Any]], failure: str) -> Check:
    """Whether a built-in model answers on this engine, and how fast."""
    name = f"engine {engine}"
    if name not in facts:
        return Check(
            name, State.broken, f"The built-in cats-vs-dogs does not answer: {failure or 'no word of it'}. Install cnnhub again."
        )
    is_default = engine == "onnx" or "engine onnx" not in facts
    use = (
        "engine='auto' takes it. " if is_default else "For a GPU, for what looks inside, and where engine='onnx' cannot answer. "
    )
    on = counted(facts["torch"]["threads"], "thread") if engine == "torch" else "the CPU"
    why = f" {facts[name]['why']}" if engine == "onnx" else ""
    return Check(name, State.ok, f"{use}cats-vs-dogs answers in {facts[name]['milliseconds']:.1f} ms on {on}.{why}")


def exports(refused: Sequence[str]) -> Check:
    """Which models torch runs on this machine, since no graph of theirs answers as it does."""
    name = "exports"
    if not refused:
        return Check(name, State.ok, f"No model was met whose export cannot be used. They are kept in {own_folder()}.")
    return Check(
        name, State.note, f"{' '.join(refused)} This is remembered in {own_folder()}; `cnnhub export SOURCE` tries again."
    )


def hub_checks() -> list[Check]:
    """Whether the Hub answers, and the state of its cache."""
    from huggingface_hub import constants

    return [reach(constants.ENDPOINT, constants.is_offline_mode()), cache(Path(constants.HF_HUB_CACHE))]


def reach(url: str, is_offline: bool, seconds: float = HUB_SECONDS) -> Check:
    """Whether the Hub answers at this URL."""
    from huggingface_hub import get_session

    without = "Built-in and cached models work without it."
    if is_offline:
        return Check("Hub", State.note, f"{url} is not asked: HF_HUB_OFFLINE is set. {without}")
    started = time.monotonic()
    try:
        status = get_session().head(f"{url}/api/models", timeout=seconds).status_code
    except Exception as error:  # the client's HTTP library has errors of its own
        taken = time.monotonic() - started
        why = f"{type(error).__name__}: {error}"
        return Check("Hub", State.note, f"{url} does not answer ({taken:.1f} seconds, {why}). {without}")
    taken = time.monotonic() - started
    if status >= 400 and status != 404:
        return Check("Hub", State.note, f"{url} answers {status} after {taken:.1f} seconds: something refuses. {without}")
    return Check("Hub", State.ok, f"{url} answers ({status}) after {taken:.1f} seconds.")


def cache(folder: Path) -> Check:
    """The Hub's cache: where, how much, what is damaged, how much room is left."""
    from huggingface_hub import scan_cache_dir

    standing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):  # what stands there is a file, or not ours
        return Check(
            "cache", State.broken, f"{folder} cannot be written; models from the Hub cannot be kept. Set HF_HOME to another."
        )
    free = f"{shutil.disk_usage(standing).free / 1e9:.1f} GB are free there"
    if not folder.is_dir():
        return Check("cache", State.ok, f"{folder} does not exist yet; {free}.")
    found = scan_cache_dir(folder)
    models = sum(repository.repo_type == "model" for repository in found.repos)
    others = len(found.repos) - models
    held = f"{counted(models, 'model')}, {counted(others, 'other entry', 'other entries')}"
    summary = f"{folder} holds {held}, {found.size_on_disk / 1e6:.1f} MB; {free}."
    if found.warnings:
        parts = "; ".join(str(warning) for warning in found.warnings)
        return Check("cache", State.note, f"{summary} Not whole, and fetched again when asked for: {parts}")
    return Check("cache", State.ok, summary)


def counted(number: int, noun: str, nouns: str = "") -> str:
    """A number of things.

    >>> counted(1, "thread"), counted(2, "thread")
    ('1 thread', '2 threads')
    """
    return f"{number} {noun if number == 1 else nouns or plural(noun)}"


def last_line(text: str) -> str:
    """The last line that says something: of a traceback, the error."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
