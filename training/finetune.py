"""Fine-tuning in two phases: a new head on a frozen backbone, then all layers at a much smaller learning rate."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import timm
import torch
import torch.nn.functional as F
from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from timm.data import create_transform
from timm.utils import ModelEmaV3

from cnnhub.config import ALLOWED_MODEL_ARGS, CnnHubMetadata, ModelConfig, PretrainedConfig
from cnnhub.engines.torch import create_network
from cnnhub.errors import ModelWeightsError, UnknownNameError
from cnnhub.files import write_atomically
from cnnhub.hub import CONFIG_NAME, WEIGHTS_NAME
from training.data import DataError, Pictures, load_split

# What is tried on validation after training: keep the shape of the picture and cut, or squash it whole.
CROPS: tuple[tuple[str, float], ...] = (
    ("center", 0.95),
    ("center", 0.875),
    ("squash", 0.875),
    ("squash", 0.95),
    ("squash", 1.0),
)

PRECISIONS = ("bf16", "float32")


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run besides the data and the backbone.

    Attributes:
        model_args: variants of the backbone, such as {"pad_type": "same"} for weights from TensorFlow.
        head_c: phase one, the inverse L2 penalties that are tried for the head on cached features.
        epochs, lr: phase two, all layers; AdamW, one epoch of warm-up, then cosine to zero.
        squashed_from: width / height that the data's pictures had before they were squashed to squares, or None.
            Crops are then chosen on validation pictures stretched back to it, as visitors' photos are.
        ema_decay: what is measured and kept is the exponential moving average of the weights over the steps.
        scale: smallest share of the picture that a random crop keeps.
        precision: "bf16" runs convolutions in bfloat16 (autocast), "float32" does not.
    """

    backbone: str = "mobilenetv2_100"
    model_args: dict[str, str] = field(default_factory=dict)
    head_c: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)
    epochs: int = 8
    lr: float = 1e-4
    weight_decay: float = 0.02
    label_smoothing: float = 0.0
    ema_decay: float = 0.995
    scale: float = 0.5
    color_jitter: float = 0.25
    squashed_from: float | None = None
    batch_size: int = 32
    precision: str = "bf16"
    workers: int = 2
    seed: int = 0


@dataclass(frozen=True)
class Score:
    """Accuracy (0 to 1) and mean cross-entropy; a higher accuracy wins, then a lower loss."""

    top1: float
    loss: float

    def beats(self, other: Score | None) -> bool:
        return other is None or (self.top1, -self.loss) > (other.top1, -other.loss)


def finetune(
    data: Path,
    weights: Path,
    output: Path,
    recipe: Recipe,
    label_texts: dict[str, dict[str, str]],
    console: Console,
) -> ModelConfig:
    """Fine-tune a backbone on `data`'s train split, choose on its validation split, write a model folder.

    The best model so far is written after every epoch, so an interrupted run leaves it. The test split is
    never opened.

    Args:
        weights: safetensors or checkpoint of the backbone, with any classifier.
        output: gets model.safetensors (half precision) and config.json.
    """
    started = time.monotonic()
    torch.manual_seed(recipe.seed)
    _check_recipe(recipe)
    train, validation = load_split(data, "train"), load_split(data, "validation")
    _check_labels(train, validation)
    console.print(f"{len(train):,} training and {len(validation):,} validation pictures, {len(train.labels)} labels")
    for problem in (*train.unreadable, *validation.unreadable):
        console.print(f"[yellow]skipped:[/] {escape(problem)}")

    config = _config(recipe, train.labels, label_texts, weights)
    network = _network(config, weights)
    train.transform, validation.transform = _transforms(config, recipe)

    head_score, head_c = _fit_head(network, train, validation, recipe, console)
    save(network, config, output)
    best, best_score, history = _fit_all(network, train, validation, recipe, head_score, config, output, console)
    network.load_state_dict(best)
    crop, crops = _choose_crop(network, validation, config, recipe)

    config = config.model_copy(
        update={
            "pretrained_cfg": config.pretrained_cfg.model_copy(update=crop),
            "cnnhub": config.cnnhub.model_copy(
                update={
                    "recipe": dataclasses.asdict(recipe),
                    "earlier": _earlier_recipes(weights),
                    "origin": _origin(weights),
                    "counts": {"train": len(train), "validation": len(validation)},
                    "metrics": {"validation": dataclasses.asdict(_validate_with(network, validation, config, crop, recipe))},
                    "head_only": {**dataclasses.asdict(head_score), "c": head_c},
                    "crops": {name: dataclasses.asdict(score) for name, score in crops.items()},
                    "best_epoch": next((n for n, score in enumerate(history, 1) if score is best_score), 0),
                    "history": [dataclasses.asdict(score) for score in history],
                    "minutes": round((time.monotonic() - started) / 60, 1),
                }
            ),
        }
    )
    save(network, config, output)
    return config


def save(network: torch.nn.Module, config: ModelConfig, folder: Path) -> None:
    """Write a model folder; matrices and convolutions in half precision, batch norm and biases as they are."""
    state = {
        name: tensor.detach().cpu().to(torch.float16 if tensor.ndim > 1 else tensor.dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    write_atomically(folder / WEIGHTS_NAME, safetensors.torch.save(state, metadata={"format": "pt"}))
    config.write(folder / CONFIG_NAME)


def _check_recipe(recipe: Recipe) -> None:
    """Before any picture is read."""
    if not timm.is_model(recipe.backbone):
        raise UnknownNameError("backbone", recipe.backbone, timm.list_models())
    if recipe.precision not in PRECISIONS:
        raise UnknownNameError("precision", recipe.precision, PRECISIONS)
    for key in recipe.model_args:
        if key not in ALLOWED_MODEL_ARGS:
            raise UnknownNameError("model argument", key, ALLOWED_MODEL_ARGS)


def _check_labels(train: Pictures, validation: Pictures) -> None:
    if len(train.labels) < 2:
        raise DataError(f"train has the labels {train.labels}; expected two or more folders of pictures.")
    if train.labels != validation.labels:
        raise DataError(f"train has the labels {train.labels}, validation {validation.labels}; they must be the same.")


def _config(recipe: Recipe, labels: list[str], label_texts: dict[str, dict[str, str]], weights: Path) -> ModelConfig:
    with torch.device("meta"):
        blueprint = timm.create_model(recipe.backbone, num_classes=len(labels), **recipe.model_args)
    cfg = {**blueprint.pretrained_cfg, **_preprocessing_beside(weights)}
    return ModelConfig.model_validate(
        {
            "architecture": recipe.backbone,
            "num_classes": len(labels),
            "num_features": blueprint.num_features,
            "label_names": labels,
            "model_args": recipe.model_args,
            "pretrained_cfg": PretrainedConfig.model_validate(
                {
                    "tag": "cnnhub",
                    "custom_load": False,
                    "input_size": cfg["input_size"],
                    "fixed_input_size": cfg.get("fixed_input_size", False),
                    "interpolation": cfg["interpolation"],
                    "crop_pct": CROPS[0][1],
                    "crop_mode": CROPS[0][0],
                    "mean": cfg["mean"],
                    "std": cfg["std"],
                    "num_classes": len(labels),
                    "pool_size": cfg.get("pool_size"),
                    "first_conv": cfg.get("first_conv"),
                    "classifier": cfg.get("classifier"),
                }
            ),
            "cnnhub": CnnHubMetadata(label_texts=label_texts),
        }
    )


def _preprocessing_beside(weights: Path) -> dict[str, Any]:
    """The preprocessing that the backbone was trained with, where a config.json lies beside its weights."""
    path = weights.parent / CONFIG_NAME
    return ModelConfig.read(path).pretrained_cfg.model_dump() if path.is_file() else {}


def _earlier_recipes(weights: Path) -> list[dict[str, Any]]:
    """Where the backbone's weights were fine-tuned here before: the recipes of those runs, first one first."""
    path = weights.parent / CONFIG_NAME
    ours = ModelConfig.read(path).cnnhub.model_dump() if path.is_file() else {}
    return [*ours.get("earlier", []), ours["recipe"]] if "recipe" in ours else []


def _origin(weights: Path) -> str:
    """What the backbone's own config.json calls it (timm's tag); else its file's name."""
    path = weights.parent / CONFIG_NAME
    if not path.is_file():
        return weights.name
    config = ModelConfig.read(path)
    return str(config.cnnhub.model_dump().get("origin") or config.pretrained_cfg.model_dump().get("tag") or weights.name)


def _network(config: ModelConfig, weights: Path) -> torch.nn.Module:
    """The network with the backbone's weights and a fresh head, in channels_last (half the time on a CPU)."""
    network = create_network(config)
    head = {f"{config.pretrained_cfg.model_dump()['classifier']}.{part}" for part in ("weight", "bias")}
    try:
        state = timm.models.load_state_dict(str(weights), weights_only=True)
    except Exception as error:
        raise ModelWeightsError(f"{weights} cannot be read: {error}. Expected a backbone's safetensors file.") from error
    result = network.load_state_dict({k: v for k, v in state.items() if k not in head}, strict=False)
    if set(result.missing_keys) != head or result.unexpected_keys:
        raise ModelWeightsError(
            f"{weights} does not fit {config.architecture}: missing {sorted(set(result.missing_keys) - head)[:3]}, "
            f"unexpected {result.unexpected_keys[:3]}."
        )
    return network.to(memory_format=torch.channels_last)


def _transforms(config: ModelConfig, recipe: Recipe) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """(for training, for validation)"""
    cfg = config.pretrained_cfg
    shared = {
        "input_size": cfg.input_size,
        "interpolation": cfg.interpolation,
        "mean": cfg.mean,
        "std": cfg.std,
    }
    training = create_transform(
        **shared,
        is_training=True,
        scale=(recipe.scale, 1.0),
        ratio=(3 / 4, 4 / 3),
        color_jitter=recipe.color_jitter,
    )
    return training, create_transform(**shared, crop_pct=cfg.crop_pct, crop_mode=cfg.crop_mode)


def _loader(pictures: Pictures, recipe: Recipe, shuffle: bool, epoch: int = 0) -> Any:
    return torch.utils.data.DataLoader(
        pictures,
        batch_size=recipe.batch_size,
        shuffle=shuffle,
        drop_last=shuffle and len(pictures) > recipe.batch_size,  # batch norm cannot learn from one picture
        num_workers=recipe.workers,
        generator=torch.Generator().manual_seed(recipe.seed * 1000 + epoch),
    )


def _autocast(recipe: Recipe) -> Any:
    return torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16")


def _fit_head(
    network: torch.nn.Module, train: Pictures, validation: Pictures, recipe: Recipe, console: Console
) -> tuple[Score, float]:
    """Phase one: the backbone is frozen, so its features are computed once and the head is fitted to them exactly.

    The head is a multinomial logistic regression; its L2 penalty is chosen on validation.

    Returns:
        Its score on validation, and the chosen inverse penalty C (scikit-learn's).
    """
    augmenting, train.transform = train.transform, validation.transform
    x, y = _features(network, train, recipe, "features of train")
    train.transform = augmenting
    validation_x, validation_y = _features(network, validation, recipe, "features of validation")
    head = network.get_classifier()
    best, best_score, best_c = None, None, 0.0
    for c in recipe.head_c:
        _set_head(head, LogisticRegression(C=c, max_iter=1000).fit(x.numpy(), y.numpy()))
        with torch.no_grad():
            score = _score(head(validation_x), validation_y)
        if score.beats(best_score):
            best, best_score, best_c = {k: v.clone() for k, v in head.state_dict().items()}, score, c
    assert best is not None and best_score is not None
    head.load_state_dict(best)
    console.print(f"phase 1, head on frozen features: validation {best_score.top1:.2%}, loss {best_score.loss:.4f}")
    return best_score, best_c


def _set_head(head: torch.nn.Linear, fitted: LogisticRegression) -> None:
    """Copy a fitted logistic regression into a linear layer (K, F)."""
    weight, bias = (torch.from_numpy(values).float() for values in (fitted.coef_, fitted.intercept_))
    if len(weight) == 1:  # two classes share one row there: the logit of the second against the first
        weight, bias = torch.cat([-weight / 2, weight / 2]), torch.cat([-bias / 2, bias / 2])
    with torch.no_grad():
        head.weight.copy_(weight)
        head.bias.copy_(bias)


def _features(network: torch.nn.Module, pictures: Pictures, recipe: Recipe, title: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pooled features (N, num_features) and class numbers (N,), with batch norm in eval mode."""
    network.eval()
    features, targets = [], []
    for pixels, labels in track(_loader(pictures, recipe, shuffle=False), title, transient=True):
        with torch.no_grad(), _autocast(recipe):
            pixels = pixels.to(memory_format=torch.channels_last)
            features.append(network.forward_head(network.forward_features(pixels), pre_logits=True).float())
        targets.append(labels)
    return torch.cat(features), torch.cat(targets)


def _fit_all(
    network: torch.nn.Module,
    train: Pictures,
    validation: Pictures,
    recipe: Recipe,
    score: Score,
    config: ModelConfig,
    output: Path,
    console: Console,
) -> tuple[dict[str, torch.Tensor], Score, list[Score]]:
    """Phase two -> the best averaged state by validation, its score, and the score after each epoch."""
    best, best_score, history = _copy_state(network), score, []
    average = ModelEmaV3(network, decay=recipe.ema_decay)
    steps = max(1, len(train) // recipe.batch_size)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warm_up_then_cosine(steps, steps * recipe.epochs))
    for epoch in range(1, recipe.epochs + 1):
        started = time.monotonic()
        network.train()
        for pixels, labels in track(_loader(train, recipe, True, epoch), f"epoch {epoch}", transient=True):
            with _autocast(recipe):
                logits = network(pixels.to(memory_format=torch.channels_last))
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update(network)
        score = _validate(average.module, validation, recipe)
        history.append(score)
        kept = score.beats(best_score)
        if kept:
            best, best_score = _copy_state(average.module), score
            save(average.module, config, output)
        console.print(
            f"phase 2, epoch {epoch} of {recipe.epochs}: validation {score.top1:.2%}, loss {score.loss:.4f}, "
            f"{time.monotonic() - started:.0f} s{', saved' if kept else ''}"
        )
    return best, best_score, history


def _warm_up_then_cosine(warm_up: int, total: int) -> Callable[[int], float]:
    def factor(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, total - warm_up)))

    return factor


def _validate(network: torch.nn.Module, pictures: Pictures, recipe: Recipe) -> Score:
    """Accuracy and loss in float32, as the model will be used."""
    network.eval()
    logits, targets = [], []
    for pixels, labels in _loader(pictures, recipe, shuffle=False):
        with torch.inference_mode():
            logits.append(network(pixels.to(memory_format=torch.channels_last)).float())
        targets.append(labels)
    return _score(torch.cat(logits), torch.cat(targets))


def _score(logits: torch.Tensor, targets: torch.Tensor) -> Score:
    correct = (logits.argmax(1) == targets).double().mean().item()
    return Score(correct, F.cross_entropy(logits, targets).item())


def _choose_crop(
    network: torch.nn.Module, validation: Pictures, config: ModelConfig, recipe: Recipe
) -> tuple[dict[str, Any], dict[str, Score]]:
    """Measure each way of cutting on validation -> the best one's settings, and every way's score."""
    scores: dict[str, Score] = {}
    best: dict[str, Any] = {}
    best_score = None
    for mode, share in CROPS:
        settings = {"crop_mode": mode, "crop_pct": share}
        score = _validate_with(network, validation, config, settings, recipe, recipe.squashed_from)
        scores[f"{mode} {share}"] = score
        if score.beats(best_score):
            best, best_score = settings, score
    return best, scores


def _validate_with(
    network: torch.nn.Module,
    validation: Pictures,
    config: ModelConfig,
    crop: dict[str, Any],
    recipe: Recipe,
    stretch: float | None = None,
) -> Score:
    cropped = config.model_copy(update={"pretrained_cfg": config.pretrained_cfg.model_copy(update=crop)})
    validation.transform = _stretched(_transforms(cropped, recipe)[1], stretch)
    return _validate(network, validation, recipe)


def _stretched(transform: Callable[..., Any], ratio: float | None) -> Callable[..., Any]:
    """Give pictures back the shape they had before they were squashed, then transform them."""
    if ratio is None:
        return transform
    return lambda image: transform(image.resize((round(image.height * ratio), image.height), Image.Resampling.BICUBIC))


def _copy_state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
