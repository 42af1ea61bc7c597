"""The torch engine: the network as it is."""

from __future__ import annotations

from typing import Any

import torch


class TorchEngine:
    """The network as it is, on the device where it lies."""

    name = "torch"

    def __init__(self, network: torch.nn.Module, device: torch.device) -> None:
        self._network, self._device = network, device

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, 3, H, W) float32 -> logits (N, K) float32 on the CPU."""
        with torch.inference_mode():
            output: torch.Tensor = self._network(pixels.to(self._device))
            return output.float().cpu()

    def logits_and_embeddings(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixels (N, 3, H, W) float32 -> logits (N, K) and what the head sees (N, D), both float32."""
        with torch.inference_mode():
            logits, embeddings = both(self._network, pixels.to(self._device))
            return logits.float().cpu(), embeddings.float().cpu()


def both(network: Any, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels (N, 3, H, W) -> logits (N, K) and embeddings (N, D), the backbone run once."""
    features = network.forward_features(pixels)
    return network.forward_head(features), network.forward_head(features, pre_logits=True)
