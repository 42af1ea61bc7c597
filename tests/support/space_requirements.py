"""space/requirements.txt, derived from requirements.txt: `python -m tests.support.space_requirements > space/requirements.txt`.

A Space needs what cnnhub needs, gradio, and what these need, in the versions that were tested here; not the tools of training
and tests, nor the CUDA libraries, since a free Space has no GPU.
"""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.places import ROOT

HEAD = """\
# Made by `python -m tests.support.space_requirements`, from the versions in the project's requirements.txt. cnnhub itself
# lies beside app.py. A free Space has no GPU: PyTorch's own index has torch for the CPU alone, under a local version (+cpu),
# which pip prefers; without it the CUDA libraries come along.
--extra-index-url https://download.pytorch.org/whl/cpu
"""
LEFT_OUT = re.compile(r"nvidia-|cuda-|triton$|setuptools$")  # with CUDA alone; there beside pip
SPACE = {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64", "python_version": "3.11"}


def text() -> str:
    pins = _pins()
    return HEAD + "".join(f"{pins[name]}\n" for name in sorted(needed()))


def needed() -> set[str]:
    """Names of the packages that a Space installs, without cnnhub."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras_here = project["optional-dependencies"]
    found: set[str] = set()
    waiting = [Requirement(root) for root in [*project["dependencies"], "cnnhub[app]", "gradio[mcp]"]]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if name == project["name"]:
            waiting += [Requirement(line) for extra in extras for line in extras_here[extra]]
        elif (name, extras) not in seen and not LEFT_OUT.match(name):
            seen.add((name, extras))
            found.add(name)
            waiting += _needs(name, extras)
    return found


def _needs(name: str, extras: frozenset[str]) -> list[Requirement]:
    declared = [Requirement(line) for line in metadata.requires(name) or ()]
    return [
        other
        for other in declared
        if other.marker is None or any(other.marker.evaluate({**SPACE, "extra": extra}) for extra in extras or {""})
    ]


def _pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return {canonicalize_name(line.partition("==")[0]): line for line in lines if "==" in line}


if __name__ == "__main__":
    print(text(), end="")
