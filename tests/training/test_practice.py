"""What practitioners ask for: rare labels, layers that join one after the other, CutMix, single augmentations, mirroring."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

import cnnhub
from cnnhub.errors import UnknownNameError
from tests.support.training_runs import finetuning, ours, training
from tests.training.test_resume import INTERRUPT
from training.data.pixels import augmenting, derive, loader, random_part, seeded, set_back
from training.fit import prepare
from training.fit.devices import accelerator
from training.fit.recipe import BEFORE, Recipe, RecipeError, Run
from training.fit.trainer import Trainer, balanced_weights, epoch_batches, layers_of
from training.measure.evaluate import evaluate

RARE = [0] * 30 + [1] * 7 + [2] * 3


def trainer_of(data: Path, weights: Path, folder: Path, **settings: Any) -> tuple[prepare.Prepared, Trainer]:
    recipe = Recipe("test_byobnet", size=64, epochs=2, batch_size=8, precision="float32", warmup_epochs=0, **settings)
    run, console = Run(folder, workers=0), Console(quiet=True)
    ready = prepare.prepare(data, weights, recipe, run, {}, accelerator("float32"), console)
    return ready, Trainer(ready)


def test_a_balanced_epoch_shows_each_label_as_often_and_no_two_pictures_alike() -> None:
    recipe = Recipe(batch_size=4, balanced_sampler=True, seed=3)
    keys = [key for batch in epoch_batches(RARE, recipe, 1, 0, 1) for key in batch]
    assert len(keys) == len(set(keys)) == 40, "a picture that comes again is augmented otherwise"
    counts = Counter(RARE[index] for index, _ in keys)
    assert max(counts.values()) - min(counts.values()) <= 2
    seen = Counter(index for index, _ in keys)
    assert max(seen[index] for index in range(30)) == 1 and min(seen[index] for index in range(37, 40)) >= 4
    assert keys == [key for batch in epoch_batches(RARE, recipe, 1, 0, 1) for key in batch], "it follows from the seed"
    assert keys != [key for batch in epoch_batches(RARE, recipe, 2, 0, 1) for key in batch]
    shares = [epoch_batches(RARE, recipe, 1, process, 2) for process in range(2)]
    assert sorted(key for share in shares for batch in share for key in batch) == sorted(keys)


def test_an_epoch_that_is_not_balanced_is_what_it_was() -> None:
    keys = [key for batch in epoch_batches(RARE, Recipe(batch_size=4, seed=3), 2, 0, 1) for key in batch]
    order = np.random.default_rng(derive(3, 2)).permutation(40)
    assert keys == [(index, derive(3, 2, index)) for index in order.tolist()]


def test_a_rare_label_weighs_as_much_as_a_common_one(data: Path, weights: Path, tmp_path: Path) -> None:
    weights_of = balanced_weights(RARE, 3)
    assert torch.allclose(weights_of * torch.tensor([30, 7, 3]), torch.tensor(40 / 3))
    _, trainer = trainer_of(data, weights, tmp_path, class_weights="balanced", mixup=0, label_smoothing=0, ema_decay=0)
    pixels, targets = torch.zeros(4, 3, 64, 64), torch.tensor([0, 0, 0, 1])
    losses = []
    for rare in (1.0, 3.0):
        trainer.class_weights = torch.tensor([1.0, rare])
        losses.append(trainer._micro_batch(pixels, targets)[0].item())
        trainer.optimizer.zero_grad()
    logits = trainer.network(pixels).float()
    single = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    assert losses[1] - losses[0] == pytest.approx(2 * single[3].item() / 4, rel=0.05)
    soft = torch.tensor([[0.75, 0.25]])
    assert trainer._weights(soft).item() == pytest.approx(0.75 + 3 * 0.25)


def test_layers_join_the_head_from_above(data: Path, weights: Path, tmp_path: Path) -> None:
    ready, trainer = trainer_of(data, weights, tmp_path, unfreeze_epochs=1, layer_decay=1, mixup=0)
    layers = layers_of(trainer.network)
    assert sum(map(len, layers)) == len(list(trainer.network.parameters())) and len(layers) > 4
    trainer.train_mode()
    moved = []
    batches = iter(loader(ready.train, epoch_batches([0] * 48, trainer.recipe, 1, 0, 1) * 2, 0))
    for number in range(trainer.steps + 1):
        before = [[parameter.detach().clone() for parameter in layer] for layer in layers]
        trainer.step(number, batches)
        changed = [
            any(not torch.equal(old, new) for old, new in zip(one, two, strict=True))
            for one, two in zip(before, layers, strict=True)
        ]
        moved.append(changed)
    counts = [sum(each) for each in moved]
    assert counts[0] == 1 and counts[-1] == len(layers) and counts == sorted(counts), "one after the other"
    assert all(each == [True] * sum(each) + [False] * (len(layers) - sum(each)) for each in moved), "from above"


def test_cutmix_puts_a_piece_of_one_picture_into_another(data: Path, weights: Path, tmp_path: Path) -> None:
    pixels, targets = torch.zeros(8, 3, 64, 64), torch.tensor([0] * 4 + [1] * 4)
    pixels[4:] = 1.0
    for settings, is_cut in (({"cutmix": 1.0, "mixup": 0}, True), ({"cutmix": 0.0, "mixup": 1.0}, False)):
        _, trainer = trainer_of(data, weights, tmp_path, **settings)
        assert trainer.mixup is not None
        np.random.seed(0)
        mixed, wanted = trainer.mixup(pixels.clone(), targets)
        assert (set(mixed.unique().tolist()) == {0.0, 1.0}) is is_cut
        shares = mixed[:4].mean((1, 2, 3))
        smoothed = 0.1 / 2 + 0.9 * shares
        assert torch.allclose(wanted[:4, 1], smoothed, atol=1e-3), "labels are shared as the pixels are"


def test_single_operations_are_left_out() -> None:
    def names(*without: str) -> set[str]:
        made = augmenting(Recipe(augment="rand-m5-n2-mstd0.5-inc1", scale=0.5, without=without).augmentation(), input_size=32)
        return {operation.name for step in made.transforms if hasattr(step, "ops") for operation in step.ops}

    assert names() - names("Rotate", "Posterize") == {"Rotate", "PosterizeIncreasing"}
    with pytest.raises(UnknownNameError, match="no operation of RandAugment 'rotate'"):
        Recipe(augment="rand-m5-n2", without=("rotate",)).check()
    with pytest.raises(RecipeError, match="--augment '' has none"):
        Recipe(augment="", without=("Rotate",)).check()
    given = Recipe(vertical_flip=True, erase=0.25, flip=False, augment="").augmentation()
    assert (given["vflip"], given["hflip"], given["re_prob"]) == (0.5, 0.0, 0.25)


def test_some_pictures_are_set_back() -> None:
    photo = Image.new("RGB", (80, 60), (200, 30, 30))
    calm = Recipe(augment="", scale=1.0, color_jitter=0.0).augmentation()
    shown = {share: random_part({**calm, "set_back": share}) for share in (0, 0.5)}

    def plain(share: float) -> list[bool]:
        with seeded(3):
            return [len(shown[share](photo).getcolors(224 * 224)) == 1 for _ in range(40)]

    assert all(plain(0))
    assert 8 < sum(plain(0.5)) < 32
    small = set_back(photo, 0.5, Image.new("RGB", photo.size, "white"), random.Random(0))
    assert small.size == photo.size and dict(map(reversed, small.getcolors()))[200, 30, 30] == 40 * 30


def test_where_nothing_is_set_back_nothing_is_drawn_for_it() -> None:
    before = Recipe().augmentation() | {"scale": (0.5, 1.0), "auto_augment": "rand-m5-n2-mstd0.5-inc1"}
    photo = Image.effect_noise((80, 60), 90).convert("RGB")
    without = {name: value for name, value in before.items() if name != "set_back"}
    with seeded(5):
        first = random_part(before)(photo)
    with seeded(5):
        assert first.tobytes() == random_part(without)(photo).tobytes()


def test_what_cannot_be_asked_of_rare_labels() -> None:
    with pytest.raises(RecipeError, match="leave one out"):
        Recipe(class_weights="balanced", balanced_sampler=True).check()
    with pytest.raises(UnknownNameError, match="no way of weighting classes 'equal'"):
        Recipe(class_weights="equal").check()


def test_runs_begun_before_these_settings_were_there_go_on() -> None:
    assert {name: Recipe().as_json()[name] for name in BEFORE} == {**BEFORE, "ema_warmup": True}


def test_a_run_with_all_of_them_resumes_as_it_was(data: Path, weights: Path, tmp_path: Path) -> None:
    more = ["--balanced-sampler", "--unfreeze-epochs", 1.5, "--cutmix", 0.5, "--without", "Rotate", "--erase", 0.2, "--epochs", 2]
    outcomes = []
    for name, before in (("whole", ""), ("cut", INTERRUPT)):
        once = finetuning(data, weights, tmp_path / name, *more)
        done = training(*once, before=before, NUMBER=str(int(signal.SIGINT)))
        if before:
            assert done.returncode == 130, done.stderr
            done = training(*once, "--resume")
        assert done.returncode == 0, done.stderr
        outcomes.append((ours(tmp_path / name)["history"], (tmp_path / name / "model.safetensors").read_bytes()))
    (history, model), (again, same) = outcomes
    assert model == same
    assert [epoch["train_loss"] for epoch in history] == [epoch["train_loss"] for epoch in again]
    recipe = ours(tmp_path / "cut")["recipe"]
    assert recipe["without"] == ["Rotate"] and recipe["unfreeze_epochs"] == 1.5 and recipe["balanced_sampler"]


def test_mirroring_is_measured(trained: Path, data: Path) -> None:
    found = evaluate(str(trained), data, "validation", mirror=True, log=False)
    classifier = cnnhub.load(trained)
    right, losses = [], []
    for number, label in enumerate(classifier.labels):
        for path in sorted((data / "validation" / label).iterdir()):
            pixels = classifier.to_pixels(path)
            logits = classifier.engine.answer(np.stack([pixels, pixels[..., ::-1]]))[0].mean(0)
            right.append(logits.argmax() == number)
            losses.append(-torch.log_softmax(torch.from_numpy(logits / found.calibration.temperature), 0)[number].item())
    assert found.mirrored is not None
    assert found.mirrored.top1 == np.mean(right) and found.mirrored.loss == pytest.approx(np.mean(losses), rel=1e-3)
    assert found.mirrored.loss != found.figures.loss
    assert found.as_json()["mirrored"]["top1"] == found.mirrored.top1
    assert evaluate(str(trained), data, "validation", log=False).mirrored is None
