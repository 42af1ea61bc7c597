"""A student learns what its teachers answer, not the labels; what cannot teach it is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import cnnhub
from cnnhub.hub.folder import read_config
from tests.support.training_runs import biased, finetuning, ours, training
from training.fit import distil
from training.fit.recipe import RecipeError

STOP = """
import training.fit.trainer as two
step = two.Trainer.step
def late(self, number, batches):
    if number == 3:
        raise KeyboardInterrupt
    return step(self, number, batches)
two.Trainer.step = late
"""


def test_the_answer_is_the_mean_of_the_teachers_probabilities(trained: Path, tmp_path: Path) -> None:
    other = biased(trained, tmp_path / "other", torch.tensor([1.0, -2.0]))
    teachers = distil.load((str(trained), str(other)))
    pixels = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    single = [cnnhub.load(folder).network(pixels).softmax(1) for folder in (trained, other)]
    assert not torch.allclose(*single)
    sees = read_config(trained).pretrained_cfg
    assert torch.allclose(teachers(pixels, sees), sum(single) / 2, atol=1e-6)
    assert [each.source for each in teachers.about] == [trained.name, other.name], "a card tells of nobody's disk"
    assert teachers.about[0].sha256 != teachers.about[1].sha256


def test_a_teacher_gets_the_pixels_that_it_was_trained_on(trained: Path, tmp_path: Path) -> None:
    """Of another size and normalisation than the student's: the same grey wall is told apart from a brighter one alike."""
    other = tmp_path / "other"
    shutil.copytree(trained, other, ignore=shutil.ignore_patterns("run"))
    told = json.loads((other / "config.json").read_text())
    told["pretrained_cfg"].update(mean=[0.1, 0.2, 0.3], std=[0.5, 0.6, 0.7], input_size=[3, 96, 96])
    (other / "config.json").write_text(json.dumps(told))
    teachers = distil.load((str(other),))
    student, teacher = read_config(trained).pretrained_cfg, read_config(other).pretrained_cfg
    grey = torch.rand(4, 3, 1, 1, generator=torch.Generator().manual_seed(0))

    def seen_by(cfg: Any, side: int) -> torch.Tensor:
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (cfg.mean, cfg.std))
        return ((grey - mean) / std).expand(4, 3, side, side)

    expected = cnnhub.load(other).network(seen_by(teacher, 96)).softmax(1)
    assert torch.allclose(teachers(seen_by(student, 64), student), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"label_names": ["red", "blue"]}, "answers with the labels ['red', 'blue']; the pictures have ['blue', 'red']"),
    ],
)
def test_another_order_of_labels_is_refused(trained: Path, tmp_path: Path, change: dict, problem: str) -> None:
    student = read_config(trained)
    distil.check((str(trained),), student)
    other = json.loads((trained / "config.json").read_text())
    for key, value in change.items():
        other[key] = {**other[key], **value} if isinstance(value, dict) else value
    (tmp_path / "config.json").write_text(json.dumps(other))
    with pytest.raises(RecipeError) as error:
        distil.check((str(tmp_path),), student)
    assert problem in str(error.value) and str(tmp_path) in str(error.value)


def test_a_student_believes_its_teacher_more_than_the_labels(data: Path, weights: Path, trained: Path, tmp_path: Path) -> None:
    says_red = biased(trained, tmp_path / "says-red", torch.tensor([-50.0, 50.0]))
    arguments = finetuning(data, weights, tmp_path / "student", "--lr", "3e-2", "--label-smoothing", "0", "--mixup", "0")
    done = training(*arguments, "--ema-decay", "0", "--teacher", says_red)
    assert done.returncode == 0, done.stderr
    student = ours(tmp_path / "student")
    assert student["history"][-1]["top1"] == 0.5, "red, whatever it is shown"
    assert student["recipe"]["teachers"] == [says_red.name]
    (teacher,) = student["teachers"]
    card = (tmp_path / "student/README.md").read_text()
    assert teacher["command"] in card and teacher["sha256"] in card and "answer of 1 teacher " in " ".join(card.split())


def test_a_built_in_model_teaches_by_its_name(data: Path, weights: Path, tmp_path: Path) -> None:
    done = training(*finetuning(data, weights, tmp_path / "student", "--teacher", "cats-vs-dogs"))
    assert done.returncode == 1
    assert "answers with the labels ['cat', 'dog']" in done.stderr and "cannot be read" not in done.stderr


def test_an_unfinished_run_is_not_continued_with_another_teacher(
    data: Path, weights: Path, trained: Path, tmp_path: Path
) -> None:
    teacher = tmp_path / "teacher"
    shutil.copytree(trained, teacher, ignore=shutil.ignore_patterns("run"))
    arguments = finetuning(data, weights, tmp_path / "student", "--teacher", teacher, "--resume")
    assert training(*arguments, before=STOP).returncode != 0
    biased(trained, teacher, torch.tensor([1.0, 0.0]))
    done = training(*arguments)
    assert done.returncode == 1 and "teachers_sha256" in done.stderr, done.stderr


def test_a_folder_that_is_no_model_is_refused_before_pictures_are_read(data: Path, weights: Path, tmp_path: Path) -> None:
    done = training(*finetuning(data, weights, tmp_path / "student", "--teacher", tmp_path))
    assert done.returncode == 1 and "config.json" in done.stderr and "training and" not in done.stderr
