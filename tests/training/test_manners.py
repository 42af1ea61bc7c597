"""What the training commands say and leave alone: weights by name, finished models, cards, the log of looks, help, time."""

from __future__ import annotations

import inspect as signatures
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard
from rich.console import Console
from typer.testing import CliRunner

from cnnhub.errors import OutputError
from cnnhub.hub import BUILTIN_FOLDER
from cnnhub.hub.folder import read_config, write_config
from tests.support.training_runs import write_scenes
from training.cli import app, main, options
from training.cli.finetune import finetune as command
from training.data.pixels import loader
from training.data.sources import Origin
from training.data.tasks import TASKS
from training.data.writable import check_free
from training.fit import defaults, prepare
from training.fit.backbones import built_as
from training.fit.devices import accelerator
from training.fit.epochs import TimeLeft
from training.fit.recipe import AUTO, Recipe, Run
from training.fit.trainer import Trainer, copy_of, epoch_batches
from training.measure import testlog
from training.measure.evaluate import evaluate
from training.release import card
from training.release.record import record_of


def test_a_built_in_model_is_a_backbone_and_says_how_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = {name: each.default for name, each in signatures.signature(command).parameters.items()}
    asked = options.asked({**defaults, "data": Path("photos"), "backbone_weights": "imagenet"})
    assert asked.weights == BUILTIN_FOLDER / "imagenet" / "model.safetensors"
    assert (asked.recipe.backbone, asked.recipe.model_args) == ("tf_efficientnet_lite1", {})
    assert built_as(asked.weights, "resnet18", {}) == ("resnet18", {}), "another architecture was asked for"
    assert built_as("hub", None, {}) == ("mobilenetv2_100", {})


def test_how_it_pads_comes_with_a_file(tmp_path: Path) -> None:
    beside = read_config(BUILTIN_FOLDER / "imagenet").model_copy(update={"model_args": {"pad_type": "same"}})
    write_config(tmp_path, beside)
    assert built_as(tmp_path / "model.safetensors", None, {}) == (beside.architecture, {"pad_type": "same"})
    assert built_as(tmp_path / "model.safetensors", None, {"pad_type": ""})[1] == {"pad_type": ""}, "what is asked for wins"


def test_find_lr_takes_what_finetune_takes() -> None:
    commands = {each.name or each.callback.__name__: each.callback for each in app.registered_commands}
    theirs, ours = (set(signatures.signature(commands[name]).parameters) for name in ("find-lr", "finetune"))
    assert ours <= theirs and theirs - ours == {"steps", "as_json"}


@pytest.mark.parametrize("name", [each.name or each.callback.__name__ for each in app.registered_commands])
def test_help_is_whole_at_80_columns(name: str) -> None:
    told = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).output
    assert "…" not in told and max(map(len, told.splitlines())) <= 80
    assert "Example" in told or name == "package"
    if name == "finetune":
        for option in ("--backbone-weights", "--label-smoothing", "--freeze-batch-norm", "--checkpoint-steps", "--no-flip"):
            assert option in told
        assert "rand-m5-n2-mstd0.5-inc1" in told


def test_a_model_or_a_readme_is_never_replaced_in_silence(trained: Path, tmp_path: Path) -> None:
    check_free(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    for folder in (trained, tmp_path):
        with pytest.raises(OutputError, match=r"holds README\.md.* already, which would be lost"):
            check_free(folder)
    (tmp_path / "README.md").rename(tmp_path / "config.json")
    (tmp_path / "run").mkdir()
    check_free(tmp_path)  # killed before the first checkpoint


def test_resume_of_a_finished_run_says_what_was_not_used(
    trained: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(trained, tmp_path / "copy")
    before = {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    monkeypatch.setattr(
        sys, "argv", ["training", "finetune", "flowers", "--data", str(data), "--output", str(copy), "--epochs", "5", "--resume"]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code in (None, 0)
    assert "holds the finished run already" in told and "was not used:\npython -m training finetune --data" in told
    assert "--epochs 3" in told and "Saved" not in told
    assert before == {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}


def test_a_card_tells_of_its_own_pictures_and_of_nobodys_disk(trained: Path, tmp_path: Path) -> None:
    text = (trained / "README.md").read_text() + (trained / "config.json").read_text()
    assert str(trained.parent) not in text and "/tmp/" not in text and "--data data" in text
    copy = shutil.copytree(trained, tmp_path / "copy", ignore=shutil.ignore_patterns("run"))
    card.write(copy, "flowers", read_config(copy), TASKS["flowers"])
    written = ModelCard.load(copy / "README.md")
    assert written.data.license is None and "Creative Commons" not in written.text and "Five flowers" not in written.text
    assert "Too few to calibrate: of the 16 validation pictures none\nwere answered wrong" in written.text
    assert not TASKS["flowers"].covers(["daisy", "plane"], Origin(TASKS["flowers"].published.place))
    flowers = read_config(BUILTIN_FOLDER / "flowers")
    assert TASKS["flowers"].covers(flowers.labels(), record_of(flowers).data)


def test_looks_at_test_are_counted_by_the_pictures_and_beside_the_users_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_scenes(tmp_path / "mine/test", 4)
    shipped = {path: path.read_bytes() for path in (BUILTIN_FOLDER / "cats-vs-dogs").iterdir()}
    found = evaluate("cats-vs-dogs", tmp_path / "mine", output=Path("plots"))
    assert found.test_log == testlog.Summary(length=1, weights=1), "not a look at the model's own test split"
    assert {path: path.read_bytes() for path in (BUILTIN_FOLDER / "cats-vs-dogs").iterdir()} == shipped
    place = Path("runs/evaluation/cats-vs-dogs")
    (entry,) = testlog.read(place)
    testlog.append(place, {**entry, "split_hash": "of other pictures"})
    assert testlog.summary(place, found.split_hash).length == 1 and testlog.summary(place).length == 2
    assert found.likely_wrong is None, "four scenes that mean nothing say nothing of labels"


def test_few_pictures_train_the_head_alone() -> None:
    def epochs(pictures: int, from_scratch: bool = False, **asked: Any) -> int:
        return defaults.decided(Recipe(**asked), [224] * pictures, 2, from_scratch).epochs

    assert Recipe().epochs == AUTO
    assert (epochs(99), epochs(100)) == (0, 8)
    assert epochs(99, from_scratch=True) == 8, "there is nothing that a head could use"
    assert epochs(99, teachers=("a",)) == 8, "a teacher is for all layers"
    assert epochs(99, epochs=3) == 3, "asked for"


def test_a_run_of_an_earlier_version_goes_on_as_it_was_begun() -> None:
    earlier = {**defaults.suited(Recipe(epochs=8, scale=0.5), False).as_json(), "backbone_sha256": "a"}
    del earlier["ema_warmup"], earlier["flip"]
    for asked in (Recipe(), Recipe(layer_decay=0.85)):
        begun = asked.as_begun(earlier)
        assert not begun.left_open() and not begun.ema_warmup
        assert defaults.decided(begun, [28] * 99, 2, from_scratch=True) == begun, "today's defaults have no say"
    assert Recipe(layer_decay=0.7, epochs=2).as_begun(earlier).layer_decay == 0.7, "which `check_same` then refuses"


def test_defaults_know_scratch_from_fine_tuning_and_small_pictures_from_photos() -> None:
    tuned, anew, small = (
        defaults.decided(Recipe(), sides, 2, scratch)
        for sides, scratch in (([224] * 100, False), ([224] * 100, True), ([28] * 100, False))
    )
    assert (tuned.layer_decay, anew.layer_decay, small.layer_decay) == (0.85, 1.0, 0.85)
    assert anew.mixup < tuned.mixup and anew.ema_decay < tuned.ema_decay
    assert tuned.scale < anew.scale < small.scale, "half of a digit is another digit"
    assert not any(each.left_open() for each in (tuned, anew, small))
    asked = Recipe(layer_decay=0.5, scale=0.3, augment="", ema_decay=0.9, mixup=0.4)
    for sides, scratch in (([28] * 100, True), ([224] * 100, False)):
        decided = defaults.decided(asked, sides, 2, scratch)
        assert all(
            getattr(decided, name) == getattr(asked, name) for name in ("layer_decay", "scale", "augment", "ema_decay", "mixup")
        )


def test_flips_can_be_switched_off() -> None:
    assert Recipe(flip=False).augmentation()["hflip"] == 0 and Recipe().augmentation()["hflip"] == 0.5


def test_the_average_does_not_keep_what_a_short_run_began_with(data: Path, weights: Path, tmp_path: Path) -> None:
    shares = []
    for warm in (False, True):
        recipe = Recipe("test_byobnet", size=64, epochs=1, batch_size=8, precision="float32", warmup_epochs=0, ema_warmup=warm)
        ready = prepare.prepare(data, weights, recipe, Run(tmp_path, workers=0), {}, accelerator("float32"), Console(quiet=True))
        start, trainer = copy_of(ready.network), Trainer(ready)
        trainer.train_mode()
        batches = iter(loader(ready.train, epoch_batches([0] * 48, ready.recipe, 1, 0, 1), 0))
        for number in range(6):
            trainer.step(number, batches)
        name = "head.fc.weight"
        went, kept = (torch.dist(each[name], start[name]) for each in (copy_of(ready.network), copy_of(trainer.averaged())))
        shares.append(float(kept / went))
    cold, warm_share = shares
    assert cold < 0.05 and warm_share > 0.4


def test_the_end_of_a_run_takes_what_was_measured() -> None:
    left = TimeLeft(time.monotonic() + 60, passes=14, one_pass=1.0)
    assert not left.is_up
    left.one_pass = 5.0
    assert left.is_up, "14 passes of 5 s do not fit into the minute that is left"


def test_own_old_checkpoints_count_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path, resume=True)
    network = torch.nn.Linear(1000, 250)  # 1 MB: checkpoints need 15
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 6 * 10**6, 6 * 10**6))
    with pytest.raises(prepare.CnnHubError, match=r"has 6 MB free; .*need 15 MB\. Free some, then go on with --resume"):
        prepare._check_space(network, run)
    run.checkpoints.mkdir(parents=True)
    for step in (1, 2):
        (run.checkpoints / f"step-0000000{step}.pt").write_bytes(bytes(5 * 10**6))
    prepare._check_space(network, run)


def test_a_full_disk_says_how_to_go_on(
    data: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.fit.finetune.finetune", refuse)
    monkeypatch.setattr(sys, "argv", ["training", "finetune", "--data", str(data), "--output", str(tmp_path / "a folder")])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1 and "No space left on device" in told
    assert f"go on with:\npython -m training finetune --data {data} --output '{tmp_path}/a folder' --resume\n" in told
