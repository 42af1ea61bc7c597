"""The workflow files: what they run exists here, and what they promise stands in them."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cnnhub
from tests.support import hashes
from tests.support.places import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
MAKEFILE = (ROOT / "Makefile").read_text()


def read(path: Path) -> dict[str, Any]:
    """YAML 1.1 reads the key `on` as true; with strings alone every key and value stays as it is written."""
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


CI, PUBLISH = read(WORKFLOWS / "ci.yml"), read(WORKFLOWS / "publish.yml")
JOBS = [job for workflow in (CI, PUBLISH) for job in workflow["jobs"].values()]


def runs(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_ci_runs_the_tests_on_each_declared_python() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    declared = [found[1] for line in classifiers if (found := re.search(r"Python :: (3\.\d+)$", line))]
    job = CI["jobs"]["test"]
    assert job["strategy"]["matrix"]["python-version"] == declared == ["3.11", "3.12", "3.13"]
    assert job["container"] == "python:${{ matrix.python-version }}-bookworm"
    assert "make test" in runs(job)
    assert {"push", "pull_request"} <= CI["on"].keys()


def test_ci_builds_the_docs() -> None:
    job = CI["jobs"]["docs"]
    assert "make docs" in runs(job)
    (upload,) = (step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    config = read(ROOT / "mkdocs.yml")
    assert upload["with"]["path"] == config["site_dir"]


def test_every_target_that_is_made_exists() -> None:
    made = {line.removeprefix("make ") for job in JOBS for line in runs(job) if line.startswith("make ")}
    assert {"test", "docs", "dist"} <= made
    for target in made:
        assert re.search(rf"^{target}:", MAKEFILE, re.M), target


def test_publishing_is_trusted_and_follows_tests_and_checks() -> None:
    assert PUBLISH["on"] == {"push": {"tags": ["v*"]}}
    assert PUBLISH["permissions"] == {"contents": "read"}, "only the job that publishes may prove who it is"
    build, publish = PUBLISH["jobs"]["build"], PUBLISH["jobs"]["publish"]
    assert runs(build)[-2:] == ["make test", "make dist"]
    assert "permissions" not in build
    assert publish["needs"] == "build"
    assert publish["environment"] == "pypi"
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["steps"][-1] == {"uses": "pypa/gh-action-pypi-publish@release/v1"}, "no password, no token"
    (uploaded,) = (step["with"] for step in build["steps"] if "upload-artifact" in step.get("uses", ""))
    assert publish["steps"][0]["with"] == uploaded, "what is published is what was built"


@pytest.mark.parametrize("tag", [f"v{cnnhub.__version__}", cnnhub.__version__, "v99.0", f"v{cnnhub.__version__}.1"])
def test_only_the_tag_of_this_version_is_published(tag: str) -> None:
    (script,) = (line for line in runs(PUBLISH["jobs"]["build"]) if "GITHUB_REF_NAME" in line)
    environment = {**os.environ, "GITHUB_REF_NAME": tag}
    done = subprocess.run(["bash", "-e", "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True)
    is_ours = tag == f"v{cnnhub.__version__}"
    assert (done.returncode == 0) is is_ours
    assert is_ours or f"expected the tag v{cnnhub.__version__}" in done.stderr


def test_every_requirement_is_one_pinned_package() -> None:
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    pins = [Requirement(line) for line in lines]
    assert all(re.fullmatch(r"==[\w.]+", str(pin.specifier)) for pin in pins)
    assert lines == sorted(lines, key=str.lower)
    assert len({canonicalize_name(pin.name) for pin in pins}) == len(pins)


def test_every_pin_but_pytorch_s_has_the_hashes_of_its_files() -> None:
    text = hashes.HASHED.read_text()
    assert text.startswith(hashes.HEAD)
    blocks = re.split(r"\n(?=\S)", text.removeprefix(hashes.HEAD).strip())
    assert [block.partition(" \\\n")[0] for block in blocks] == hashes.pins(hashes.PINS.read_text()), (
        "python -m tests.support.hashes makes it anew"
    )
    assert all(re.fullmatch(r"[^\n]+( \\\n    --hash=sha256:[0-9a-f]{64})+", block) for block in blocks)


def test_the_cpu_build_is_taken_in_the_pinned_versions() -> None:
    done = subprocess.run(["make", "--dry-run", "cpu"], cwd=ROOT, capture_output=True, text=True, check=True)
    (pattern,) = re.findall(r"grep -E '(.+)' requirements\.txt", done.stdout)
    pair = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if re.search(pattern, line)]
    assert [line.partition("==")[0] for line in pair] == ["torch", "torchvision"]
    assert "--index-url https://download.pytorch.org/whl/cpu" in done.stdout
