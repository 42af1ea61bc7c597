"""The last layer of a network, its head: pooled features in, logits out, with some features switched off where one likes.

Dropout trains a network with a random part of its features at zero and the others scaled up, so that their expected sum stays:
Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnhub.errors import ArgumentError, CnnHubError

if TYPE_CHECKING:
    from cnnhub.classifier import Classifier


@dataclass(frozen=True, eq=False)
class Head:
    """A linear layer.

    Attributes:
        weights: (K, D), a row a label. bias: (K,).

    >>> Head(np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([0.5, 0.0])).logits(np.array([3.0, 4.0]))
    array([11.5, -4. ])
    """

    weights: NDArray[np.floating[Any]]
    bias: NDArray[np.floating[Any]]

    def logits(self, features: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Features (D,) -> logits (K,).

        >>> Head(np.eye(2), np.zeros(2)).logits(np.array([3.0, 4.0]))
        array([3., 4.])
        """
        found: NDArray[np.floating[Any]] = self.weights @ features + self.bias
        return found


def head(classifier: Classifier) -> Head:
    """The network's last layer.

    Raises:
        CnnHubError: it is none that takes one row of features.

    >>> import cnnhub
    >>> head(cnnhub.load("cats-vs-dogs")).weights.shape
    (2, 1280)
    """
    network: Any = classifier.network
    last = network.get_classifier()
    weights, bias = getattr(last, "weight", None), getattr(last, "bias", None)
    if weights is None or weights.ndim != 2:
        raise CnnHubError(f"{classifier!r} ends with {type(last).__name__}; expected one linear layer.")
    rows = weights.detach().float().cpu().numpy()
    return Head(rows, np.zeros(len(rows), np.float32) if bias is None else bias.detach().float().cpu().numpy())


def kept(features: int, share: float, seed: int = 0) -> NDArray[np.bool_]:
    """Which features dropout leaves, (D,): a random choice of so many that `share` of them is switched off.

    Raises:
        ArgumentError: the share is not a number from 0 to 0.99.

    >>> int(kept(10, 0.3).sum())
    7
    """
    if not 0 <= share <= 0.99:
        raise ArgumentError(f"share={share!r} arrived; expected a number from 0 to 0.99.")
    chosen = np.ones(features, bool)
    chosen[np.random.default_rng(seed).permutation(features)[: round(share * features)]] = False
    return chosen


def dropped(features: NDArray[np.floating[Any]], left: NDArray[np.bool_]) -> NDArray[np.floating[Any]]:
    """The features (D,) with all but those that are left at zero, and these scaled up by what is missing.

    >>> dropped(np.array([1.0, 2.0]), np.array([True, False]))
    array([2., 0.])
    """
    scaled: NDArray[np.floating[Any]] = np.where(left, features, 0) * (len(left) / max(1, int(left.sum())))
    return scaled
