"""A card names every run that its weights went through, and the weights that the first of them began with."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from tests.support.training_runs import finetuning, ours, training
from training.fit.backbones import earlier_recipes


def test_a_run_on_a_run_tells_of_both(data: Path, weights: Path, trained: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    shutil.copytree(trained, first, ignore=shutil.ignore_patterns("run"))
    done = training(*finetuning(data, first / "model.safetensors", tmp_path / "second"))
    assert done.returncode == 0, done.stderr
    (before,) = ours(tmp_path / "second")["earlier"]
    told = json.loads((first / "config.json").read_text())["cnnhub"]
    assert before["command"] == told["command"]
    assert before["backbone_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    card = (tmp_path / "second" / "README.md").read_text()
    assert card.index(before["command"]) < card.index(ours(tmp_path / "second")["command"])
    assert [each["backbone_sha256"] for each in earlier_recipes(tmp_path / "second" / "model.safetensors")] == [
        before["backbone_sha256"],
        hashlib.sha256((first / "model.safetensors").read_bytes()).hexdigest(),
    ]
