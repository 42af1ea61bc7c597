"""Which pictures a network should not judge: how unfamiliar a picture is beside those that it was taught.

Up to three scores are added, each in standard deviations of validation's own pictures: the energy of the logits (Liu et al.
2020, "Energy-based Out-of-distribution Detection"), the distance of the embedding to the k-th nearest of some training
pictures (Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors"), and a linear probe of the embedding
that was fitted to tell training pictures from others (after Hendrycks et al. 2019, "Deep Anomaly Detection with Outlier
Exposure"). The energy alone is weak where there are few classes: two logits hardly tell a pizza from a dog.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnhub.hub.config import Neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray


def energy(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits (N, K) -> energies (N,), -logsumexp: the higher, the more unfamiliar the picture.

    Liu et al. 2020, "Energy-based Out-of-distribution Detection", at their temperature of 1.

    >>> energy(np.array([[0.0, 0.0]], np.float32))
    array([-0.6931472], dtype=float32)
    """
    largest = logits.max(axis=1)
    energies: NDArray[np.float32] = -(largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1)))
    return energies


@dataclass(frozen=True)
class Familiarity:
    """Some of the pictures that a network was taught.

    Attributes:
        embeddings: (N, D) float32, each of length 1.
        stored: how many neighbours count, and what validation said.
        probe: (D,) float32, the direction in which embeddings of length 1 look the less familiar; None without one.
    """

    embeddings: NDArray[np.float32]
    stored: Neighbours
    probe: NDArray[np.float32] | None = None

    def strangeness(self, logits: NDArray[np.float32], embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """Logits (M, K) before the temperature and embeddings (M, D) -> strangeness (M,): the higher, the more unfamiliar."""
        ours, total = self.stored, np.zeros(len(logits))
        if ours.energy_sd:
            total += (energy(logits).astype(np.float64) - ours.energy_mean) / ours.energy_sd
        if ours.distance_sd:
            apart = neighbour_distance(embeddings, self.embeddings, ours.k).astype(np.float64)
            total += (apart - ours.distance_mean) / ours.distance_sd
        if ours.probe_sd and self.probe is not None:
            total += ((unit_length(embeddings) @ self.probe).astype(np.float64) - ours.probe_mean) / ours.probe_sd
        return total


def neighbour_distance(embeddings: NDArray[np.float32], taught: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """How far pictures lie from the k-th nearest of others, 1 - cosine.

    Args:
        embeddings: (M, D), of any length.
        taught: (N, D), each of length 1.

    Returns:
        (M,) float32, 0 (the same direction) to 2.

    >>> neighbour_distance(np.array([[2.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]), k=2)
    array([1.], dtype=float32)
    """
    alike = unit_length(embeddings) @ taught.astype(np.float32, copy=False).T  # (M, N)
    apart: NDArray[np.float32] = 1 - np.partition(alike, -k, axis=1)[:, -k]
    return apart


def unit_length(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Vectors (N, D) -> the same directions, each of length 1; zero stays zero.

    >>> unit_length(np.array([[3, 4]]))
    array([[0.6, 0.8]], dtype=float32)
    """
    plain: NDArray[np.float32] = vectors.astype(np.float32)
    lengths = np.sqrt((plain * plain).sum(axis=1, keepdims=True))
    unit: NDArray[np.float32] = plain / np.maximum(lengths, np.float32(1e-12))
    return unit
