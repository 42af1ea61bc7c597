"""Building blocks of well-known networks, each as its paper draws it."""

from __future__ import annotations

import torch
from torch import nn

from cnnhub.errors import ArgumentError


class SqueezeExcitation(nn.Module):
    """Weighs each map by what all maps together show (Hu et al. 2017, https://arxiv.org/abs/1709.01507).

    The mean of each map, a dense layer of a sixteenth of the width with ReLU, one of the whole width with a sigmoid: a factor
    between 0 and 1 for each map.

    Args:
        channels: C.
        reduction: by which the bottleneck is narrower.

    Raises:
        ArgumentError: the bottleneck would have no unit.

    >>> block = SqueezeExcitation(32)
    >>> block(torch.ones(1, 32, 4, 4)).shape, sum(each.numel() for each in block.parameters())
    (torch.Size([1, 32, 4, 4]), 162)
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        if not 1 <= reduction <= channels:
            raise ArgumentError(f"reduction={reduction} arrived for {channels} maps; expected 1 to {channels}.")
        self.reduce = nn.Linear(channels, channels // reduction)
        self.expand = nn.Linear(channels // reduction, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (N, C, H, W) -> as many, weighed."""
        factors: torch.Tensor = self.expand(self.reduce(x.mean((2, 3))).relu()).sigmoid()
        return x * factors[:, :, None, None]


class Inception(nn.Module):
    """Four ways side by side, and their maps together (Szegedy et al. 2014, https://arxiv.org/abs/1409.4842, figure 2b).

    1 x 1; 1 x 1 and 3 x 3; 1 x 1 and 5 x 5; 3 x 3 max pooling and 1 x 1. A ReLU follows each convolution. The 1 x 1
    convolutions before the large ones are bottlenecks: they make few maps of many.

    Args:
        in_channels: C.
        ones: maps of the 1 x 1 way.
        threes, fives: (bottleneck, maps) of those ways.
        pooled: maps of the way with pooling.

    >>> first_of_googlenet = Inception(192, 64, (96, 128), (16, 32), 32)
    >>> first_of_googlenet(torch.zeros(1, 192, 28, 28)).shape, sum(each.numel() for each in first_of_googlenet.parameters())
    (torch.Size([1, 256, 28, 28]), 163696)
    """

    def __init__(self, in_channels: int, ones: int, threes: tuple[int, int], fives: tuple[int, int], pooled: int) -> None:
        super().__init__()
        self.ones = _with_relu(nn.Conv2d(in_channels, ones, 1))
        self.threes = _with_relu(nn.Conv2d(in_channels, threes[0], 1), nn.Conv2d(*threes, 3, padding=1))
        self.fives = _with_relu(nn.Conv2d(in_channels, fives[0], 1), nn.Conv2d(*fives, 5, padding=2))
        self.pooled = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), *_with_relu(nn.Conv2d(in_channels, pooled, 1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (N, C, H, W) -> (N, ones + threes + fives + pooled, H, W)."""
        return torch.cat([self.ones(x), self.threes(x), self.fives(x), self.pooled(x)], dim=1)


class SeparableConvolution(nn.Module):
    """One kernel a map, then a 1 x 1 convolution across maps (Chollet 2016, Xception, https://arxiv.org/abs/1610.02357).

    C k² + C D weights in place of C D k².

    Args:
        in_channels, channels: C and D.
        size: k, odd.

    >>> block = SeparableConvolution(128, 256)
    >>> block(torch.zeros(1, 128, 8, 8)).shape, sum(each.numel() for each in block.parameters())
    (torch.Size([1, 256, 8, 8]), 33920)
    """

    def __init__(self, in_channels: int, channels: int, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, size, stride, size // 2, groups=in_channels, bias=False)
        self.pointwise = nn.Conv2d(in_channels, channels, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (N, C, H, W) -> (N, D, H / stride, W / stride)."""
        maps: torch.Tensor = self.pointwise(self.depthwise(x))
        return maps


def channel_shuffle(maps: torch.Tensor, groups: int) -> torch.Tensor:
    """Maps (N, C, H, W), the groups' channels dealt out like cards, so that the next groups see some of each (Zhang et al. 2017,
    ShuffleNet, https://arxiv.org/abs/1707.01083).

    Raises:
        ArgumentError: the channels cannot be cut into so many groups.

    >>> channel_shuffle(torch.arange(6).view(1, 6, 1, 1), 2).flatten().tolist()
    [0, 3, 1, 4, 2, 5]
    """
    count, channels, height, width = maps.shape
    if groups < 1 or channels % groups:
        raise ArgumentError(
            f"{channels} channels cannot be cut into groups={groups} of one size; take a number that divides them."
        )
    return maps.view(count, groups, channels // groups, height, width).transpose(1, 2).reshape(maps.shape)


def _with_relu(*convolutions: nn.Module) -> nn.Sequential:
    return nn.Sequential(*(layer for each in convolutions for layer in (each, nn.ReLU())))
