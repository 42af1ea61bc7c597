"""requirements.hashed.txt, which `make app` and `make test` install: the pins of requirements.txt with the hashes of their files.

`python -m tests.support.hashes` asks the package index for them and writes the file; pip then refuses any other file. torch and
torchvision are left out: which build is right depends on the machine, and each index has builds of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from packaging.requirements import Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from tests.support.places import ROOT

PINS, HASHED = ROOT / "requirements.txt", ROOT / "requirements.hashed.txt"
BY_MACHINE = ("torch", "torchvision")
INDEX = "https://pypi.org/simple"
HEAD = """\
# Made by `python -m tests.support.hashes` from requirements.txt: the same pins, each with the sha256 of every file that the index
# has of it. torch and torchvision are not here, since their builds differ by machine; the Makefile installs them after these.
"""


def pins(text: str) -> list[str]:
    """The lines of requirements.txt that are hashed."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line for line in lines if Requirement(line).name not in BY_MACHINE]


def hashed(line: str, files: Iterable[tuple[str, str]]) -> str:
    """A pin with the hashes of its version's files, given the names and hashes of all versions' files.

    >>> print(hashed("attrs==26.1.0", [("attrs-26.1.0-py3-none-any.whl", "ab"), ("attrs-25.0.0.tar.gz", "cd")]))
    attrs==26.1.0 \\
        --hash=sha256:ab
    """
    pin = Requirement(line)
    found = sorted(sha256 for name, sha256 in files if _version(name) in pin.specifier)
    assert found, f"the index has no file of {line}"
    return " \\\n".join([line, *(f"    --hash=sha256:{sha256}" for sha256 in found)])


def main() -> None:
    with httpx.Client(headers={"Accept": "application/vnd.pypi.simple.v1+json"}, timeout=60, follow_redirects=True) as index:

        def asked(line: str) -> str:
            answer = index.get(f"{INDEX}/{Requirement(line).name}/").raise_for_status().json()
            return hashed(line, [(file["filename"], file["hashes"]["sha256"]) for file in answer["files"]])

        with ThreadPoolExecutor(8) as threads:
            lines = list(threads.map(asked, pins(PINS.read_text())))
    HASHED.write_text(HEAD + "\n".join(lines) + "\n")
    print(f"{len(lines)} packages in {Path(HASHED.name)}")


def _version(name: str) -> str:
    """The version that a file's name tells; none of a kind that pip does not take."""
    try:
        return str(parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1])
    except (InvalidSdistFilename, InvalidWheelFilename):
        return "0"


if __name__ == "__main__":
    main()
