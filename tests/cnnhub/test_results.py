"""Tables of answers: the same records in every format, whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cnnhub
from cnnhub import results
from cnnhub.errors import ArgumentError, EngineError, ImageError
from tests.support.cli_runner import Call
from tests.support.places import EXAMPLES, ROOT

ANSWER = cnnhub.Prediction("dog", 0.75, {"dog": 0.75, 'cat, "tabby"': 0.25}, False, -1.5)
RECORDS = [results.record("a\n.jpg", ANSWER), results.record("圖.jpg", ImageError("no picture")), results.record("c.jpg", ANSWER)]


def read(path: Path) -> list[dict[str, Any]]:
    """Records as they were written, without the fields that hold nothing."""
    if path.suffix == ".parquet":
        from pyarrow.parquet import read_table

        rows = [row | {"scores": row["scores"] and dict(row["scores"])} for row in read_table(path).to_pylist()]
        return [{name: value for name, value in row.items() if value is not None} for row in rows]
    if path.suffix == ".csv":
        kinds = {
            "probability": float,
            "strangeness": float,
            "scores": json.loads,
            "is_unfamiliar": {"True": True, "False": False}.get,
        }
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == list(results.FIELDS)
        return [{name: kinds.get(name, str)(value) for name, value in row.items() if value} for row in rows]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".csv", ".parquet", ".PARQUET"])
@pytest.mark.parametrize("count", [0, 1, 3, 2 * results.ROWS + 3])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, count: int) -> None:
    path = tmp_path / f"answers{suffix}"
    told = (RECORDS * count)[:count]
    with results.writing_to(path) as write:
        for each in told:
            write(each)
        assert not path.exists(), "it has its name once it is whole"
    if count:
        assert read(path.rename(path.with_suffix(suffix.lower()))) == told
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_an_error_in_the_middle_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"answers{suffix}"
    path.write_bytes(b"the old ones")
    with pytest.raises(KeyboardInterrupt), results.writing_to(path) as write:
        write(RECORDS[0])
        raise KeyboardInterrupt
    assert path.read_bytes() == b"the old ones" and len(list(tmp_path.iterdir())) == 1


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    for suffix in (".jsonl", ".csv", ".parquet"):
        path = tmp_path / f"answers{suffix}"
        with results.writing_to(path) as write:
            write(results.record(os.fsdecode(b"\xff.jpg"), ANSWER))
        assert read(path)[0]["file"] in (r"\udcff.jpg", "\udcff.jpg")


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("answers", "answers.xlsx"):
        with pytest.raises(ArgumentError, match=r"expected one of .jsonl, .ndjson, .csv, .parquet"):
            results.check_path(tmp_path / name)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(EngineError, match=r"pip install pyarrow. Or write .csv or .jsonl"):
        results.check_path(Path("answers.parquet"))


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_the_command_writes_the_fields_of_json(call: Call, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"broken")
    photos = (EXAMPLES / "cat.jpg", tmp_path / "broken.jpg", EXAMPLES / "dog.jpg")
    path = tmp_path / "new" / f"answers{suffix}"
    done = call("predict", *photos, "--output", path)
    assert (done.status, done.out) == (1, "")
    assert done.err.strip() == f"3 pictures, 1 of them unreadable: {path}"
    shown = call("predict", *photos, "--json")
    assert read(path) == [json.loads(line) for line in shown.out.splitlines()]


def test_the_command_refuses_before_it_loads(call: Call, tmp_path: Path) -> None:
    done = call("predict", "--model", "nowhere/at-all", "--output", tmp_path / "a.txt", EXAMPLES / "cat.jpg")
    assert done.status == 2 and "ends in '.txt'" in done.err
    done = call("predict", "--json", "--output", tmp_path / "a.csv", EXAMPLES / "cat.jpg")
    assert done.status == 2 and "leave one of them out" in done.err
    (tmp_path / "file").touch()
    done = call("predict", "--output", tmp_path / "file" / "a.csv", EXAMPLES / "cat.jpg")
    assert done.status == 2 and "cannot be written" in done.err


KILLED = """
import sys, time
from cnnhub import results

with results.writing_to(results.Path(sys.argv[1])) as write:
    for number in range(1000):
        write({"file": str(number), "error": "none"})
    print("written", flush=True)
    time.sleep(300)
"""


def test_a_killed_process_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None and process.stdout.readline() == "written\n"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and not path.exists()
