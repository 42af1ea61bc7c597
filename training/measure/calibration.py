"""How far a network's probabilities can be believed, and which pictures it should not judge at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from cnnhub import familiarity

TEMPERATURES = (0.05, 20.0)  # where no mistake is left, the best temperature is 0: the search ends somewhere


@dataclass(frozen=True)
class Calibration:
    """What validation says about a network's logits; it stands in config.json.

    Attributes:
        temperature: logits are divided by it before the softmax.
        threshold: a picture whose energy is larger is called unfamiliar; None where it was never fitted.
        false_alarm: share of validation's own pictures that are called so.
    """

    temperature: float = 1.0
    threshold: float | None = None
    false_alarm: float | None = None

    def energy(self) -> dict[str, float | None]:
        """As it stands in config.json under "energy"."""
        return {"threshold": self.threshold, "false_alarm": self.false_alarm}


def calibrate(logits: torch.Tensor, targets: torch.Tensor) -> Calibration:
    """Fit temperature and threshold on validation's logits (N, K) and class numbers (N,)."""
    energies = energies_of(logits)
    threshold = energy_threshold(energies)
    return Calibration(fit_temperature(logits, targets), threshold, share_above(energies, threshold))


def fit_temperature(logits: torch.Tensor, targets: torch.Tensor) -> float:
    """The temperature with the smallest log loss (Guo et al. 2017, "On Calibration of Modern Neural Networks").

    Args:
        logits: (N, K) of pictures that the network did not learn from.
        targets: (N,) class numbers.
    """
    exact = logits.double()

    def loss(log_temperature: float) -> float:
        return F.cross_entropy(exact / math.exp(log_temperature), targets).item()

    low, high = TEMPERATURES
    return math.exp(minimize_scalar(loss, bounds=(math.log(low), math.log(high)), method="bounded").x)


@dataclass(frozen=True)
class Bin:
    """Pictures whose answer's probability, the confidence, lies in (lower, upper]: how many, how many are right, its mean."""

    lower: float
    upper: float
    count: int
    correct: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1."""
        return self.correct / self.count


def reliability(probabilities: torch.Tensor, targets: torch.Tensor, bins: int = 15) -> list[Bin]:
    """How often answers given with a certain confidence are right; bins of equal width, empty ones left out.

    Args:
        probabilities: (N, K)
        targets: (N,) class numbers.
    """
    confidence, answers = probabilities.double().max(1)
    right = answers == targets
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    place = torch.bucketize(confidence, edges[1:-1])
    table = []
    for number in range(bins):
        inside = place == number
        if count := int(inside.sum()):
            ends = edges[number].item(), edges[number + 1].item()
            table.append(Bin(*ends, count, int(right[inside].sum()), confidence[inside].mean().item()))
    return table


def expected_calibration_error(table: Sequence[Bin]) -> float:
    """Mean distance between confidence and accuracy (0 to 1) over bins, weighted by their pictures (Guo et al. 2017)."""
    return sum(each.count * abs(each.confidence - each.accuracy) for each in table) / sum(each.count for each in table)


def energies_of(logits: torch.Tensor) -> torch.Tensor:
    """Logits (N, K) -> energies (N,), as `cnnhub.familiarity.energy` computes them for everybody."""
    return torch.from_numpy(familiarity.energy(logits.numpy()))


def energy_threshold(energies: torch.Tensor, false_alarm: float = 0.05) -> float:
    """The energy that at most this share of validation's energies (N,) exceeds."""
    return torch.quantile(energies.double(), 1 - false_alarm, interpolation="higher").item()


def share_above(energies: torch.Tensor, threshold: float) -> float:
    """The share (0 to 1) of energies (N,) above the threshold."""
    return (energies.double() > threshold).double().mean().item()
