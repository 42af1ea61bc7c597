"""What is counted of a network's logits on one split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import binomtest
from sklearn import metrics

from training.measure.calibration import Bin, expected_calibration_error, reliability


@dataclass(frozen=True)
class Figures:
    """How good logits are.

    Attributes:
        n: pictures.
        top1: accuracy.
        top1_interval: its 95 % interval (Wilson 1927).
        top5: share whose label is among the first five answers; None for five classes or fewer.
        loss: mean cross-entropy, nats; loss_uncalibrated is that at temperature 1.
        ece: expected calibration error over 15 bins; ece_uncalibrated likewise.
        precision, recall: by label, without labels where they are undefined.
        confusion: (K, K), rows the given labels, columns the answers.
    """

    n: int
    top1: float
    top1_interval: tuple[float, float]
    top5: float | None
    loss: float
    ece: float
    loss_uncalibrated: float
    ece_uncalibrated: float
    precision: dict[str, float]
    recall: dict[str, float]
    confusion: list[list[int]]
    reliability: list[Bin]

    def recorded(self) -> dict[str, Any]:
        """As it stands in config.json under "metrics" and a split's name."""
        return {key: value for key, value in asdict(self).items() if key != "reliability" and value is not None}

    def bins(self) -> list[dict[str, Any]]:
        """The reliability, as it stands in config.json."""
        return [asdict(each) for each in self.reliability]


def measure(logits: torch.Tensor, targets: torch.Tensor, labels: Sequence[str], temperature: float) -> Figures:
    """Compare logits with the given labels.

    Args:
        logits: (N, K)
        targets: (N,) class numbers.
        temperature: what the logits are divided by before the softmax.
    """
    exact = logits.double()
    truth, answered = targets.numpy(), exact.argmax(1).numpy()
    n, right = len(truth), int((truth == answered).sum())
    interval = binomtest(right, n).proportion_ci(0.95, method="wilson")
    classes = range(len(labels))
    precision, recall, _, _ = metrics.precision_recall_fscore_support(truth, answered, labels=classes, zero_division=np.nan)
    bins = reliability(torch.softmax(exact / temperature, dim=1), targets)
    plain = reliability(torch.softmax(exact, dim=1), targets)
    return Figures(
        n=n,
        top1=right / n,
        top1_interval=(float(interval.low), float(interval.high)),
        top5=_top(exact, targets, 5) if len(labels) > 5 else None,
        loss=F.cross_entropy(exact / temperature, targets).item(),
        ece=expected_calibration_error(bins),
        loss_uncalibrated=F.cross_entropy(exact, targets).item(),
        ece_uncalibrated=expected_calibration_error(plain),
        precision=_defined(labels, precision),
        recall=_defined(labels, recall),
        confusion=metrics.confusion_matrix(truth, answered, labels=classes).tolist(),
        reliability=bins,
    )


def _top(logits: torch.Tensor, targets: torch.Tensor, k: int) -> float:
    return (logits.topk(k, dim=1).indices == targets[:, None]).any(1).double().mean().item()


def _defined(labels: Sequence[str], values: Iterable[float]) -> dict[str, float]:
    """label -> share; a label that has no picture has no recall, one that is never answered no precision."""
    return {label: float(value) for label, value in zip(labels, values, strict=True) if not np.isnan(value)}
