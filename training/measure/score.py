"""How good a model is on validation: what is compared to choose, and what is kept of each epoch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Score:
    """Accuracy (0 to 1) and mean cross-entropy (nats); a higher accuracy wins, then a lower loss."""

    top1: float
    loss: float

    def beats(self, other: Score | None) -> bool:
        return other is None or (self.top1, -self.loss) > (other.top1, -other.loss)


@dataclass(frozen=True)
class Epoch:
    """One epoch of training all layers, or the part of it that was trained.

    Attributes:
        epoch: its number, from 1; with a fraction where it was cut short.
        lr: the head's learning rate at its end.
        train_loss, train_top1: means over its steps, on augmented pictures.
        top1, loss: on validation.
        seconds: of training since the run began.
    """

    epoch: float
    lr: float
    train_loss: float
    train_top1: float
    top1: float
    loss: float
    pictures_per_second: float
    seconds: float


def score_of(logits: torch.Tensor, targets: torch.Tensor) -> Score:
    """Logits (N, K) and class numbers (N,) -> their score."""
    return Score((logits.argmax(1) == targets).double().mean().item(), F.cross_entropy(logits.double(), targets).item())
