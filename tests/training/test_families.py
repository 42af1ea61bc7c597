"""Two steps on a small random instance of every family of networks: head, freezing, rates by layer, preprocessing, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import timm
import torch
from rich.console import Console
from timm.models import register_model

import cnnhub
from tests.support.sampled import sampled
from tests.support.training_runs import write_scenes
from training.fit import backbones, epochs
from training.fit.finetune import finetune
from training.fit.recipe import Recipe, Run
from training.fit.trainer import Step, Trainer


@register_model
def tiny_vgg11_bn(pretrained: bool = False, **kwargs: Any) -> torch.nn.Module:
    """vgg11_bn with a narrow first hidden layer, which alone takes 410 MB otherwise."""
    network: torch.nn.Module = timm.create_model("vgg11_bn", pretrained=pretrained, mlp_ratio=1 / 64, **kwargs)
    return network


# name -> side of the input, pixels
FAMILIES = {
    "mobilenetv2_035": 64,
    "mobilenetv3_small_050": 64,
    "test_efficientnet": 64,
    "test_resnet": 64,
    "seresnet18": 64,
    "legacy_xception": 96,
    "inception_v3": 96,
    "tiny_vgg11_bn": 64,
    "densenet121": 64,
    "test_convnext": 64,
    "ghostnet_050": 64,
    "regnetx_002": 64,
    "mobilenetv4_conv_small_035": 64,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_scenes(folder / "train", 8)
    write_scenes(folder / "validation", 4, first=50)
    return folder


@pytest.mark.parametrize("name", sampled(FAMILIES, 5))
def test_two_steps(name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    weights = tmp_path / "backbone.safetensors"
    safetensors.torch.save_file(timm.create_model(name).state_dict(), weights)
    rates: list[set[float]] = []
    step = Trainer.step

    def watched(self: Trainer, number: int, batches: Any) -> Step:
        outcome = step(self, number, batches)
        rates.append({group["lr"] for group in self.optimizer.param_groups})
        return outcome

    monkeypatch.setattr(Trainer, "step", watched)
    monkeypatch.setattr(epochs.checkpoint, "save", lambda *arguments: None)  # test_resume's; here it would write gigabytes
    recipe = Recipe(
        name,
        size=FAMILIES[name],
        epochs=1,
        warmup_epochs=0,
        batch_size=4,
        head_c=(0.1,),
        precision="float32",
        ema_decay=0,
        blend=False,
    )
    config = finetune(data, weights, recipe, Run(tmp_path / "run", workers=0), {}, Console(quiet=True))
    assert len(rates) == 2 and len(rates[0]) > 3, "every layer learns at a rate of its own"
    classifier = cnnhub.load(tmp_path / "run")
    assert classifier.preprocess(data / "train/cat/0.png").shape == (3, FAMILIES[name], FAMILIES[name])
    assert classifier.predict(data / "train/cat/0.png").label in ("cat", "dog")
    theirs = timm.create_model(name)
    head = backbones.head_names(classifier.network)
    before = theirs.state_dict() | safetensors.torch.load_file(weights)
    moved = {n for n, tensor in classifier.network.state_dict().items() if n not in head and not torch.equal(tensor, before[n])}
    assert moved and config.cnnhub.model_dump()["skipped_steps"] == 0
