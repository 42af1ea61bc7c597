"""Model soups: the mean of the weights of models fine-tuned from the same backbone, which costs no more to run than one.

Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time", https://arxiv.org/abs/2203.05482: models that left the same start mostly lie in one basin of the loss, and
their mean often answers better than the best of them. Here as in its "greedy soup", but that the loss decides.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

import cnnhub
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import metadata, read_config, read_weights, write, write_config
from training.data.sources import Source
from training.data.writable import check_writable
from training.fit import distil
from training.fit.finetune import cropped, git_commit
from training.fit.recipe import RecipeError
from training.measure import plots
from training.measure.evaluate import evaluate
from training.release import card
from training.release.verify import PROBE, probe_logits

_SEEN_ALIKE = ("input_size", "interpolation", "mean", "std")  # crops are chosen anew


def cook(folders: Sequence[Path], data: Source | Path, output: Path, about: dict[str, Any], console: Console) -> ModelConfig:
    """Average models that `finetune` wrote, choose on validation which and how to crop, write a model folder.

    The model with the smallest validation loss comes first; each other one is added if the mean then has a smaller loss (at
    its best temperature) with one of the ways of cropping that the models use.

    Args:
        about: what else goes under "cnnhub" into config.json, such as name and command.

    Raises:
        RecipeError: fewer than two models, they do not fit together, or the output is one of them.
        CnnHubError: one of them cannot be loaded.
        OutputError: `output` cannot be written to.
    """
    if len(folders) < 2:
        raise RecipeError(f"{len(folders)} model arrived; a mean needs two or more. Give --model once for each.")
    if output.resolve() in {folder.resolve() for folder in folders}:
        raise RecipeError(f"--output {output} is one of the models, which would be lost. Take another folder.")
    check_writable(output)
    configs = {folder: read_config(folder) for folder in folders}
    _check_alike(configs)
    states = {folder: read_weights(folder) for folder in folders}
    first, *others = sorted(folders, key=lambda folder: _told(configs[folder])["metrics"]["validation"]["loss"])
    config, network = configs[first], cnnhub.load(first, engine="torch").network
    crops = [_crop(configs[each]) for each in (first, *others)]
    if _told(config)["recipe"].get("squashed_from"):
        crops = crops[:1]  # visitors' photos are not squashed as validation's are: only finetune can compare crops then
    kept: list[Path] = []
    best: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=output, prefix=".soup-") as kitchen:
        for folder in (first, *others):
            network.load_state_dict(mean([states[each] for each in (*kept, folder)]))
            tried = {}
            for crop in crops:
                candidate = cropped(config, crop)
                name = " ".join(map(str, crop.values()))
                if name not in tried:
                    write(Path(kitchen), candidate, network)
                    tried[name] = {"config": candidate, **evaluate(str(Path(kitchen).resolve()), data, "validation")}
            winner = min(tried.values(), key=lambda each: each["loss"])
            better = not best or winner["loss"] < best["loss"]
            console.print(
                f"{len(kept) + 1} model{'s' if kept else ''}, with {folder}: validation {winner['top1']:.2%}, "
                f"loss {winner['loss']:.4f}; {'kept' if better else 'left out'}"
            )
            if better:
                kept.append(folder)
                best = {**winner, "crops": {name: {key: each[key] for key in ("top1", "loss")} for name, each in tried.items()}}
    network.load_state_dict(mean([states[each] for each in kept]))
    left_out = [folder for folder in others if folder not in kept]
    made_of = {"members": [_of(each) for each in kept], "left_out": [_of(each) for each in left_out]}
    minutes = round(sum(_told(configs[folder])["minutes"] for folder in kept), 1)
    if (curves := first / plots.CURVES).is_file():
        shutil.copyfile(curves, output / plots.CURVES)
    return _write(network, best, output, {**about, "soup": made_of, "minutes": minutes})


def mean(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of state dictionaries in float32, batch-norm statistics included; whole numbers, as counters are, of the first."""
    return {
        name: torch.stack([state[name].float() for state in states]).mean(0) if tensor.is_floating_point() else tensor
        for name, tensor in states[0].items()
    }


def _write(network: torch.nn.Module, best: dict[str, Any], output: Path, about: dict[str, Any]) -> ModelConfig:
    config: ModelConfig = best["config"]
    config = config.with_metadata(
        neighbours=None,  # they are of the first model's embeddings
        temperature=best["temperature"],
        energy=best["energy"],
        reliability={"split": "validation", "bins": best["reliability"]},
        metrics={"validation": {key: best[key] for key in card.MEASURED if key in best}},
        crops=best["crops"],
        git_commit=git_commit(),
        **about,
    )
    write(output, config, network)
    config = config.with_metadata(**{PROBE: {"logits": probe_logits(cnnhub.load(output))}})
    write_config(output, config)
    return config


def _check_alike(configs: dict[Path, ModelConfig]) -> None:
    (first, expected), *others = ((folder, _what_must_agree(config)) for folder, config in configs.items())
    for folder, arrived in others:
        for key, value in arrived.items():
            if value != expected[key]:
                raise RecipeError(
                    f"{folder} has {key} {value!r}, {first} has {expected[key]!r}; weights can be averaged only where these "
                    "agree. Take models that were fine-tuned from the same backbone on the same pictures."
                )


def _what_must_agree(config: ModelConfig) -> dict[str, Any]:
    told, cfg = _told(config), config.pretrained_cfg
    if not {"recipe", "backbone", "data", "minutes"} <= told.keys():
        raise RecipeError("A model arrived that `finetune` did not write to its end. Take the folder of a finished run.")
    return {
        "architecture": config.architecture,
        "model_args": config.model_args,
        "labels": config.labels(),
        "backbone": told["backbone"]["sha256"],
        "pictures": told["data"]["split_hash"],
        **{key: getattr(cfg, key) for key in _SEEN_ALIKE},
    }


def _crop(config: ModelConfig) -> dict[str, Any]:
    return {"crop_mode": config.pretrained_cfg.crop_mode, "crop_pct": config.pretrained_cfg.crop_pct}


def _of(folder: Path) -> dict[str, Any]:
    measured = metadata(folder)["metrics"]["validation"]
    return {**distil.provenance(folder), "top1": measured["top1"], "loss": measured["loss"]}


def _told(config: ModelConfig) -> dict[str, Any]:
    return config.cnnhub.model_dump()
