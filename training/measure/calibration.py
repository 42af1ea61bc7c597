"""How far a network's probabilities can be believed, and which pictures it should not judge at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from cnnhub import familiarity

TEMPERATURES = (0.05, 20.0)  # the search ends somewhere
PRIOR_SD = 0.5  # of the temperature's logarithm: before any picture is seen, 0.37 to 2.7 holds 95 %
FEWEST_MISTAKES = 5  # of fewer, the rate of mistakes is not known to within a factor of three (95 % interval)


@dataclass(frozen=True)
class Calibration:
    """What validation says about a network's logits; it stands in config.json."""

    temperature: float = 1.0  # logits are divided by it before the softmax
    threshold: float | None = None  # a picture whose energy is larger is called unfamiliar; None where it was never fitted
    false_alarm: float | None = None  # share of validation's own pictures that are called so

    def energy(self) -> dict[str, float | None]:
        """As it stands in config.json under "energy"."""
        return {"threshold": self.threshold, "false_alarm": self.false_alarm}


def calibrate(logits: torch.Tensor, targets: torch.Tensor) -> Calibration:
    """Fit temperature and threshold on validation's logits (N, K) and class numbers (N,)."""
    energies = energies_of(logits)
    threshold = energy_threshold(energies)
    return Calibration(fit_temperature(logits, targets), threshold, share_above(energies, threshold))


def fit_temperature(logits: torch.Tensor, targets: torch.Tensor) -> float:
    """The likeliest temperature, by log loss (Guo et al. 2017, "On Calibration of Modern Neural Networks") and a prior.

    The logits (N, K) are of pictures that the network did not learn from, the targets (N,) their class numbers. Few pictures
    decide nothing extreme:

    - The temperature's logarithm has a normal prior around 0, so that the sum of N log losses is weighed against
      (log T)^2 / (2 * PRIOR_SD^2). A dozen pictures hardly move it from 1; of hundreds the prior is no longer felt.
    - Where all answers are right, a smaller T is always likelier, down to 0, and nothing says where to stop: T is 1 or more.
    """
    found = _likeliest(logits, targets, PRIOR_SD)
    return found if mistakes(logits, targets) else max(1.0, found)


def best_temperature(logits: torch.Tensor, targets: torch.Tensor) -> float:
    """The temperature with the smallest log loss, however few the pictures: to compare logits whatever their size."""
    return _likeliest(logits, targets, math.inf)


def mistakes(logits: torch.Tensor, targets: torch.Tensor) -> int:
    """How many of the answers, logits (N, K), are not the targets (N,)."""
    return int((logits.argmax(1) != targets).sum())


def _likeliest(logits: torch.Tensor, targets: torch.Tensor, prior_sd: float) -> float:
    exact = logits.double()

    def loss(log_temperature: float) -> float:
        lost = F.cross_entropy(exact / math.exp(log_temperature), targets, reduction="sum").item()
        return lost + log_temperature**2 / (2 * prior_sd**2)

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
    """How often answers given with a certain confidence are right: probabilities (N, K) against class numbers (N,).

    The bins have equal width; empty ones are left out.
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
