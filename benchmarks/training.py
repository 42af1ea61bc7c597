"""Fine-tuning side by side with fastai and transformers' Trainer: the same pictures, backbone weights and batch size.

Every figure comes from a process of its own (`python -m benchmarks.training ONE`), so that no library's threads or caches
help another; rounds are interleaved. Peers that are not installed are left out, and said so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BATCH, STEPS, WARM_UP, ROUNDS, SIZE = 32, 20, 4, 2, 224
GOAL = 0.98  # validation accuracy that the race runs to
PEERS = ("cnnhub", "fastai", "transformers")


def figures(data: Path, weights: Path, console: Any) -> dict[str, dict[str, list[float]]]:
    """What `python -m benchmarks training` prints: title -> candidate -> one value a round."""
    peers = [peer for peer in PEERS if _is_there(peer, console)]
    race = {peer: [_run("race", peer, data, weights)] for peer in peers}
    frozen = {name: [_run("frozen", name, data, weights)] for name in ("with cached features", "without")}
    checkpoints: dict[str, list[float]] = {name: [] for name in ("with a checkpoint", "without")}
    for name in checkpoints:
        checkpoints[name].append(_run("checkpoints", name, data, weights))
    speeds = {**{peer: [] for peer in peers}, "cnnhub, float32": []}
    for _ in range(ROUNDS):
        for name in speeds:
            speeds[name].append(_run("speed", name, data, weights))
    return {
        "unfrozen phase, pictures/s": speeds,
        "frozen phase of 8 epochs, seconds": frozen,
        "100 steps, seconds": checkpoints,
        f"until {GOAL:.0%} validation accuracy, seconds": race,
    }


def main(kind: str, name: str, data: str, weights: str) -> None:
    """Measure one thing and print it as JSON on the last line."""
    function = {"speed": _speed, "frozen": _frozen, "checkpoints": _checkpoints, "race": _race}[kind]
    print(json.dumps(function(name, Path(data), Path(weights))))


def _run(kind: str, name: str, data: Path, weights: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.training", kind, name, str(data), str(weights)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{kind} of {name} failed:\n{done.stderr[-3000:]}")
    value: float = json.loads(done.stdout.splitlines()[-1])
    print(f"{kind} {name}: {value:.1f}", file=sys.stderr, flush=True)
    return value


def _is_there(peer: str, console: Any) -> bool:
    from importlib.util import find_spec

    if find_spec(peer) is None:
        console.print(f"{peer} is not installed (pip install -r benchmarks/requirements.txt); left out")
        return False
    return True


# One measurement each, in a process of its own


def _speed(name: str, data: Path, weights: Path) -> float:
    """Pictures a second of the unfrozen phase: reading, augmenting, forward, backward, step; without the first steps."""
    peer = name.partition(",")[0]
    stamps: list[float] = []

    def tick() -> bool:
        stamps.append(time.perf_counter())
        return len(stamps) > STEPS + WARM_UP

    {"cnnhub": _cnnhub_steps, "fastai": _fastai_steps, "transformers": _transformers_steps}[peer](
        data, weights, tick, "float32" if "float32" in name else "auto"
    )
    return BATCH * STEPS / (stamps[WARM_UP + STEPS] - stamps[WARM_UP])


def _trainer(data: Path, weights: Any, precision: str, folder: Path) -> Any:
    """cnnhub's own trainer, as `finetune` builds it, and what it trains; the head is fitted unless from "scratch"."""
    from rich.console import Console

    from training.fit import devices
    from training.fit.defaults import FINE_TUNING
    from training.fit.head import fit_head
    from training.fit.prepare import prepare
    from training.fit.recipe import Recipe, Run
    from training.fit.trainer import Trainer

    recipe = Recipe(precision=devices.resolve_precision(precision), epochs=0, **FINE_TUNING)
    quiet = Console(quiet=True)
    ready = prepare(data, weights, recipe, Run(folder), {}, devices.accelerator(recipe.precision), quiet)
    head = fit_head(ready, Run(folder), quiet)
    return Trainer(ready), ready, head


def _cnnhub_steps(data: Path, weights: Path, tick: Any, precision: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trainer, ready, _ = _trainer(data, "scratch", precision, Path(folder))  # weights do not change how long a step takes
        batches = _batches(ready)
        trainer.train_mode()
        number = 0
        while not tick():
            trainer.step(number, batches)
            number += 1


def _network(weights: Path, classes: int) -> Any:
    """timm's network with the same weights, which is what both peers train."""
    import timm
    from safetensors.torch import load_file

    network = timm.create_model("mobilenetv2_100", num_classes=classes)
    state = {name: tensor.float() for name, tensor in load_file(weights).items() if not name.startswith("classifier.")}
    network.load_state_dict(state, strict=False)
    return network


def _fastai_learner(data: Path, weights: Path) -> Any:
    import torch
    from fastai.vision.all import (
        ImageDataLoaders,
        Learner,
        Normalize,
        RandomResizedCrop,
        accuracy,
        aug_transforms,
        params,
    )  # fmt: skip

    loaders = ImageDataLoaders.from_folder(
        data, train="train", valid="validation", item_tfms=RandomResizedCrop(SIZE, min_scale=0.5),
        batch_tfms=[*aug_transforms(size=SIZE), Normalize.from_stats([0.5] * 3, [0.5] * 3)], bs=BATCH, num_workers=2,
    )  # fmt: skip
    network = _network(weights, len(loaders.vocab))

    def splitter(model: Any) -> Any:
        body = [parameter for name, parameter in model.named_parameters() if not name.startswith("classifier")]
        return [body, params(model.classifier)]

    torch.manual_seed(0)
    return Learner(loaders, network, metrics=accuracy, splitter=splitter)  # its Adam decouples weight decay


def _fastai_steps(data: Path, weights: Path, tick: Any, precision: str) -> None:
    from fastai.vision.all import Callback, CancelFitException

    class Clock(Callback):
        def before_batch(self) -> None:
            if tick():
                raise CancelFitException

    learner = _fastai_learner(data, weights)
    learner.unfreeze()
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(4, 1e-3, cbs=Clock())


def _transformers_trainer(data: Path, weights: Path, epochs: int, callbacks: list[Any]) -> Any:
    import numpy as np
    import torch
    from datasets import load_dataset
    from torchvision import transforms
    from transformers import Trainer, TrainingArguments

    sets = load_dataset("imagefolder", data_files={split: f"{data}/{split}/*/*" for split in ("train", "validation")})
    network = _network(weights, len(sets["train"].features["label"].names))
    normal = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    crop = [transforms.RandomResizedCrop(SIZE, scale=(0.5, 1.0)), transforms.RandomHorizontalFlip()]
    plain = [transforms.Resize(SIZE), transforms.CenterCrop(SIZE)]  # as in the example run_image_classification.py
    steps = {"train": transforms.Compose(crop + normal), "validation": transforms.Compose(plain + normal)}

    def prepared(split: str) -> Any:
        def apply(rows: Any) -> Any:
            return {"x": [steps[split](image.convert("RGB")) for image in rows["image"]], "labels": rows["label"]}

        return sets[split].with_transform(apply)

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: Any, labels: Any) -> Any:
            logits = self.network(x)
            return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}

    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(), per_device_train_batch_size=BATCH, per_device_eval_batch_size=BATCH,
        num_train_epochs=epochs, learning_rate=3e-4, warmup_steps=50, dataloader_num_workers=2, remove_unused_columns=False,
        eval_strategy="steps", eval_steps=60, save_strategy="no", report_to=[], use_cpu=not torch.cuda.is_available(),
        disable_tqdm=True, seed=0,
    )  # fmt: skip
    return Trainer(
        model=Wrapped(), args=arguments, train_dataset=prepared("train"), eval_dataset=prepared("validation"),
        compute_metrics=lambda p: {"accuracy": float((np.argmax(p.predictions, 1) == p.label_ids).mean())}, callbacks=callbacks,
    )  # fmt: skip


def _transformers_steps(data: Path, weights: Path, tick: Any, precision: str) -> None:
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            control.should_training_stop = tick()

    trainer = _transformers_trainer(data, weights, 4, [Clock()])
    trainer.args.eval_strategy = "no"
    trainer.train()


def _frozen(name: str, data: Path, weights: Path) -> float:
    """Seconds until the head is trained: features computed once, or eight epochs that compute them anew."""
    import torch

    from training.data.pixels import loader
    from training.fit.head import frozen
    from training.fit.trainer import epoch_batches

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        if name == "with cached features":
            _trainer(data, weights, "auto", Path(folder))
            return time.perf_counter() - started
        _, ready, _ = _trainer(data, "scratch", "auto", Path(folder))
        started = time.perf_counter()
        head = ready.network.get_classifier()
        optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)
        with frozen(ready.network):
            # One epoch, times eight: the others would compute the same.
            for pixels, targets in loader(ready.train, epoch_batches(ready.train.pictures.targets, ready.recipe, 1, 0, 1), 2):
                with ready.engine.autocast():
                    loss = torch.nn.functional.cross_entropy(
                        ready.network(pixels.contiguous(memory_format=torch.channels_last)).float(), targets
                    )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return 8 * (time.perf_counter() - started)


def _checkpoints(name: str, data: Path, weights: Path) -> float:
    """Seconds of 100 steps, with one checkpoint, as `finetune` writes it by default, or none."""
    from training.fit import checkpoint
    from training.fit.trainer import copy_of

    with tempfile.TemporaryDirectory() as folder:
        trainer, ready, _ = _trainer(data, "scratch", "auto", Path(folder))
        batches = _batches(ready)
        trainer.train_mode()
        trainer.step(0, batches)
        started = time.perf_counter()
        for number in range(1, 101):
            trainer.step(number, batches)
        if name == "with a checkpoint":
            state = {**trainer.state(), "best": copy_of(ready.network)}
            checkpoint.save(Path(folder) / "checkpoints", 0, state)
        return time.perf_counter() - started


def _batches(ready: Any) -> Any:
    from training.data.pixels import loader
    from training.fit.trainer import epoch_batches

    keys = [batch for epoch in (1, 2) for batch in epoch_batches(ready.train.pictures.targets, ready.recipe, epoch, 0, 1)]
    return iter(loader(ready.train, keys, 2))


def _race(name: str, data: Path, weights: Path) -> float:
    """Seconds from the start (pictures not yet read) until validation accuracy reaches 98 %; infinity if it never does."""
    started = time.perf_counter()
    done = {"cnnhub": _cnnhub_race, "fastai": _fastai_race, "transformers": _transformers_race}[name](data, weights)
    return time.perf_counter() - started if done else float("inf")


def _cnnhub_race(data: Path, weights: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        _, _, head = _trainer(data, weights, "auto", Path(folder))
        return bool(head.score.top1 >= GOAL)


def _fastai_race(data: Path, weights: Path) -> bool:
    """fastai's own recipe, fine_tune, with its frozen epoch; measured after each epoch."""
    from fastai.vision.all import Callback, CancelFitException

    reached = []

    class Goal(Callback):
        order = 80  # after the recorder

        def after_epoch(self) -> None:
            accuracy = self.learn.recorder.values[-1][-1]
            print(f"fastai: {accuracy:.4f}", file=sys.stderr)
            if accuracy >= GOAL:
                reached.append(accuracy)
                raise CancelFitException

    learner = _fastai_learner(data, weights)
    learner.freeze_to(1)
    with learner.no_bar():
        learner.fit_one_cycle(1, 2e-3, cbs=Goal())
        if not reached:
            learner.unfreeze()
            learner.fit_one_cycle(3, slice(1e-5, 1e-3), cbs=Goal())
    return bool(reached)


def _transformers_race(data: Path, weights: Path) -> bool:
    from transformers import TrainerCallback

    reached = []

    class Goal(TrainerCallback):
        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any, **more: Any) -> None:
            print(f"transformers: {metrics['eval_accuracy']:.4f}", file=sys.stderr)
            if metrics["eval_accuracy"] >= GOAL:
                reached.append(metrics["eval_accuracy"])
                control.should_training_stop = True

    _transformers_trainer(data, weights, 4, [Goal()]).train()
    return bool(reached)


if __name__ == "__main__":
    main(*sys.argv[1:])
