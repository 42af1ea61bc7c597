"""The `cnnhub` command, as its contract says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cnnhub
from conftest import EXAMPLES


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cnnhub.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, a broken one between them by name, one below, and a file that is no picture."""
    (tmp_path / "a.jpg").write_bytes((EXAMPLES / "cat.jpg").read_bytes())
    (tmp_path / "b.jpg").write_bytes(b"broken")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/d.JPG").write_bytes((EXAMPLES / "dog.jpg").read_bytes())
    return tmp_path


def test_json_lines(folder: Path) -> None:
    done = run("predict", "--json", EXAMPLES / "dog.jpg", folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    files = [str(EXAMPLES / "dog.jpg"), *(str(folder / name) for name in ("a.jpg", "b.jpg", "c/d.JPG"))]
    assert [line["file"] for line in lines] == files
    assert [line.get("label") for line in lines] == ["dog", "cat", None, "dog"]
    assert list(lines[2]) == ["file", "error"]
    assert "not a picture" in lines[2]["error"]
    assert done.returncode == 1
    expected = cnnhub.load("cats-vs-dogs").predict(EXAMPLES / "dog.jpg")
    assert list(lines[0]) == ["file", "label", "probability", "scores"]
    assert lines[0]["scores"] == pytest.approx(expected.scores, abs=1e-4)
    assert list(lines[0]["scores"]) == list(expected.scores)
    assert lines[0]["probability"] == pytest.approx(expected.probability, abs=1e-4)


def test_top_k(folder: Path) -> None:
    done = run("predict", "--model", "imagenet", "--top-k", 5, "--json", folder / "a.jpg")
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["scores"]) == 5


def test_the_table(folder: Path) -> None:
    done = run("predict", folder)
    assert done.returncode == 1
    assert "cat" in done.stdout and "unreadable" in done.stdout and "dog" in done.stdout
    assert "\x1b" not in done.stdout


def test_models() -> None:
    done = run("models")
    assert done.returncode == 0
    for name in cnnhub.builtin_models():
        assert name in done.stdout
    assert "MB" in done.stdout and "%" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "--model", "flower", "x.jpg"), "Did you mean flowers?"),
        (("predict", "--model", "./nowhere", "x.jpg"), "no folder"),
        (("predict",), "Missing argument"),
        (("predict", "--top-k", "0", "x.jpg"), "equal to 1"),
        (("predct",), "No such command"),
    ],
)
def test_mistakes_exit_with_2(arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_version() -> None:
    assert "predict" in run("--help").stdout
    assert "cnnhub predict --model flowers" in " ".join(run("predict", "--help").stdout.split())
    assert run("--version").stdout.strip() == f"cnnhub {cnnhub.__version__}"


def test_an_empty_folder(tmp_path: Path) -> None:
    done = run("predict", tmp_path)
    assert done.returncode == 0
    assert "holds no pictures" in done.stderr
    assert os.listdir(tmp_path) == []
