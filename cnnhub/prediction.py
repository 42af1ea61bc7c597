"""What a Classifier answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Prediction:
    """What a network answers for one picture.

    Attributes:
        label: the most probable label.
        probability: its probability, 0 to 1.
        scores: label -> probability, largest first.
        is_unfamiliar: whether the picture looks like nothing that the network was trained on: whether its strangeness is
            above `Classifier.threshold`; None where the model stores none. `Classifier.false_alarm` says how often that is
            wrong.
        strangeness: how far the picture is from what the network was taught (`cnnhub.familiarity`); None without a threshold.

    >>> Prediction("cat", 0.75, {"cat": 0.75, "dog": 0.25}).label
    'cat'
    """

    label: str
    probability: float
    scores: dict[str, float]
    is_unfamiliar: bool | None = None
    strangeness: float | None = None


@dataclass(frozen=True)
class ForwardPass:
    """One picture on its way through a network.

    Attributes:
        pixels: what the network was given, (3, H, W) float32, as `Classifier.preprocess` gives it.
        maps: layer name -> its feature maps (C, H, W) float32.
        prediction: what came out.

    >>> import torch
    >>> ForwardPass(torch.zeros(3, 2, 2), {}, Prediction("cat", 1.0, {"cat": 1.0})).prediction.label
    'cat'
    """

    pixels: torch.Tensor
    maps: dict[str, torch.Tensor]
    prediction: Prediction


@dataclass(frozen=True)
class ReliabilityBin:
    """Pictures with known labels whose answer's probability lay in (lower, upper].

    Attributes:
        count: how many there were.
        accuracy: the share of them, 0 to 1, whose answer was right.

    >>> ReliabilityBin(0.8, 0.9, 50, 0.84).accuracy
    0.84
    """

    lower: float
    upper: float
    count: int
    accuracy: float
