"""A student learns what its teachers answer, not the labels; what cannot teach it is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

import cnnhub
from cnnhub.hub.folder import read_config
from tests.training.test_resume import command, ours, run
from tests.training.test_training import data, trained, weights  # noqa: F401  (fixtures)
from training.fit import distil
from training.fit.recipe import RecipeError

# ruff: noqa: F811  (fixtures as arguments)

STOP = """
import training.fit.trainer as two
step = two.Trainer.train_on
def late(self, batches):
    if self.state.total == 3:
        raise KeyboardInterrupt
    return step(self, batches)
two.Trainer.train_on = late
"""


def test_the_answer_is_the_mean_of_the_teachers_probabilities(trained: Path, tmp_path: Path) -> None:
    other = biased(trained, tmp_path / "other", torch.tensor([1.0, -2.0]))
    teachers = distil.load((str(trained), str(other)))
    pixels = torch.randn(3, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    single = [cnnhub.load(folder).network(pixels).softmax(1) for folder in (trained, other)]
    assert not torch.allclose(*single)
    assert torch.allclose(teachers(pixels), sum(single) / 2, atol=1e-6)
    assert [about["source"] for about in teachers.about] == [str(trained), str(other)]
    assert teachers.about[0]["sha256"] != teachers.about[1]["sha256"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label_names": ["red", "blue"]}, "answers with the labels ['red', 'blue']; the pictures have ['blue', 'red']"),
        ({"pretrained_cfg": {"mean": [0.1, 0.2, 0.3]}}, "mean (0.1, 0.2, 0.3)"),
        ({"pretrained_cfg": {"input_size": [3, 64, 64]}}, "input_size (3, 64, 64)"),
    ],
)
def test_another_order_of_labels_or_other_pixels_are_refused(trained: Path, tmp_path: Path, change: dict, told: str) -> None:
    student = read_config(trained)
    distil.check((str(trained),), student)
    other = json.loads((trained / "config.json").read_text())
    for key, value in change.items():
        other[key] = {**other[key], **value} if isinstance(value, dict) else value
    (tmp_path / "config.json").write_text(json.dumps(other))
    with pytest.raises(RecipeError) as error:
        distil.check((str(tmp_path),), student)
    assert told in str(error.value) and str(tmp_path) in str(error.value)


def test_a_student_believes_its_teacher_more_than_the_labels(data: Path, weights: Path, trained: Path, tmp_path: Path) -> None:
    says_red = biased(trained, tmp_path / "says-red", torch.tensor([-50.0, 50.0]))
    arguments = command(data, weights, tmp_path / "student", "--lr", "3e-2", "--label-smoothing", "0", "--mixup", "0")
    done = run([*arguments, "--ema-decay", "0", "--teacher", str(says_red)])
    assert done.returncode == 0, done.stderr
    told = ours(tmp_path / "student")
    assert told["history"][-1]["top1"] == 0.5, "red, whatever it is shown"
    assert told["recipe"]["teachers"] == [str(says_red)]
    (teacher,) = told["teachers"]
    card = (tmp_path / "student/README.md").read_text()
    assert teacher["command"] in card and teacher["sha256"] in card and "answer of 1 teacher " in " ".join(card.split())


def test_an_unfinished_run_is_not_continued_with_another_teacher(
    data: Path, weights: Path, trained: Path, tmp_path: Path
) -> None:
    teacher = tmp_path / "teacher"
    shutil.copytree(trained, teacher, ignore=shutil.ignore_patterns("run"))
    arguments = command(data, weights, tmp_path / "student", "--teacher", str(teacher), "--resume")
    assert run(arguments, STOP).returncode != 0
    biased(trained, teacher, torch.tensor([1.0, 0.0]))
    done = run(arguments)
    assert done.returncode == 1 and "teachers_sha256" in done.stderr, done.stderr


def test_a_folder_that_is_no_model_is_refused_before_pictures_are_read(data: Path, weights: Path, tmp_path: Path) -> None:
    done = run(command(data, weights, tmp_path / "student", "--teacher", str(tmp_path)))
    assert done.returncode == 1 and "config.json" in done.stderr and "training and" not in done.stderr


def biased(model: Path, folder: Path, bias: torch.Tensor) -> Path:
    """A copy of the model folder whose logits (K,) are larger by `bias`."""
    shutil.copytree(model, folder, ignore=shutil.ignore_patterns("run"), dirs_exist_ok=True)
    state = safetensors.torch.load_file(folder / "model.safetensors")
    state["head.fc.bias"] = state["head.fc.bias"] + bias
    safetensors.torch.save_file(state, folder / "model.safetensors")
    return folder
