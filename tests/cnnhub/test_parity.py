"""cnnhub, timm and transformers answer alike for one repository: what `python -m tests.support.parity` prints, in numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("photos", "cases"), [(2, 4), pytest.param(50, 9, marks=pytest.mark.long)])
def test_three_ways_to_load_a_repository(tmp_path: Path, photos: int, cases: int) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.support.parity",
        "--photos",
        str(photos),
        "--cases",
        str(cases),
        "--json",
        str(tmp_path / "rows.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert len(rows) == cases
    for row in rows:
        assert row["logits"] <= 1e-5, row
        assert row["probabilities"] <= 1e-3, row
        assert row["same_order"] and row["same_labels"], row
        assert row["photos"] == photos
