"""How good a model is on validation: what is compared to choose."""

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


def score_of(logits: torch.Tensor, targets: torch.Tensor) -> Score:
    """Logits (N, K) and class numbers (N,) -> their score."""
    return Score((logits.argmax(1) == targets).double().mean().item(), F.cross_entropy(logits.double(), targets).item())
