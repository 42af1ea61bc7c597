"""LeNet-5 (LeCun et al. 1998, Gradient-based learning applied to document recognition, Proceedings of the IEEE 86)."""

from __future__ import annotations

from typing import Any

import torch
from timm.models import build_model_with_cfg, register_model
from torch import nn

from cnnhub.classics.stacked import Stacked, described, grey

default_cfgs = described("cnnhub_lenet5", (1, 28, 28), num_classes=10)


class Subsampling(nn.Module):
    """The paper's pooling: the sum over 2 x 2 values of a map, times a weight and plus a bias, one of each a map, both learned.

    Begun as the mean.

    >>> Subsampling(1)(torch.tensor([[[[4.0, 1.0], [1.0, 0.0]]]])).item()
    1.5
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1), 0.25))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (N, C, H, W) -> (N, C, H // 2, W // 2)."""
        return nn.functional.avg_pool2d(x, 2, divisor_override=1) * self.weight + self.bias


class LeNet5(Stacked):
    """Two rounds of convolution and pooling, a convolution as large as the maps, 84 units, a head.

    Tanh everywhere, and 28 x 28 pixels padded to 32 x 32. As in most later texts each map of the second convolution sees all of
    the first one's (the paper leaves some out), and the head is dense (the paper's measures distances to drawn digits).

    Args:
        trainable_subsampling: pooling with a weight and a bias a map, as in the paper, in place of the plain mean.
    """

    def __init__(
        self,
        trainable_subsampling: bool = False,
        num_classes: int = 10,
        in_chans: int = 1,
        img_size: tuple[int, int] | int = 28,
    ) -> None:
        pool = Subsampling if trainable_subsampling else lambda channels: nn.AvgPool2d(2)
        features = {
            "conv1": nn.Conv2d(1, 6, 5, padding=2),
            "act1": nn.Tanh(),
            "pool1": pool(6),
            "conv2": nn.Conv2d(6, 16, 5),
            "act2": nn.Tanh(),
            "pool2": pool(16),
            "conv3": nn.Conv2d(16, 120, 5),
            "act3": nn.Tanh(),
        }
        super().__init__(features, (84,), nn.Tanh, img_size, grey(in_chans), num_classes)


@register_model  # type: ignore[untyped-decorator]
def cnnhub_lenet5(pretrained: bool = False, **kwargs: Any) -> LeNet5:
    """61,706 parameters at ten classes; 61,750 with trainable subsampling."""
    network: LeNet5 = build_model_with_cfg(LeNet5, "cnnhub_lenet5", pretrained, **kwargs)
    return network
