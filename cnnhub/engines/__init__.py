"""Engines run a network: pixels (N, 3, H, W) in, logits (N, K) out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cnnhub.errors import UnknownNameError

if TYPE_CHECKING:
    import torch

ENGINES = ("auto", "torch", "onnx")


class Engine(Protocol):
    """What a Classifier needs of an engine. `logits` may be called from several threads at once."""

    name: str

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, 3, H, W) float32 -> logits (N, K) float32 on the CPU."""
        ...

    def logits_and_embeddings(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixels (N, 3, H, W) float32 -> logits (N, K) and what the head sees (N, D), both float32 on the CPU."""
        ...


def check_engine(name: str) -> None:
    """Raise UnknownNameError where there is no such engine."""
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
