"""The mean of the weights of several fine-tuned models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

import cnnhub
from tests.support.places import ROOT
from tests.support.training_runs import Done, finetuning, ours, training
from training.fit.soup import mean
from training.measure.evaluate import evaluate


@pytest.fixture(scope="module")
def members(data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folders = [tmp_path_factory.mktemp("members") / name for name in ("a", "b")]
    for seed, folder in enumerate(folders):
        done = training(*finetuning(data, weights, folder, "--freeze-batch-norm", "--seed", seed))
        assert done.returncode == 0, done.stderr
    return folders


def soup(data: Path, output: Path, *members: Path) -> Done:
    models = [argument for folder in members for argument in ("--model", folder)]
    return training("soup", *models, "--data", data, "--output", output)


def test_the_soup_is_the_mean_of_those_that_are_kept(members: list[Path], data: Path, tmp_path: Path) -> None:
    done = soup(data, tmp_path / "soup", *members)
    assert done.returncode == 0, done.stderr
    made = ours(tmp_path / "soup")
    kept = [Path(each["source"]) for each in made["soup"]["members"]]
    assert {*kept, *(Path(each["source"]) for each in made["soup"]["left_out"])} == {Path(each.name) for each in members}
    kept = [next(each for each in members if each.name == name.name) for name in kept]  # a card tells of nobody's disk
    alone = {folder: ours(folder)["metrics"]["validation"]["loss"] for folder in members}
    assert kept[0] == min(members, key=alone.__getitem__)
    # both of weights in half precision, as they are stored; the members' own figures are of those that were trained
    best = evaluate(str(kept[0].resolve()), data, "validation").figures.loss
    assert made["metrics"]["validation"]["loss"] <= best + 1e-9
    found = safetensors.torch.load_file(tmp_path / "soup/model.safetensors")
    expected = mean([safetensors.torch.load_file(folder / "model.safetensors") for folder in kept])
    assert all(torch.allclose(found[name].float(), tensor.float(), rtol=1e-3, atol=1e-6) for name, tensor in expected.items())
    assert cnnhub.load(tmp_path / "soup").predict(data / "test/red/0.jpg").label == "red"
    card = (tmp_path / "soup/README.md").read_text()
    assert ("model soup" in card) == (len(kept) > 1)
    assert all(ours(folder)["command"] in card for folder in members) and made["command"] in card
    assert not list((tmp_path / "soup").glob(".soup-*"))


def test_mean_keeps_counters_and_averages_the_rest() -> None:
    states = [{"w": torch.full((2, 2), float(n)), "steps": torch.tensor(n)} for n in (1, 2, 6)]
    found = mean(states)
    assert torch.equal(found["w"], torch.full((2, 2), 3.0)) and found["steps"] == 1


def test_what_does_not_fit_together_is_refused(members: list[Path], data: Path, tmp_path: Path) -> None:
    done = soup(data, tmp_path / "soup", members[0])
    assert done.returncode == 1 and "1 model arrived; a mean needs two or more" in " ".join(done.stderr.split())
    done = soup(data, members[1], *members)
    assert done.returncode == 1 and "is one of the models, which would be lost" in " ".join(done.stderr.split())
    done = soup(data, tmp_path / "soup", members[0], ROOT / "cnnhub/builtin/imagenet")
    assert done.returncode == 1 and "did not write to its end" in " ".join(done.stderr.split())
    other = shutil.copytree(members[1], tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    config["cnnhub"]["backbone"]["sha256"] = "0" * 64
    (other / "config.json").write_text(json.dumps(config))
    done = soup(data, tmp_path / "soup", members[0], other)
    assert done.returncode == 1 and "other has backbone '0000" in " ".join(done.stderr.split())
    assert not (tmp_path / "soup/config.json").exists()
