"""Weights and descriptions that timm loads, load: wrapped, older or renamed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import cnnhub
from cnnhub.engines.network import create_network
from cnnhub.errors import ModelConfigError, ModelTooLargeError, ModelWeightsError
from cnnhub.hub import folder as folders
from cnnhub.hub.config import ModelConfig

State = dict[str, torch.Tensor]


def rewritten(folder: Path, change: Callable[[State], State]) -> Path:
    """The folder, its weights changed."""
    path = folder / "model.safetensors"
    state = load_file(path)  # into memory, since the file is written anew
    save_file({name: tensor.clone() for name, tensor in change(state).items()}, path)
    return folder


def described(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The folder, its config.json changed."""
    values = json.loads((folder / "config.json").read_text())
    change(values)
    (folder / "config.json").write_text(json.dumps(values))
    return folder


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "timm_model."])
def test_wrappers_names_are_taken_off(model_folder: Callable[..., Path], picture: Image.Image, prefix: str) -> None:
    expected = cnnhub.load(model_folder("plain")).logits(picture)
    folder = rewritten(model_folder("wrapped"), lambda state: {prefix + name: tensor for name, tensor in state.items()})
    assert cnnhub.load(folder).logits(picture).tolist() == expected.tolist()


def test_buffers_that_an_older_timm_kept(tmp_path: Path, picture: Image.Image) -> None:
    cfg = {"input_size": [3, 64, 64], "fixed_input_size": True}
    config = ModelConfig.model_validate({"architecture": "swin_tiny_patch4_window7_224", "num_classes": 3, "pretrained_cfg": cfg})
    torch.manual_seed(0)
    folders.write(tmp_path / "swin", config, create_network(config))
    expected = cnnhub.load(tmp_path / "swin").logits(picture)
    older = {
        "layers.0.blocks.1.attn_mask": torch.zeros(4, 49, 49),
        "layers.0.blocks.0.attn.relative_position_index": torch.zeros(49, 49),
    }
    assert cnnhub.load(rewritten(tmp_path / "swin", lambda state: state | older)).logits(picture).tolist() == expected.tolist()


def test_names_before_timm_changed_them(tmp_path: Path, picture: Image.Image) -> None:
    """ConvNeXt as its authors published it."""
    config = ModelConfig.model_validate({"architecture": "convnext_atto", "num_classes": 3, "pretrained_cfg": {}})
    torch.manual_seed(0)
    folders.write(tmp_path / "convnext", config, create_network(config))
    expected = cnnhub.load(tmp_path / "convnext").logits(picture)

    def as_published(state: State) -> State:
        renamed = {}
        for name, tensor in state.items():
            for ours, theirs in (("stem.", "downsample_layers.0."), ("head.fc.", "head."), ("head.norm.", "norm."),
                                 ("mlp.fc1.", "pwconv1."), ("mlp.fc2.", "pwconv2."), ("conv_dw.", "dwconv.")):  # fmt: skip
                name = name.replace(ours, theirs)
            if ".downsample." in name:
                stage, rest = name.removeprefix("stages.").split(".downsample.")
                name = f"downsample_layers.{stage}.{rest}"
            renamed[name.replace(".blocks.", ".")] = tensor
        return renamed

    assert cnnhub.load(rewritten(tmp_path / "convnext", as_published)).logits(picture).tolist() == expected.tolist()


def test_what_fits_nothing_is_still_refused(model_folder: Callable[..., Path]) -> None:
    folder = rewritten(model_folder(), lambda state: {f"strange.{name}": tensor for name, tensor in state.items()})
    with pytest.raises(ModelWeightsError, match=r"are missing, such as .*Keep the two files of one model together"):
        cnnhub.load(folder)
    huge = rewritten(model_folder("huge"), lambda state: {"module.huge": torch.zeros(3_000_000)})
    with pytest.raises((ModelWeightsError, ModelTooLargeError), match="max_parameters"):
        cnnhub.load(huge, max_parameters=1_000_000)


def test_an_architecture_with_its_tag(model_folder: Callable[..., Path]) -> None:
    folder = model_folder()
    name = json.loads((folder / "config.json").read_text())["architecture"]
    config = cnnhub.load(described(folder, lambda values: values.update(architecture=f"{name}.a1_in1k"))).config
    assert config.architecture == name and config.pretrained_cfg.model_dump()["tag"] == "a1_in1k"


def test_output_stride(tmp_path: Path) -> None:
    config = ModelConfig.model_validate(
        {"architecture": "resnet18", "num_classes": 3, "pretrained_cfg": {}, "model_args": {"output_stride": 8}}
    )
    folders.write(tmp_path / "dilated", config, create_network(config))
    assert cnnhub.load(tmp_path / "dilated").layer_shapes()["layer4"] == (512, 28, 28)
    with pytest.raises(ModelConfigError, match="output_stride 8, 16 or 32"):
        ModelConfig.parse(json.dumps({**json.loads(config.to_json()), "model_args": {"output_stride": 10**9}}))


def test_names_with_their_numbers(model_folder: Callable[..., Path]) -> None:
    folder = described(model_folder(), lambda values: values.update(label_names={"bee": 1, "ant": 0, "cow": 2}))
    assert cnnhub.load(folder).labels == ["ant", "bee", "cow"]


def test_descriptions_of_labels_are_kept(model_folder: Callable[..., Path]) -> None:
    descriptions = {"ant": "Formicidae"}
    folder = described(model_folder(), lambda values: values.update(label_descriptions=descriptions))
    assert json.loads(cnnhub.load(folder).config.to_json())["label_descriptions"] == descriptions


def test_transformers_own_layout_says_what_it_is() -> None:
    theirs = {"model_type": "resnet", "architectures": ["ResNetForImageClassification"], "id2label": {"0": "cat"}}
    with pytest.raises(ModelConfigError, match=r"transformers' layout \(model_type 'resnet'\).*timm/.*pipeline"):
        ModelConfig.parse(json.dumps(theirs))
