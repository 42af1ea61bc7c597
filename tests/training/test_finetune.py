"""Fine-tuning end to end on drawn pictures; freezing, cards, evaluation, what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from huggingface_hub import ModelCard
from PIL import Image
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import cnnhub
from cnnhub.engines.onnx import OnnxEngine
from cnnhub.engines.torch import TorchEngine
from cnnhub.errors import CnnHubError
from cnnhub.hub.folder import read_config, write_config
from tests.support.places import ROOT
from tests.support.training_runs import COLOURS, draw, training
from training.cli import main
from training.fit import backbones, choose, head, prepare
from training.fit.backbones import head_names
from training.fit.devices import OutOfMemoryError, accelerator, explain_memory
from training.fit.epochs import fit_all
from training.fit.find_lr import find_lr
from training.fit.finetune import finetune, tensorboard
from training.fit.head import frozen
from training.fit.recipe import Recipe, Run
from training.fit.trainer import copy_of
from training.measure.evaluate import evaluate
from training.release.record import record_of

BUILTIN = str(ROOT / "cnnhub/builtin/flowers/model.safetensors")


def copied(model: Path, folder: Path) -> Path:
    """The model's folder without what only training needs."""
    return shutil.copytree(model, folder / "copy", ignore=shutil.ignore_patterns("run"))


def output_of(arguments: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    return ("--output", str(folder)) if arguments[0] in ("finetune", "find-lr") and "--output" not in arguments else ()


def test_a_fine_tuned_model_answers_right(trained: Path, data: Path) -> None:
    classifier = cnnhub.load(trained)
    assert classifier.labels == ["blue", "red"]
    for label in COLOURS:
        assert classifier.predict(data / "test" / label / "0.jpg").label == label


def test_timm_loads_it_too(trained: Path, data: Path) -> None:
    ours = cnnhub.load(trained, engine="torch")
    theirs = timm.create_model(f"local-dir:{trained}", pretrained=True).eval()
    pixels = ours.preprocess(data / "test/red/1.jpg")
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(pixels)[None])[0].numpy()
    assert np.array_equal(expected, ours.logits(data / "test/red/1.jpg"))


def test_weights_are_stored_in_half_precision(trained: Path) -> None:
    state = safetensors.torch.load_file(trained / "model.safetensors")
    assert {tensor.dtype for tensor in state.values() if tensor.ndim > 1} == {torch.float16}
    assert {path.name for path in trained.iterdir()} >= {"README.md", "config.json", "curves.png", "model.safetensors", "run"}
    assert {path.name for path in (trained / "run").iterdir()} >= {"features.safetensors", "tensorboard"}
    assert not (trained / "run" / "checkpoints").exists()


def test_evaluate_prints_json_and_records(trained: Path, data: Path, tmp_path: Path) -> None:
    trained = copied(trained, tmp_path)
    done = training("evaluate", "--model", trained, "--data", data, "--split", "test", "--json", "--record")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["split"], result["n"], result["unreadable"]) == ("test", 12, 0)
    assert result["top1"] == pytest.approx(sum(result["recall"].values()) / 2)
    config = read_config(trained)
    assert config.cnnhub.model_dump()["metrics"]["test"]["top1"] == result["top1"]
    card = ModelCard.load(trained / "README.md")
    assert card.data.license is None, "whose pictures they were decides"
    assert card.data.library_name == "timm"
    assert f"| test | 12 | {100 * result['top1']:.2f} % |" in card.text
    assert "Looks at a test split on record (`test_log.jsonl`):\n1, of 1 set of weights." in card.text
    (line,) = (trained / "test_log.jsonl").read_text().splitlines()
    assert json.loads(line)["weights_sha256"] == hashlib.sha256((trained / "model.safetensors").read_bytes()).hexdigest()
    sheet = Path(result["contact_sheet"]).read_text()
    assert sheet.count("<img") == 12
    for name in ("curves.png", "confusion_matrix.png", "reliability.png"):
        assert f"]({name})" in card.text
        with Image.open(trained / name) as drawn:
            assert drawn.width > 200


def test_temperature_and_threshold_are_fitted_on_validation_and_used(trained: Path, data: Path, tmp_path: Path) -> None:
    config = read_config(trained)
    energy = config.cnnhub.model_dump()["energy"]
    assert energy["false_alarm"] <= 0.05
    assert config.cnnhub.reliability is not None and config.cnnhub.reliability.split == "validation"
    assert sum(each.count for each in config.cnnhub.reliability.bins) == 16
    picture = data / "test/red/0.jpg"
    classifier = cnnhub.load(trained)
    expected = torch.softmax(torch.from_numpy(classifier.logits(picture)).double() / config.cnnhub.temperature, 0).max().item()
    assert classifier.predict(picture).probability == pytest.approx(expected)

    copy = copied(trained, tmp_path)
    forgotten = {"temperature": 1.0, "energy": None, "reliability": None}
    changed = config.model_copy(update={"cnnhub": config.cnnhub.model_copy(update=forgotten)})
    write_config(copy, changed)
    stranger = ROOT / "space/examples/pizza.jpg"
    done = training("evaluate", "--model", copy, "--data", data, "--ood", stranger)
    assert done.returncode == 1 and "no threshold for strangers" in " ".join(done.stderr.split())
    done = training("evaluate", "--model", copy, "--data", data, "--split", "validation", "--ood", stranger, "--json", "--record")
    assert done.returncode == 0, done.stderr
    again = read_config(copy).cnnhub
    assert again.temperature == pytest.approx(config.cnnhub.temperature, rel=0.2), "flat where no mistake is left"
    assert again.model_dump()["energy"]["threshold"] == pytest.approx(energy["threshold"], rel=0.01)
    assert again.reliability is not None and sum(each.count for each in again.reliability.bins) == 16
    assert "| pizza.jpg | 1 | " in (copy / "README.md").read_text()


def test_find_lr_suggests_a_rate_and_draws_the_curve(data: Path, weights: Path, tmp_path: Path) -> None:
    done = training(
        "find-lr", "--data", data, "--backbone", "test_byobnet", "--backbone-weights", weights, "--batch-size", 8, "--size", 64,
        "--output", tmp_path, "--workers", 0, "--steps", 30, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["suggestion"] == pytest.approx(found["rates"][found["losses"].index(min(found["losses"]))] / 10)
    assert 1e-7 <= found["suggestion"] <= 0.1
    with Image.open(found["curve"]) as drawn:
        assert drawn.width > 200
    assert not (tmp_path / "model.safetensors").exists()


def test_find_lr_goes_without_mixup(data: Path, weights: Path, tmp_path: Path) -> None:
    curves = []
    for mixup in (0.2, 0.0):
        recipe = Recipe("test_byobnet", size=64, batch_size=8, mixup=mixup, precision="float32")
        run = Run(tmp_path / "run", workers=0)
        curves.append(find_lr(data, weights, recipe, run, Console(quiet=True), steps=10).losses)
    assert curves[0] == curves[1]


def test_finetune_never_opens_the_test_split(data: Path, weights: Path, tmp_path: Path) -> None:
    copy = draw(tmp_path / "data", {"train": 8, "validation": 4})
    (copy / "test").write_text("a trap: opening it as a folder fails")
    done = training(
        "finetune", "--data", copy, "--backbone", "test_byobnet", "--backbone-weights", weights,
        "--output", tmp_path / "run", "--epochs", 0, "--size", 64, "--workers", 0,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert cnnhub.load(tmp_path / "run").labels == ["blue", "red"]


@pytest.mark.parametrize("by_onnxruntime", [True, False])
def test_a_head_alone_keeps_the_crop_it_was_fitted_to(
    by_onnxruntime: bool, data: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And validation goes through the network again only where its features are in bfloat16."""
    passes: list[object] = []
    answer = choose.logits_of
    monkeypatch.setattr(choose, "logits_of", lambda *given: passes.append(given) or answer(*given))
    monkeypatch.setattr(head, "_WORTH_AN_EXPORT", 1 if by_onnxruntime else 10**6)
    recipe = Recipe("test_byobnet", size=64, epochs=0, batch_size=8, precision="bf16")
    finetune(data, weights, recipe, Run(tmp_path, workers=0), {}, Console(quiet=True))
    assert len(passes) == (0 if by_onnxruntime else 1)
    crops, found = record_of(read_config(tmp_path)).crops, evaluate(str(tmp_path), data, "validation")
    assert crops is not None and list(crops) == ["center 0.95"]
    assert crops["center 0.95"].loss == pytest.approx(found.figures.loss_uncalibrated, abs=1e-3)  # of weights in half precision


def test_weights_without_counters_of_training_steps_fit(weights: Path, tmp_path: Path) -> None:
    state = safetensors.torch.load_file(weights)
    old = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    assert len(old) < len(state), "such as PyTorch before 0.4.1 wrote"
    safetensors.torch.save_file(old, tmp_path / "old.safetensors")
    backbones.check(Recipe("test_byobnet"), tmp_path / "old.safetensors")


def test_torchvisions_shufflenet_is_a_backbone_like_any_other(data: Path, tmp_path: Path) -> None:
    done = training(
        "finetune", "--data", data, "--backbone", "torchvision:shufflenet_v2_x1_0", "--from-scratch", "--size", 64,
        "--output", tmp_path / "run", "--epochs", 1, "--batch-size", 8, "--workers", 0,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert cnnhub.load(tmp_path / "run").config.architecture == "cnnhub_shufflenet_v2_x1_0"
    assert "`import cnnhub.classics`" in (tmp_path / "run" / "README.md").read_text()


def test_out_of_memory_says_what_would_help() -> None:
    for error in (torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("DefaultCPUAllocator: can't allocate memory")):
        told = str(explain_memory(error, Recipe(batch_size=64, accumulate=2)))
        for option in ("--accumulate 4", "--batch-size", "--size", "--precision bf16", "more devices"):
            assert option in told
    assert explain_memory(RuntimeError("size mismatch"), Recipe()) is None


class Fail(Exception):
    """As onnxruntime raises it: no RuntimeError."""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        Fail("[ONNXRuntimeError] : 1 : FAIL : ... Failed to allocate memory for requested buffer of size 963379200"),
    ],
)
def test_out_of_memory_while_measuring_too(trained: Path, data: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def exhausted(self: object, pixels: np.ndarray, *, embed: bool = False) -> None:
        raise error

    for engine in (TorchEngine, OnnxEngine):
        monkeypatch.setattr(engine, "answer", exhausted)
    with pytest.raises(OutOfMemoryError, match=r"with 12 pictures at once.*Take --batch-size 3; the figures stay the same"):
        evaluate(str(trained), data, batch_size=32)


def test_tensorboard_shows_a_repeated_step_once(tmp_path: Path) -> None:
    log = tensorboard(tmp_path, 0)
    for step in range(5):
        log({"train/loss": 1.0}, step)
    again = tensorboard(tmp_path, 3)  # as after a crash: the last checkpoint was at step 3
    for step in range(3, 7):
        again({"train/loss": 2.0}, step)
    seen = EventAccumulator(str(tmp_path)).Reload().Scalars("train/loss")
    assert [(event.step, event.value) for event in seen] == [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 2), (6, 2)]


def test_no_space_is_said_before_any_picture_goes_through_the_network(
    data: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6))
    monkeypatch.setattr(head, "cached_features", lambda *arguments: pytest.fail("the work has begun"))
    run = Run(tmp_path / "run", workers=0)
    with pytest.raises(CnnHubError, match=r"has 1 MB free; checkpoints of this network need 12 MB. Free some, or take another"):
        finetune(data, weights, Recipe("test_byobnet", batch_size=8, precision="float32"), run, {}, Console(quiet=True))


def test_frozen_survives_train_and_comes_back() -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_byobnet", num_classes=2).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(ZeroDivisionError), frozen(network):
        network.train()
        assert not any(module.training for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d))
        network(torch.randn(4, 3, 64, 64)).sum().backward()
        learns = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
        assert learns == head_names(network)
        raise ZeroDivisionError
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert all(module.training for module in network.modules())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("kept", [True, False])
def test_batch_norm_keeps_the_backbones_statistics_where_asked(kept: bool, data: Path, weights: Path, tmp_path: Path) -> None:
    recipe = Recipe("test_byobnet", size=64, epochs=1, batch_size=8, precision="float32", freeze_batch_norm=kept)
    run, engine, console = Run(tmp_path, workers=0), accelerator("float32"), Console(quiet=True)
    ready = prepare.prepare(data, weights, recipe, run, {}, engine, console)
    head.fit_head(ready, run, console)
    before = copy_of(ready.network)
    fit_all(ready, run, None, None, None, lambda numbers, step: None, console)
    after = copy_of(ready.network)
    statistics = {name for name in after if name.endswith(("running_mean", "running_var"))}
    assert statistics and all(torch.equal(before[name], after[name]) is kept for name in statistics)
    assert not any(torch.equal(before[name], after[name]) for name, _ in ready.network.named_parameters())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("finetune", "flower"), "no task 'flower'. Did you mean flowers"),
        (("finetune", "flowers", "--from-scratch"), "give a folder of pictures with --data DIR"),
        (("finetune",), "No pictures were named"),
        (("finetune", "--data", "{data}", "--dataset", "a/b"), "contradict each other"),
        (("finetune", "--dataset", "a/b", "--from-scratch"), "cannot be fetched"),
        (("evaluate", "--model", "flowers", "--data", "{data}", "--split", "tset"), "expected one of train"),
        (("evaluate", "--model", "flowers", "--data", "/no/such/folder"), "There is no folder /no/such/folder"),
        (("evaluate", "--model", "flowers", "--data", "{data}"), "no label 'blue'"),
        (("finetune", "--data", "{data}", "--backbone-weights", "{data}/test/red/0.jpg"), "cannot be read"),
        (("finetune", "--data", "{data}", "--backbone", "mobilenetv2_10"), "or mobilenetv2_100 or"),
        (("finetune", "--data", "{data}", "--backbone-weights", BUILTIN, "--backbone", "resnet10t"), "keys are missing"),
        (("finetune", "--data", "{data}", "--from-scratch", "--freeze-batch-norm"), "--from-scratch has none"),
        (("finetune", "--data", "{data}", "--batch-size", "6", "--accumulate", "2"), "--mixup 0"),
        (("finetune", "--data", "{data}", "--batch-size", "7", "--accumulate", "2"), "cannot be cut"),
        (("finetune", "--data", "/no/data"), "Give --backbone-weights FILE"),
        (
            ("inspect", "--data", "{data}", "--output", "{data}/test/red/0.jpg/sheet.html"),
            "cannot be written to: File exists",
        ),
        (("evaluate", "--model", "flowers", "--data", "/no/data", "--output", "{data}/test/red/0.jpg"), "cannot be written to"),
        (("finetune", "--data", "/no/data", "--backbone-weights", BUILTIN, "--backbone", "resnet10t"), "keys are missing"),
        (("evaluate", "--model", "owner/name", "--data", "/no/data", "--record"), "owner/name is none that can be written to"),
        (("finetune", "--data", "{data}", "--output", "{data}/test/red/0.jpg"), "cannot be written to: File exists"),
        (("finetune", "--data", "{data}", "--augment", "nonsense"), "--augment 'nonsense' arrived; expected timm's"),
        (("finetune", "--data", "{data}", "--augment", "rand-nonsense"), "such as rand-m5-n2-mstd0.5-inc1"),
        (("finetune", "--data", "{data}", "--size", "5"), "--size 5 arrived; expected 16 to 1024 pixels"),
        (("find-lr", "--data", "{data}", "--size", "5"), "--size 5 arrived; expected 16 to 1024 pixels"),
        (
            ("finetune", "--data", "{data}", "--from-scratch", "--backbone", "test_vit", "--size", "100"),
            "--size 100 does not suit test_vit",
        ),
        (
            ("finetune", "--data", "{data}", "--backbone-weights", "imagnet"),
            "or a built-in model (cats-vs-dogs, cats-vs-dogs-shufflenet, flowers, imagenet, mnist)",
        ),
        (("finetune", "--data", "/no/data"), "--backbone-weights imagenet, the EfficientNet-Lite1 that comes with cnnhub"),
    ],
)
def test_mistakes(
    arguments: tuple[str, ...],
    message: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = (*(argument.format(data=data) for argument in arguments), *output_of(arguments, tmp_path))
    monkeypatch.setattr(sys, "argv", ["training", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert message in " ".join(capsys.readouterr().err.split())
