"""A run that is killed, stopped or out of disk goes on as if nothing had happened; many processes count alike."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch
from rich.console import Console

from tests.support.places import ROOT
from tests.support.sampled import sampled
from tests.support.training_runs import ENVIRONMENT, Started, draw, finetuning, ours, training
from training.data.pixels import derive
from training.fit import checkpoint
from training.fit.recipe import Recipe
from training.fit.trainer import epoch_batches

Outcome = tuple[bytes, list[float]]
# Each breaks one function before the command runs: how a moment that lasts a millisecond is hit.
KILL_INSIDE_A_SAVE = """
import os, signal, torch
whole, calls = torch.save, []
def half(state, file):
    calls.append(1)
    if len(calls) == int(os.environ["NTH"]):
        file.write(b"half a checkpoint")
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    whole(state, file)
torch.save = half
"""
FULL_DISK = """
import errno, torch
import training.fit.finetune as finetune
finetune.shutil.rmtree = lambda *arguments, **more: None  # so that the test sees what stays
whole, calls = torch.save, []
def refuse(state, file):
    calls.append(1)
    if len(calls) > 2:
        raise OSError(errno.ENOSPC, "No space left on device")
    whole(state, file)
torch.save = refuse
"""
INTERRUPT_FEATURES = """
import os
import training.fit.head as one
def interrupted(*arguments, **more):
    os.kill(os.getpid(), int(os.environ["NUMBER"]))
one.over_all = interrupted
"""
INTERRUPT = """
import os
import training.fit.trainer as two
step = two.Trainer.step
def interrupt(self, number, batches):
    if number == 3:
        os.kill(os.getpid(), int(os.environ["NUMBER"]))
    return step(self, number, batches)
two.Trainer.step = interrupt
"""
POISON = """
import os
import training.fit.trainer as two
step = two.Trainer.step
def poisoned(self, number, batches):
    if number not in eval(os.environ["BAD"]):
        return step(self, number, batches)
    return step(self, number, iter([[pixels * float("nan"), targets] for pixels, targets in [next(batches)]]))
two.Trainer.step = poisoned
"""


def outcome(folder: Path) -> Outcome:
    """The weights, each epoch's loss on training and validation and each blend's to the last digit."""
    made = ours(folder)
    epochs = [epoch[key] for epoch in made["history"] for key in ("train_loss", "loss", "top1")]
    blends = [score["loss"] for score in made["blend"]["scores"].values()]
    return (folder / "model.safetensors").read_bytes(), epochs + blends


@pytest.fixture
def uninterrupted(trained: Path) -> Outcome:
    return outcome(trained)


@pytest.mark.parametrize("nth", sampled([2, 5], 2))
def test_killed_inside_a_save(nth: int, data: Path, weights: Path, tmp_path: Path, uninterrupted: Outcome) -> None:
    killed = training(*finetuning(data, weights, tmp_path), before=KILL_INSIDE_A_SAVE, NTH=str(nth))
    assert killed.returncode == -signal.SIGKILL
    assert list((tmp_path / "run/checkpoints").glob(".step-*")), "the half-written file has a name of its own"
    done = training(*finetuning(data, weights, tmp_path, "--resume"))
    assert done.returncode == 0, done.stderr
    assert "going on after epoch" in done.stderr
    assert outcome(tmp_path) == uninterrupted


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
def test_killed_at_random_moments(seed: int, data: Path, weights: Path, tmp_path: Path, uninterrupted: Outcome) -> None:
    moments = random.Random(seed)
    arguments = finetuning(data, weights, tmp_path, "--resume")
    for _ in range(2):
        process = Started(arguments)
        while not checkpoint.exists(tmp_path / "run/checkpoints") and process.is_running():
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 0.6))
        process.kill()
        process.wait()
    assert training(*arguments).returncode == 0
    assert outcome(tmp_path) == uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(
    number: signal.Signals, data: Path, weights: Path, tmp_path: Path, uninterrupted: Outcome
) -> None:
    once = finetuning(data, weights, tmp_path, "--checkpoint-steps", 0)
    stopped = training(*once, before=INTERRUPT, NUMBER=str(int(number)))
    assert stopped.returncode == 128 + number, stopped.stderr
    assert f"Stopped by {number.name}" in stopped.stderr
    assert re.search(r"Go on with:\s+python -m training finetune .* --resume", stopped.stderr)
    if number == signal.SIGINT:
        refused = training(*once)
        assert refused.returncode == 1 and "holds an unfinished run" in " ".join(refused.stderr.split())
        other = training(*once, "--resume", "--lr", 0.5)
        assert other.returncode == 1 and "lr: 0.003 in the checkpoint, 0.5 now" in " ".join(other.stderr.split())
    assert training(*once, "--resume").returncode == 0
    assert outcome(tmp_path) == uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_first_checkpoint_says_how_to_go_on_too(
    number: signal.Signals, data: Path, weights: Path, tmp_path: Path
) -> None:
    stopped = training(*finetuning(data, weights, tmp_path), before=INTERRUPT_FEATURES, NUMBER=str(int(number)))
    assert stopped.returncode == 128 + number, stopped.stderr
    assert f"Stopped by {number.name}; what was saved before stays. Go on with:" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert not list(tmp_path.glob("**/*.safetensors")), "nothing is half written"


def test_ctrl_c_in_a_terminal_reaches_the_workers_too(data: Path, weights: Path, tmp_path: Path, uninterrupted: Outcome) -> None:
    once = finetuning(data, weights, tmp_path, "--workers", 2)
    interrupted = INTERRUPT.replace("os.kill(os.getpid(),", "os.killpg(0,")  # as a terminal does
    code = f"import os\nos.setpgid(0, 0)\n{interrupted}"
    stopped = training(*once, before=code, NUMBER=str(int(signal.SIGINT)))
    assert stopped.returncode == 130, stopped.stderr
    assert "Stopped by SIGINT" in stopped.stderr
    assert training(*once, "--resume").returncode == 0
    assert outcome(tmp_path) == uninterrupted, "neither the stop nor the number of workers shows"


def test_the_features_are_computed_once(data: Path, weights: Path, tmp_path: Path) -> None:
    counting = """
import training.fit.head as one
whole = one.over_all
def counted(*arguments, **more):
    print("computed")
    return whole(*arguments, **more)
one.over_all = counted
"""
    first = training(*finetuning(data, weights, tmp_path, "--epochs", 0), before=counting)
    other_rate = training(*finetuning(data, weights, tmp_path, "--epochs", 0, "--lr", "0.5", "--overwrite"), before=counting)
    with_views = training(*finetuning(data, weights, tmp_path, "--epochs", 0, "--views", 2, "--overwrite"), before=counting)
    assert [done.stdout.count("computed") for done in (first, other_rate, with_views)] == [2, 0, 4]


def test_a_full_disk_leaves_the_checkpoint_before(data: Path, weights: Path, tmp_path: Path, uninterrupted: Outcome) -> None:
    done = training(*finetuning(data, weights, tmp_path), before=FULL_DISK)
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stderr
    kept = sorted(path.name for path in (tmp_path / "run/checkpoints").iterdir())
    assert kept == ["step-00000000.pt", "step-00000002.pt"]
    found = checkpoint.load(tmp_path / "run/checkpoints", Console(quiet=True))
    assert found is not None and found["state"]["total"] == 2
    assert outcome(tmp_path) == uninterrupted, "training itself went on"


def test_a_broken_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        checkpoint.save(tmp_path, step, {"step": step, "weights": torch.ones(1000)})
    newest = tmp_path / "step-00000003.pt"
    newest.write_bytes(newest.read_bytes()[:2000])
    found = checkpoint.load(tmp_path, Console(quiet=True))
    assert found is not None and found["step"] == 2
    assert not (tmp_path / "step-00000001.pt").exists(), "two are kept"


def test_one_bad_step_is_skipped_and_three_stop_the_run(data: Path, weights: Path, tmp_path: Path) -> None:
    one = training(*finetuning(data, weights, tmp_path / "one"), before=POISON, BAD="(2,)")
    assert one.returncode == 0, one.stderr
    assert ours(tmp_path / "one")["skipped_steps"] == 1
    losses = [entry["loss"] for entry in ours(tmp_path / "one")["history"]]
    assert all(loss < 10 for loss in losses), "the bad pass did not spoil batch norm's statistics"
    many = training(*finetuning(data, weights, tmp_path / "many"), before=POISON, BAD="range(3, 99)")
    assert many.returncode == 3
    assert "not finite 3 steps in a row" in " ".join(many.stderr.split())
    found = checkpoint.load(tmp_path / "many/run/checkpoints", Console(quiet=True))
    assert found is not None and found["state"]["total"] == 2


def test_max_minutes_ends_with_the_best_model_saved(data: Path, weights: Path, tmp_path: Path) -> None:
    done = training(*finetuning(data, weights, tmp_path, "--max-minutes", "0.001"))
    assert done.returncode == 0, done.stderr
    assert ours(tmp_path)["stopped"] == "max-minutes"
    assert ours(tmp_path)["metrics"]["validation"]["top1"] > 0.9


def test_processes_share_the_same_steps() -> None:
    recipe = Recipe(batch_size=12, accumulate=2)
    alone = epoch_batches([0] * 50, Recipe(batch_size=12), 1, 0, 1)
    parts = [epoch_batches([0] * 50, recipe, 1, process, 3) for process in range(3)]
    for step, whole in enumerate(alone):
        pieces = [key for part in parts for batch in part[2 * step : 2 * step + 2] for key in batch]
        assert sorted(pieces) == sorted(whole)
    assert len(alone) == 4
    assert derive(0, 1) != derive(1, 0)


@pytest.mark.long
def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    """With a network whose normalisation does not look at the batch, so that nothing but rounding may differ."""
    torch.manual_seed(0)
    weights = tmp_path / "convnext.safetensors"
    safetensors.torch.save_file(timm.create_model("test_convnext").state_dict(), weights)
    odd = draw(tmp_path / "odd", {"train": 24, "validation": 7})
    (odd / "validation/red/6.jpg").unlink()  # 13 pictures for two processes
    histories = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        arguments = finetuning(odd, weights, folder, "--backbone", "test_convnext", "--mixup", 0)
        done = training(*arguments) if processes == 1 else launched(arguments, processes)
        assert done.returncode == 0, done.stderr
        assert ours(folder)["processes"] == processes, "it really ran as so many"
        assert ours(folder)["metrics"]["validation"]["n"] == 13
        histories.append(ours(folder)["history"])
    one, two = histories
    assert len(one) == len(two) == 3
    for alone, together in zip(one, two, strict=True):
        for metric in ("train_loss", "train_top1", "loss", "top1"):
            assert together[metric] == pytest.approx(alone[metric], abs=1e-3)


def launched(arguments: list[str], processes: int) -> subprocess.CompletedProcess[str]:
    """By torchrun, as one of several machines or devices would be."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), "-m", "training"]
    return subprocess.run(
        [sys.executable, *launch, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=250, env=ENVIRONMENT
    )
