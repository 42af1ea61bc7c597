"""ResNet-34 (He et al. 2015, https://arxiv.org/abs/1512.03385), from residual units."""

from __future__ import annotations

from typing import Any

import torch
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torch import nn

default_cfgs = generate_default_cfgs(
    {
        "cnnhub_resnet34": {
            "input_size": (3, 224, 224),
            "pool_size": (7, 7),
            "crop_pct": 0.875,
            "interpolation": "bilinear",
            "mean": IMAGENET_DEFAULT_MEAN,
            "std": IMAGENET_DEFAULT_STD,
            "num_classes": 1000,
            "first_conv": "conv1",
            "classifier": "fc",
            "license": "apache-2.0",
        }
    }
)

_STAGES = ((64, 2, "act1"), (64, 4, "layer1"), (128, 8, "layer2"), (256, 16, "layer3"), (512, 32, "layer4"))


class ResidualUnit(nn.Module):
    """Two 3 x 3 convolutions, and what came in added to what they make: relu(F(x) + x).

    Where the unit changes the number or the size of the maps, what came in goes through a 1 x 1 convolution first.

    >>> ResidualUnit(64, 128, stride=2)(torch.zeros(1, 64, 8, 8)).shape
    torch.Size([1, 128, 4, 4])
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU()
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (N, C, H, W) -> (N, channels, H / stride, W / stride)."""
        way = self.relu1(self.bn1(self.conv1(x)))
        way = self.bn2(self.conv2(way))
        out: torch.Tensor = self.relu2(way + self.downsample(x))
        return out


class ResNet34(nn.Module):
    """A 7 x 7 convolution, max pooling, residual units (3 of 64 maps, 4 of 128, 6 of 256, 3 of 512), the mean, a head.

    Its state dict has the names of timm's resnet34, and fits it.
    """

    def __init__(self, num_classes: int = 1000, in_chans: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_chans, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.act1 = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _units(64, 64, 3, stride=1)
        self.layer2 = _units(64, 128, 4, stride=2)
        self.layer3 = _units(128, 256, 6, stride=2)
        self.layer4 = _units(256, 512, 3, stride=2)
        self.num_features = self.head_hidden_size = 512
        self.feature_info = [
            {"num_chs": channels, "reduction": reduction, "module": module} for channels, reduction, module in _STAGES
        ]
        self.reset_classifier(num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels (N, C, H, W) -> logits (N, K)."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels (N, C, H, W) -> maps (N, 512, H / 32, W / 32)."""
        x = self.maxpool(self.act1(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return x

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Maps (N, 512, H, W) -> logits (N, K), or the pooled features (N, 512) before them."""
        x = x.mean((2, 3))
        return x if pre_logits else self.fc(x)

    def get_classifier(self) -> nn.Module:
        """The head."""
        return self.fc

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """A fresh head for `num_classes` labels; none for 0. Pooling is the mean."""
        assert global_pool in (None, "avg"), f"global_pool {global_pool!r} arrived; expected 'avg'"
        self.num_classes = num_classes
        self.fc = nn.Linear(self.num_features, num_classes) if num_classes else nn.Identity()

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Patterns of parameter names, shallow to deep, for layer-wise learning rates."""
        return {"stem": r"^conv1|bn1|maxpool", "blocks": r"^layer(\d+)" if coarse else r"^layer(\d+)\.(\d+)"}

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """timm asks every network; this one cannot."""
        assert not enable, "gradient checkpointing not supported"


@register_model  # type: ignore[untyped-decorator]
def cnnhub_resnet34(pretrained: bool = False, **kwargs: Any) -> ResNet34:
    """21.8 million parameters at 1,000 classes."""
    network: ResNet34 = build_model_with_cfg(ResNet34, "cnnhub_resnet34", pretrained, **kwargs)
    return network


def _units(in_channels: int, channels: int, count: int, stride: int) -> nn.Sequential:
    """The first one makes the maps smaller by the stride."""
    first = ResidualUnit(in_channels, channels, stride)
    return nn.Sequential(first, *(ResidualUnit(channels, channels) for _ in range(count - 1)))
