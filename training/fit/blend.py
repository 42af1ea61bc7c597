"""Weights between those that phase two started from and those it ended with, which keep more of what the backbone knew.

WiSE-FT: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", https://arxiv.org/abs/2109.01903: on the line between
the two, accuracy on pictures unlike the training set's is often better than at either end. The start is here the fitted head
on the frozen backbone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F

from training.measure.calibration import fit_temperature
from training.measure.score import Score
from training.release.record import Blended

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the fine-tuned weights; the rest is the start's
Weights = Mapping[str, torch.Tensor]


def choose(network: torch.nn.Module, start: Weights, measure: Callable[[], Score]) -> Blended:
    """Try every share of `network`'s weights on the way from `start`, and leave the best one's in the network.

    The smallest cross-entropy wins, since accuracy hardly tells neighbours on the line apart; between equals the larger share.

    Args:
        measure: the network's score on validation.
    """
    end = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    scores = {}
    for share in SHARES:
        network.load_state_dict(between(start, end, share))
        scores[share] = measure()
    best = min(SHARES, key=lambda share: (scores[share].loss, -share))
    network.load_state_dict(between(start, end, best))
    return Blended(best, {f"{share:g}": score for share, score in scores.items()})


def between(start: Weights, end: Weights, share: float) -> dict[str, torch.Tensor]:
    """(1 - share) * start + share * end, batch-norm statistics included; whole numbers, as counters are, from `end`."""
    return {
        name: torch.lerp(start[name].to(tensor.device), tensor, share) if tensor.is_floating_point() else tensor
        for name, tensor in end.items()
    }


def calibrated_score(logits: torch.Tensor, targets: torch.Tensor) -> Score:
    """The score at the best temperature, as the model will be used: a blend's logits may be larger or smaller throughout.

    Args:
        logits: (N, K)
        targets: (N,) class numbers.
    """
    tempered = logits.double() / fit_temperature(logits, targets)
    return Score((logits.argmax(1) == targets).double().mean().item(), F.cross_entropy(tempered, targets).item())
