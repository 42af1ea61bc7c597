"""Batches on Ray: a row for each picture exactly once, a killed worker's part too; and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cnnhub
from cnnhub import batch, results
from cnnhub.errors import ArgumentError, EngineError
from tests.support.places import EXAMPLES, ROOT

ModelFolder = Callable[..., Path]
on_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: pip install cnnhub[batch]")


def drawn(folder: Path, count: int) -> list[str]:
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8)).save(folder / f"{number:04}.png")
    (folder / "broken.jpg").write_bytes(b"broken")
    return sorted(str(path) for path in folder.iterdir())


def on_two_workers(*command: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0"}
    arguments = [sys.executable, "-m", *map(str, command)]
    return subprocess.run(arguments, capture_output=True, text=True, env=environment, cwd=ROOT)


def rows_of(output: Path) -> list[dict[str, object]]:
    from pyarrow.parquet import read_table

    return sorted(read_table(output).to_pylist(), key=lambda row: row["file"])


@on_ray
@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [23, pytest.param(999, marks=pytest.mark.long)])
def test_a_killed_worker_s_part_is_done_again(tmp_path: Path, model_folder: ModelFolder, count: int) -> None:
    files, log, output = drawn(tmp_path / "photos", count), tmp_path / "log", tmp_path / "answers"
    log.mkdir()
    done = on_two_workers("tests.support.killed_batch", tmp_path / "photos", model_folder(), output, log)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = rows_of(output)
    assert [row["file"] for row in rows] == files, "each exactly once"
    assert [row["file"] for row in rows if row["error"]] == [str(tmp_path / "photos" / "broken.jpg")]
    begun: dict[str, list[str]] = {}
    for path in sorted(log.glob("*.json")):
        begun.setdefault(path.name.partition("-")[0], []).extend(json.loads(path.read_text()))
    killed = os.readlink(log / "killed")
    assert len(begun) == 3, "two workers, and one in place of the killed one"
    twice = {file for file, times in Counter(sum(begun.values(), [])).items() if times > 1}
    assert twice and twice <= set(begun[killed]), "only its pictures were begun again"
    expected = cnnhub.load(model_folder())
    for row in rows[:5]:
        assert dict(row["scores"]) == pytest.approx(expected.predict(row["file"]).scores, abs=1e-5)  # type: ignore[call-overload]


@on_ray
@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_command(tmp_path: Path, model_folder: ModelFolder) -> None:
    files = drawn(tmp_path / "photos", 9)
    arguments = (tmp_path / "photos", "--model", model_folder(), "--workers", 2, "--top-k", 2, "--output", tmp_path / "answers")
    done = on_two_workers("cnnhub.batch", *arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = rows_of(tmp_path / "answers")
    assert [row["file"] for row in rows] == files
    assert {len(row["scores"]) for row in rows if not row["error"]} == {2}  # type: ignore[arg-type]


def test_a_worker_answers_its_part(model_folder: ModelFolder) -> None:
    """In this process, without Ray."""
    names = ["cat.jpg", "notes.txt", "dog.jpg"]
    files = [(EXAMPLES / name).read_bytes() if name.endswith(".jpg") else b"a note" for name in names]
    table = batch.Worker(str(model_folder()), None)({"path": names, "bytes": files})
    expected = [cnnhub.load(model_folder()).predict(EXAMPLES / name) for name in ("cat.jpg", "dog.jpg")]
    rows = table.to_pylist()
    assert list(rows[0]) == list(results.FIELDS)
    assert [row["file"] for row in rows] == names
    assert [row["label"] for row in rows] == [expected[0].label, None, expected[1].label]
    assert "not a picture" in rows[1]["error"]
    assert dict(rows[2]["scores"]) == pytest.approx(expected[1].scores, abs=1e-5)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match=r"pip install cnnhub\[batch\]"):
        batch.answers([str(EXAMPLES)])


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old.parquet").touch()
    with pytest.raises(ArgumentError, match="is there already"):
        batch.output_folder(str(tmp_path))
    assert batch.output_folder(str(tmp_path / "new")) == str(tmp_path / "new")
    assert batch.output_folder("s3://bucket/answers") == "s3://bucket/answers"


def test_help_shows_the_cluster_s_commands() -> None:
    done = subprocess.run([sys.executable, "-m", "cnnhub.batch", "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    for line in ("ray start --head", "ray start --address=HEAD:6379", "ray job submit", "--workers 2"):
        assert line in done.stdout
