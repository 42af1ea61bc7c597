"""config.json: what is read, what is refused, what survives a rewrite."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import timm

import cnnhub
from cnnhub.errors import ModelConfigError, ModelWeightsError
from cnnhub.hub.catalogue import describe
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import read_config, write_config
from cnnhub.hub.labels import imagenet_labels, tell_apart
from tests.support.places import tiny_config


def parse(**changes: object) -> ModelConfig:
    return ModelConfig.parse(json.dumps(tiny_config(**changes)))


def with_bins(*bins: list[float]) -> str:
    """A config.json with a table of reliability whose rows are lower, upper, count, correct."""
    table = [dict(zip(("lower", "upper", "count", "correct"), values, strict=True)) for values in bins]
    return json.dumps(tiny_config(cnnhub={"reliability": {"split": "validation", "bins": table}}))


def with_cfg(**changes: object) -> str:
    return json.dumps(tiny_config(pretrained_cfg={**tiny_config()["pretrained_cfg"], **changes}))


def with_neighbours(**changes: float) -> str:
    return json.dumps(tiny_config(cnnhub={"neighbours": {"k": 1, "threshold": 1.0, "false_alarm": 0.05, **changes}}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "does not describe"),
        ("[" * 100_000, "not JSON"),
        ('{"model_type": "bert"}', r"transformers' layout \(model_type 'bert'\)"),
        (json.dumps(tiny_config(architecture="../evil")), "architecture"),
        (json.dumps(tiny_config(num_classes=10**9)), "num_classes.*100000"),
        (json.dumps(tiny_config(num_classes=0)), "num_classes"),
        (json.dumps(tiny_config(label_names=["one"])), "1 names for 3 classes"),
        (json.dumps(tiny_config(label_names="ant")), "label_names"),
        (json.dumps(tiny_config(model_args={"depth": 10**9})), "model_args may hold"),
        (json.dumps(tiny_config(model_args={"pad_type": ["same"]})), "model_args may hold"),
        (
            json.dumps(tiny_config(pretrained_cfg={"input_size": [3, 9999, 64], "mean": [0] * 3, "std": [1] * 3})),
            "16 to 1,024",
        ),
        (
            json.dumps(tiny_config(pretrained_cfg={"input_size": [1, 64, 64], "mean": [0] * 3, "std": [1] * 3})),
            "input_size",
        ),
        (json.dumps(tiny_config(pretrained_cfg={"input_size": [3, 64, 64], "mean": [0] * 3, "std": [0] * 3})), "std"),
        (json.dumps(tiny_config(pretrained_cfg={"input_size": [3, 64, 64], "mean": [0] * 2})), "mean"),
        (json.dumps(tiny_config(model_args={"num_classes": 4})), "not num_classes=4"),
        (json.dumps(tiny_config(model_args={"in_chans": 1})), "not in_chans=1"),
        (json.dumps(tiny_config(model_args={"img_size": 64})), "not img_size=64"),
        (json.dumps(tiny_config(label_names={"0": "ant", "3": "no fourth class"})), "4 names for 3 classes"),
        (json.dumps(tiny_config(cnnhub={"temperature": 0})), "temperature"),
        (json.dumps(tiny_config(cnnhub={"temperature": 1e-320})), r"cnnhub\.temperature: .*0\.001, not 1e-320"),
        (json.dumps(tiny_config(cnnhub={"temperature": 1e300})), r"cnnhub\.temperature: .*1000, not 1e\+300"),
        (with_cfg(std=[1, 1e-300, 1]), r"pretrained_cfg\.std\.1: .*0\.001, not 1e-300"),
        (with_cfg(std=[1, 1, 1e308]), r"pretrained_cfg\.std\.2: .*1000, not 1e\+308"),
        (with_cfg(mean=[1e308, 0, 0]), r"pretrained_cfg\.mean\.0: .*1000, not 1e\+308"),
        (with_cfg(mean=[0, -1e39, 0]), r"pretrained_cfg\.mean\.1: .*-1000, not -1e\+39"),
        (with_cfg(mean=[0, 0, float("nan")]), r"pretrained_cfg\.mean\.2: .*finite"),
        (with_cfg(crop_pct=1e-300), r"pretrained_cfg\.crop_pct: .*0\.1, not 1e-300"),
        (with_neighbours(energy_sd=5e-324), r"cnnhub\.neighbours\.energy_sd: .*, not 5e-324"),
        (with_neighbours(probe_mean=1e308), r"cnnhub\.neighbours\.probe_mean: .*1000000, not 1e\+308"),
        (json.dumps(tiny_config(cnnhub={"energy": {"threshold": -1e308}})), r"cnnhub\.energy\.threshold: .*not -1e\+308"),
        (with_bins([0.5, 0.5, 1, 1]), "lower is 0.5, expected less than upper, 0.5"),
        (with_bins([0.5, 1.5, 1, 1]), "upper: Input should be less than or equal to 1"),
        (with_bins([0.5, 1, 2, 3]), "3 of 2 pictures cannot be right"),
        (with_bins([0.5, 1, 0, 0]), "count: Input should be greater than or equal to 1"),
        (with_bins([0.5, 0.8, 1, 1], [0.7, 1, 1, 1]), r"the bins \(0.5, 0.8\] and \(0.7, 1.0\] overlap or fall"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelConfigError, match=message):
        ModelConfig.parse(text)


def test_a_large_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(ModelConfigError, match="cannot be read"):
        read_config(path.parent)
    path.write_text(" " * 300_000 + json.dumps(tiny_config()))
    with pytest.raises(ModelConfigError, match="larger than 256,000 bytes"):
        read_config(path.parent)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFO")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "familiar.safetensors", "README.md"])
def test_a_file_that_is_none_is_not_waited_for(model_folder: Callable[..., Path], name: str) -> None:
    neighbours = {"k": 1, "threshold": 1.0, "false_alarm": 0.05}
    folder = model_folder(cnnhub={"neighbours": neighbours} if name == "familiar.safetensors" else {})
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    if name == "README.md":
        assert describe(folder).card is None
        return
    kind = ModelConfigError if name == "config.json" else ModelWeightsError
    with pytest.raises(kind, match=rf"{name}|no regular file"):
        cnnhub.load(folder)


def test_a_device_or_a_folder_is_no_config(tmp_path: Path) -> None:
    (tmp_path / "zero").mkdir()
    (tmp_path / "zero/config.json").symlink_to("/dev/zero")
    (tmp_path / "folder/config.json").mkdir(parents=True)
    for name in ("zero", "folder"):
        with pytest.raises(ModelConfigError, match="cannot be read"):
            read_config(tmp_path / name)
    (tmp_path / "there.json").write_text(json.dumps(tiny_config()))
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/config.json").symlink_to(tmp_path / "there.json")
    assert read_config(tmp_path / "linked").architecture, "the Hub's cache keeps its files so"


def test_unknown_keys_survive_a_rewrite(tmp_path: Path) -> None:
    config = parse(global_pool="avg", cnnhub={"metrics": {"test": {"top1": 0.5}}})
    write_config(tmp_path, config)
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["global_pool"] == "avg"
    assert written["cnnhub"]["metrics"] == {"test": {"top1": 0.5}}
    assert read_config(tmp_path) == config
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"], "a temporary file was left"


def test_labels_stand_as_they_are() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse().labels() == ["ant", "bee", "cow"]


def test_what_timm_s_export_repeats_is_read_once() -> None:
    """timm 1.0.31 writes the head's size and the channels into model_args, where transformers stumbles over them."""
    config = parse(model_args={"in_chans": 3, "num_classes": 3, "global_pool": "avg", "drop_rate": 0.2})
    assert config.model_args == {"global_pool": "avg"}
    assert config == parse(model_args={"global_pool": "avg"})
    fixed = {**tiny_config()["pretrained_cfg"], "fixed_input_size": True}
    sized = parse(pretrained_cfg=fixed, model_args={"img_size": [96, 64]})
    assert sized.pretrained_cfg.input_size == (3, 96, 64) and sized.model_args == {}


def test_the_oldest_layout_has_everything_at_the_root() -> None:
    cfg = {**tiny_config()["pretrained_cfg"], "crop_mode": "squash"}
    names = ["ant", "bee", "cow"]
    oldest = {"architecture": "test_byobnet", "num_features": 8, "num_classes": 3, "labels": names, **cfg}
    config = ModelConfig.parse(json.dumps(oldest))
    assert config == parse(num_features=8, pretrained_cfg=cfg)
    assert config.labels() == names


def test_what_timm_has_defaults_for_may_be_left_out() -> None:
    config = ModelConfig.parse('{"architecture": "resnet18", "num_classes": null, "pretrained_cfg": {"crop_pct": null}}')
    told = config.pretrained_cfg
    assert (config.num_classes, told.input_size, told.crop_pct) == (1000, (3, 224, 224), 0.875)
    theirs = timm.data.resolve_data_config(pretrained_cfg={"architecture": "resnet18"})
    assert {key: getattr(told, key) for key in theirs} == theirs
    assert ModelConfig.parse('{"architecture": "resnet18", "pretrained_cfg": {"num_classes": 7}}').num_classes == 7


def test_names_may_stand_elsewhere_or_leave_gaps() -> None:
    cfg = tiny_config()["pretrained_cfg"]
    inside = parse(label_names=None, pretrained_cfg={**cfg, "label_names": ["x", "y", "z"]})
    assert inside.labels() == ["x", "y", "z"]
    assert inside.with_labels(["one"]).labels() == ["one"]
    assert parse(label_names={"2": "cow", "0": "ant"}).labels() == ["ant", "class 1", "cow"]
    with pytest.warns(UserWarning, match="no label_names"):
        assert parse(label_names=[]).labels() == ["class 0", "class 1", "class 2"]


def test_every_network_that_timm_has_weights_of_can_be_described() -> None:
    """But for those that have no head, and one with more classes than are read."""
    refused = []
    for name in timm.list_pretrained():
        cfg = timm.get_pretrained_cfg(name).to_dict(remove_source=True)
        try:
            ModelConfig.parse(json.dumps({"architecture": cfg.pop("architecture"), "pretrained_cfg": cfg}))
        except ModelConfigError:
            refused.append((name, cfg["num_classes"]))
    assert {name for name, classes in refused if classes} == {"vit_base_patch16_224.bamboo"}
    assert len(timm.list_pretrained()) - len(refused) > 1400


def test_larger_imagenets_have_names_too() -> None:
    names = parse(num_classes=11821, label_names=None).labels()
    assert len(set(names)) == 11821


def test_a_thousand_classes_without_names_are_imagenet_s() -> None:
    names = parse(num_classes=1000, label_names=None).labels()
    assert names == imagenet_labels()
    assert len(set(names)) == 1000
    assert (names[134], names[517]) == ("crane (bird)", "crane (machine)")


def test_other_classes_without_names_are_numbered_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="no label_names; the 3 classes are numbered"):
        assert parse(label_names=None).labels() == ["class 0", "class 1", "class 2"]


def test_repeated_names_are_told_apart_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="'crane' more than once"):
        assert parse(label_names=["crane", "ant", "crane"]).labels() == ["crane (0)", "ant", "crane (2)"]


def test_telling_apart_never_makes_a_new_double() -> None:
    assert len(set(tell_apart(["a", "a", "a (1)", "a (0)"]))) == 4


def test_depth_is_bounded() -> None:
    deep: object = []
    for _ in range(31):
        deep = [deep]
    assert ModelConfig.model_validate({**tiny_config(), "deep": deep})
    text = json.dumps({**tiny_config(), "deep": deep})
    with pytest.raises(ModelConfigError, match="nests more than 32"):
        ModelConfig.parse(text)
    assert ModelConfig.parse(text.replace("[" * 31, "").replace("]" * 31, ""))
