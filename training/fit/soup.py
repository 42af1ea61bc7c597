"""Model soups: the mean of the weights of models fine-tuned from the same backbone, which costs no more to run than one.

Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing
inference time", https://arxiv.org/abs/2203.05482: models that left the same start mostly lie in one basin of the loss, and
their mean often answers better than the best of them. Here as in its "greedy soup", but that the loss decides.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

import cnnhub
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import read_config, read_weights, write
from training.data import decisions
from training.data.sources import Source
from training.data.writable import check_free, check_writable
from training.fit.choose import Crop, crop_name, cropped
from training.fit.recipe import RecipeError
from training.measure import plots
from training.measure.evaluate import Evaluation, evaluate
from training.measure.figures import Score, fitted
from training.release.record import Member, Record, Soup, git_commit, parent, record_of
from training.release.verify import write_with_probe

State = dict[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class _Ingredient:
    """A model that may go into the soup."""

    folder: Path
    config: ModelConfig
    record: Record
    state: State

    @property
    def loss(self) -> float:
        """On validation."""
        return float(self.record.validation["loss"])

    def member(self) -> Member:
        return Member(**asdict(parent(self.folder)), top1=self.record.validation["top1"], loss=self.loss)


@dataclass(frozen=True)
class _Tasted:
    """A mean of models with the best way of cropping."""

    config: ModelConfig
    found: Evaluation
    crops: dict[str, Score]  # each way's score


def cook(folders: Sequence[Path], data: Source | Path, output: Path, name: str, command: str, console: Console) -> ModelConfig:
    """Average models that `finetune` wrote, choose on validation which and how to crop, write a model folder.

    The model with the smallest validation loss comes first; each other one is added if the mean then has a smaller loss (at
    its best temperature) with one of the ways of cropping that the models use.

    Args:
        name, command: what the soup is called and the command line that makes it, for its card.

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
    check_free(output)
    configs = {folder: read_config(folder) for folder in folders}
    _check_alike(configs)
    _check_review(record_of(configs[folders[0]]), data)
    models = [_Ingredient(folder, config, record_of(config), read_weights(folder)) for folder, config in configs.items()]
    first, *others = sorted(models, key=lambda model: model.loss)
    network = cnnhub.load(first.folder, engine="torch").network
    crops = list(dict.fromkeys(_crop(model.config) for model in (first, *others)))
    if (first.record.recipe or {}).get("squashed_from"):
        crops = crops[:1]  # visitors' photos are not squashed as validation's are: only finetune can compare crops then
    kept: list[_Ingredient] = []
    best: _Tasted | None = None
    for model in (first, *others):
        network.load_state_dict(mean([each.state for each in (*kept, model)]))
        tasted = _taste(network, first.config, crops, data, output)
        is_better = best is None or tasted.found.figures.loss < best.found.figures.loss
        figures = f"validation {tasted.found.figures.top1:.2%}, loss {tasted.found.figures.loss:.4f}"
        count = f"{len(kept) + 1} model{'s' if kept else ''}"
        console.print(f"{count}, with {model.folder}: {figures}; {'kept' if is_better else 'left out'}")
        if is_better:
            kept.append(model)
            best = tasted
    assert best is not None
    network.load_state_dict(mean([model.state for model in kept]))
    soup = Soup([model.member() for model in kept], [model.member() for model in others if model not in kept])
    minutes = round(sum(model.record.minutes or 0 for model in kept), 1)
    if (curves := first.folder / plots.CURVES).is_file():
        shutil.copyfile(curves, output / plots.CURVES)
    metrics = {"validation": best.found.recorded()}
    record = Record(name, command, metrics=metrics, crops=best.crops, git_commit=git_commit(), minutes=minutes, soup=soup)
    # The neighbours in it are of the first model's embeddings.
    config = record.written_to(best.config, neighbours=None, **fitted(best.found.calibration, best.found.figures))
    write(output, config, network)
    return write_with_probe(output, config)


def mean(states: Sequence[State]) -> State:
    """The mean of state dictionaries in float32, batch-norm statistics included; whole numbers, as counters are, of the first."""
    return {
        name: torch.stack([state[name].float() for state in states]).mean(0) if tensor.is_floating_point() else tensor
        for name, tensor in states[0].items()
    }


def _taste(network: torch.nn.Module, config: ModelConfig, crops: Sequence[Crop], data: Source | Path, output: Path) -> _Tasted:
    """Measure the network on validation with each way of cropping, from a folder that is gone again."""
    tried: dict[str, tuple[ModelConfig, Evaluation]] = {}
    with tempfile.TemporaryDirectory(dir=output, prefix=".soup-") as kitchen:
        for crop in crops:
            candidate = cropped(config, crop)
            write(Path(kitchen), candidate, network)
            tried[crop_name(crop)] = candidate, evaluate(str(Path(kitchen).resolve()), data, "validation")
    winner = min(tried.values(), key=lambda each: each[1].figures.loss)
    return _Tasted(*winner, {name: Score(each.figures.top1, each.figures.loss) for name, (_, each) in tried.items()})


def _check_alike(configs: dict[Path, ModelConfig]) -> None:
    (first, expected), *others = ((folder, _what_must_agree(config)) for folder, config in configs.items())
    for folder, arrived in others:
        for key, value in arrived.items():
            if value != expected[key]:
                raise RecipeError(
                    f"{folder} has {key} {value!r}, {first} has {expected[key]!r}; weights can be averaged only where these "
                    "agree. Take models that were fine-tuned from the same backbone on the same pictures."
                )


def _check_review(record: Record, data: Source | Path) -> None:
    """Whether validation is told apart as it was for the models: by the decisions of the same review, or by none."""
    given = decisions.read(data.review) if isinstance(data, Source) and data.review else None
    theirs = record.data.review if record.data else None
    if (given and given.sha256) != (theirs and theirs.sha256):
        advice = f"Give --review {theirs.file}, as `finetune` had it" if theirs else "Leave --review out"
        raise RecipeError(
            f"The models were trained with {f'the review {theirs.file}' if theirs else 'no review'}, and "
            f"{f'the review {given.file}, another one,' if given else 'none'} arrived. {advice}."
        )


def _what_must_agree(config: ModelConfig) -> dict[str, Any]:
    record, cfg = record_of(config), config.pretrained_cfg
    if not (record.recipe and record.backbone and record.data and record.is_finished):
        raise RecipeError("A model arrived that `finetune` did not write to its end. Take the folder of a finished run.")
    return {
        "architecture": config.architecture,
        "model_args": config.model_args,
        "labels": config.labels(),
        "backbone": record.backbone.sha256,
        "pictures": record.data.split_hash,
        "review": record.data.review and record.data.review.sha256,
        **{key: getattr(cfg, key) for key in ("input_size", "interpolation", "mean", "std")},  # each chose its crop
    }


def _crop(config: ModelConfig) -> Crop:
    return config.pretrained_cfg.crop_mode, config.pretrained_cfg.crop_pct
