"""The torch engine: the network as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnhub.hub.config import PretrainedConfig


class TorchEngine:
    """The network as it is, on the device where it lies.

    Attributes:
        why: a sentence on why this engine answers.
    """

    name = "torch"

    def __init__(self, network: torch.nn.Module, cfg: PretrainedConfig, why: str = "It was asked for.") -> None:
        self.why = why
        self._network, self._normalise = network, Normalise(cfg)

    def answer(self, pixels: NDArray[np.uint8], *, embed: bool = False) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Pixels (N, 3, H, W), 0 to 255 -> logits (N, K), and what the head sees (N, D) where it is wanted."""
        with torch.inference_mode():
            normalised = self._normalise(torch.from_numpy(pixels)).to(device_of(self._network))
            if not embed:
                return _array(self._network(normalised)), None
            logits, embeddings = logits_and_embeddings(self._network, normalised)
            return _array(logits), _array(embeddings)


class Normalise(torch.nn.Module):
    """`preprocessing.normalise` in torch: the same operations in the same order, so the same to the last bit."""

    def __init__(self, cfg: PretrainedConfig) -> None:
        super().__init__()
        self.mean, self.std = (torch.tensor(values)[:, None, None] for values in (cfg.mean, cfg.std))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, 3, H, W) uint8 -> float32."""
        return (pixels.float() / 255 - self.mean) / self.std


def to_bytes(normalised: torch.Tensor, cfg: PretrainedConfig) -> torch.Tensor:
    """What `Normalise` made of 8 bits -> these: pixels (N, 3, H, W) uint8.

    >>> from cnnhub.hub.config import PretrainedConfig
    >>> cfg = PretrainedConfig()
    >>> pixels = torch.arange(256, dtype=torch.uint8).expand(1, 3, 1, 256)
    >>> torch.equal(to_bytes(Normalise(cfg)(pixels), cfg), pixels)
    True
    """
    mean, std = (torch.tensor(values)[:, None, None] for values in (cfg.mean, cfg.std))
    return ((normalised * std + mean) * 255).round().to(torch.uint8)


def logits_and_embeddings(network: Any, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised pixels (N, 3, H, W) -> logits (N, K) and embeddings (N, D), the backbone run once."""
    features = network.forward_features(pixels)
    return network.forward_head(features), network.forward_head(features, pre_logits=True)


def device_of(network: torch.nn.Module) -> torch.device:
    """Where its weights lie."""
    return next(network.parameters()).device


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = values.float().cpu().numpy()
    return array
