"""What is chosen on validation once training has ended: a blend of weights, how pictures are cut, temperature and threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from rich.console import Console

from cnnhub.hub.config import ModelConfig
from training.data.pixels import Pixels, plain_transform, stretched
from training.fit import blend
from training.fit.devices import logits_of
from training.fit.prepare import Prepared
from training.fit.recipe import Recipe, Run
from training.measure.calibration import Calibration, calibrate
from training.measure.figures import Figures, measure
from training.measure.score import Score, score_of
from training.release.record import Blended

# What is tried: keep the shape of the picture and cut, or squash it whole.
CROPS: tuple[tuple[str, float], ...] = (
    ("center", 1.0),
    ("center", 0.95),
    ("center", 0.875),
    ("squash", 0.875),
    ("squash", 0.95),
    ("squash", 1.0),
)
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Choice:
    """What was chosen; the blend's weights are in the network.

    Attributes:
        config: with the best way of cutting.
        crops: each way's score.
        blend: None where none was looked for.
        figures: of the whole, on validation.
    """

    config: ModelConfig
    crops: dict[str, Score]
    blend: Blended | None
    calibration: Calibration
    figures: Figures


def choose(ready: Prepared, run: Run, start: Weights | None, console: Console) -> Choice:
    """Try on validation what costs no training.

    Args:
        start: weights to blend the network's own with; None looks for no blend.
    """
    blended = _blend(ready, run, start, console) if start else None
    crop, crops = _choose_crop(ready, run)
    config = cropped(ready.config, crop)
    logits = _logits(ready, run, config)
    calibration = calibrate(logits, ready.targets)
    figures = measure(logits, ready.targets, config.labels(), calibration.temperature)
    return Choice(config, crops, blended, calibration, figures)


def cropped(config: ModelConfig, crop: dict[str, Any]) -> ModelConfig:
    """The same with these of pretrained_cfg's settings: crop_mode and crop_pct."""
    return config.model_copy(update={"pretrained_cfg": config.pretrained_cfg.model_copy(update=crop)})


def passes_over_validation(recipe: Recipe) -> int:
    """How many times `choose` shows the network every validation picture."""
    return len(CROPS) + 1 + (len(blend.SHARES) if recipe.blend else 0)


def _blend(ready: Prepared, run: Run, start: Weights, console: Console) -> Blended:
    chosen = blend.choose(ready.network, start, lambda: blend.calibrated_score(_logits(ready, run, ready.config), ready.targets))
    scores = ", ".join(f"{share}: {score.top1:.2%}, loss {score.loss:.4f}" for share, score in chosen.scores.items())
    console.print(f"share of phase two's weights in the blend with phase one's, on validation: {scores}; kept {chosen.share:g}")
    return chosen


def _choose_crop(ready: Prepared, run: Run) -> tuple[dict[str, Any], dict[str, Score]]:
    """Measure each way of cutting -> the best one's settings, and every way's score."""
    scores: dict[str, Score] = {}
    best: dict[str, Any] = {}
    best_score = None
    for mode, share in CROPS:
        crop = {"crop_mode": mode, "crop_pct": share}
        logits = _logits(ready, run, cropped(ready.config, crop), ready.recipe.squashed_from)
        scores[f"{mode} {share}"] = score = score_of(logits, ready.targets)
        if score.beats(best_score):
            best, best_score = crop, score
    return best, scores


def _logits(ready: Prepared, run: Run, config: ModelConfig, stretch: float | None = None) -> torch.Tensor:
    pixels = Pixels(ready.validation.pictures, stretched(plain_transform(config), stretch))
    return logits_of(ready.network, pixels, ready.engine, ready.recipe, run.workers)
