"""What is chosen on validation once training has ended: a blend of weights, a way of cropping, temperature and threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from rich.console import Console

from cnnhub.hub.config import ModelConfig
from training.data.pixels import Pixels, plain_transform, stretched
from training.fit.devices import logits_of
from training.fit.head import Head
from training.fit.prepare import Prepared
from training.fit.recipe import Recipe, Run
from training.measure.calibration import Calibration, best_temperature, calibrate
from training.measure.figures import Figures, Score, measure, score_of
from training.release.record import Blended

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the fine-tuned weights in a blend; the rest is the start's
Crop = tuple[str, float]  # pretrained_cfg's crop_mode (cut a square out, or squash the picture to one) and crop_pct
CROPS: list[Crop] = [("center", 1.0), ("center", 0.95), ("center", 0.875), ("squash", 0.875), ("squash", 0.95), ("squash", 1.0)]
Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Choice:
    """What was chosen; the blend's weights are in the network."""

    config: ModelConfig  # with the best way of cropping
    crops: dict[str, Score]  # each way's score
    blend: Blended | None  # None where none was looked for
    calibration: Calibration
    figures: Figures  # of the whole, on validation


def choose(ready: Prepared, run: Run, start: Weights | None, alone: Head | None, console: Console) -> Choice:
    """Try on validation what costs no training.

    Args:
        start: weights to blend the network's own with; None looks for no blend.
        alone: the head, where nothing else was trained. It was fitted to features of pictures cropped one way, and that way
            is kept, unless validation's pictures are squashed, which nobody's photos are.
    """
    blended = None
    if start:
        blended = blend(ready.network, start, lambda: calibrated_score(_logits(ready, run, ready.config), ready.targets))
        scores = ", ".join(f"{share}: {score.top1:.2%}, loss {score.loss:.4f}" for share, score in blended.scores.items())
        kept = f"{scores}; kept {blended.share:g}"
        console.print(f"share of phase two's weights in the blend with phase one's, on validation: {kept}")
    squashed_from = ready.recipe.squashed_from
    if alone and not squashed_from:
        answers = {_crop(ready.config): _logits(ready, run, ready.config) if alone.logits is None else alone.logits}
    else:
        answers = {crop: _logits(ready, run, cropped(ready.config, crop), squashed_from) for crop in CROPS}
    crops = {crop: score_of(logits, ready.targets) for crop, logits in answers.items()}
    best = max(crops, key=lambda crop: crops[crop].rank)
    config = cropped(ready.config, best)
    logits = _logits(ready, run, config) if squashed_from else answers[best]
    calibration = calibrate(logits, ready.targets)
    figures = measure(logits, ready.targets, config.labels(), calibration.temperature)
    return Choice(config, {crop_name(crop): score for crop, score in crops.items()}, blended, calibration, figures)


def passes_over_validation(recipe: Recipe) -> int:
    """How many times `choose` shows the network every validation picture."""
    return len(CROPS) + bool(recipe.squashed_from) + (len(SHARES) if recipe.blend else 0)


def blend(network: torch.nn.Module, start: Weights, score: Callable[[], Score]) -> Blended:
    """Try every share of `network`'s weights on the way from `start`, and leave the best one's in the network.

    WiSE-FT: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", https://arxiv.org/abs/2109.01903: on the line
    between the two, accuracy on pictures unlike the training set's is often better than at either end. The start is here the
    fitted head on the frozen backbone. The smallest cross-entropy wins, since accuracy hardly tells neighbours on the line
    apart, but no blend that answers fewer right than either end; between equals the larger share.

    Args:
        score: the network's score on validation.
    """
    end = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    scores = {}
    for share in SHARES:
        network.load_state_dict(between(start, end, share))
        scores[share] = score()
    ends = max(scores[SHARES[0]].top1, scores[SHARES[-1]].top1)
    as_good = [share for share in SHARES if scores[share].top1 >= ends]
    best = min(as_good, key=lambda share: (scores[share].loss, -share))
    network.load_state_dict(between(start, end, best))
    return Blended(best, {f"{share:g}": scores[share] for share in SHARES})


def between(start: Weights, end: Weights, share: float) -> dict[str, torch.Tensor]:
    """(1 - share) * start + share * end, batch-norm statistics included; whole numbers, as counters are, from `end`."""
    return {
        name: torch.lerp(start[name].to(tensor.device), tensor, share) if tensor.is_floating_point() else tensor
        for name, tensor in end.items()
    }


def calibrated_score(logits: torch.Tensor, targets: torch.Tensor) -> Score:
    """The score of logits (N, K) at the best temperature, as the model will be used: a blend's may be larger or smaller."""
    return score_of(logits.double() / best_temperature(logits, targets), targets)


def cropped(config: ModelConfig, crop: Crop) -> ModelConfig:
    """The same config with this way of cropping."""
    changed = config.pretrained_cfg.model_copy(update={"crop_mode": crop[0], "crop_pct": crop[1]})
    return config.model_copy(update={"pretrained_cfg": changed})


def _crop(config: ModelConfig) -> Crop:
    return config.pretrained_cfg.crop_mode, config.pretrained_cfg.crop_pct


def crop_name(crop: Crop) -> str:
    """As it stands in config.json under "crops"."""
    return f"{crop[0]} {crop[1]}"


def _logits(ready: Prepared, run: Run, config: ModelConfig, stretch: float | None = None) -> torch.Tensor:
    pixels = Pixels(ready.validation.pictures, stretched(plain_transform(config), stretch))
    return logits_of(ready.network, pixels, ready.engine, ready.recipe, run.workers)
