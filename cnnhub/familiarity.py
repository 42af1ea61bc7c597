"""Which pictures a network should not judge: how strange a picture is beside those that it was taught.

Two scores are added, each in standard deviations of validation's own pictures: the energy of the logits (Liu et al. 2020,
"Energy-based Out-of-distribution Detection"), and the distance of the embedding to the k-th nearest of some training
pictures (Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors"). The energy alone is weak where
there are few classes: two logits hardly tell a pizza from a dog.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from cnnhub.errors import ModelWeightsError
from cnnhub.files import write_atomically
from cnnhub.hub.config import Neighbours

MOST_BYTES = 50_000_000


def energy(logits: torch.Tensor) -> torch.Tensor:
    """Logits (N, K) -> energies (N,), -logsumexp: the higher, the stranger the picture.

    Liu et al. 2020, "Energy-based Out-of-distribution Detection", at their temperature of 1.
    """
    return -torch.logsumexp(logits, dim=1)


@dataclass(frozen=True)
class Familiarity:
    """Some of the pictures that a network was taught.

    Attributes:
        embeddings: (N, D) float32, each of length 1.
        stored: how many neighbours count, and what validation said.
    """

    embeddings: torch.Tensor
    stored: Neighbours

    def strangeness(self, logits: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        """Logits (M, K) before the temperature and embeddings (M, D) -> strangeness (M,) float64: the higher, the stranger."""
        ours = self.stored
        from_logits = (energy(logits).double() - ours.energy_mean) / ours.energy_sd
        apart = neighbour_distance(embeddings, self.embeddings, ours.k).double()
        return from_logits + (apart - ours.distance_mean) / ours.distance_sd


def neighbour_distance(embeddings: torch.Tensor, taught: torch.Tensor, k: int) -> torch.Tensor:
    """How far pictures lie from the k-th nearest of others, 1 - cosine.

    Args:
        embeddings: (M, D), of any length.
        taught: (N, D), each of length 1.

    Returns:
        (M,) float32, 0 (the same direction) to 2.

    >>> neighbour_distance(torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]]), k=2)
    tensor([1.])
    """
    alike = F.normalize(embeddings.float(), dim=1) @ taught.T  # (M, N)
    return 1 - alike.topk(k, dim=1).values[:, -1]


def read(path: Path, stored: Neighbours, length: int | None = None) -> Familiarity:
    """Read the training pictures' embeddings, kept as whole numbers of 8 bits.

    Args:
        length: how many numbers an embedding of the network has, to be compared; None compares nothing.

    Raises:
        ModelWeightsError: the file is missing or holds something else.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ModelWeightsError(f"{path} is larger than {MOST_BYTES:,} bytes; that is no {path.name}.")
        tensors = load_file(path)
        whole = tensors["embeddings"]
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelWeightsError(
            f"{path} cannot be read: {error}. config.json asks for it; keep the files of one model together."
        ) from error
    if whole.ndim != 2 or whole.dtype != torch.int8 or len(whole) < stored.k or length not in (None, whole.shape[1]):
        raise ModelWeightsError(
            f"{path} holds {whole.dtype} of shape {tuple(whole.shape)}; "
            f"expected int8 (N, {length or 'D'}), N at least {stored.k}."
        )
    return Familiarity(F.normalize(whole.float(), dim=1), stored)


def write(path: Path, embeddings: torch.Tensor) -> None:
    """Write embeddings (N, D). Only their directions count, so each is scaled to fill 8 bits."""
    whole = (embeddings / embeddings.abs().amax(1, keepdim=True) * 127).round().to(torch.int8)
    write_atomically(path, save({"embeddings": whole}))
