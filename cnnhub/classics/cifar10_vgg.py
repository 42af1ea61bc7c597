"""A small network in VGG's manner (Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556) for CIFAR-10."""

from __future__ import annotations

from typing import Any

from timm.models import build_model_with_cfg, register_model
from torch import nn

from cnnhub.classics.stacked import Stacked, described

default_cfgs = described("cnnhub_cifar10_vgg", (3, 32, 32), num_classes=10)


class Cifar10Vgg(Stacked):
    """Two 3 x 3 convolutions of 32 and 64 maps, max pooling after each, 128 units, a head.

    Args:
        drop_rate: of dropout after each pooling and after the dense layer while training.
    """

    def __init__(
        self, num_classes: int = 10, in_chans: int = 3, img_size: tuple[int, int] | int = 32, drop_rate: float = 0.25
    ) -> None:
        features = {
            "conv1": nn.Conv2d(in_chans, 32, 3, padding=1),
            "act1": nn.ReLU(),
            "pool1": nn.MaxPool2d(2),
            "drop1": nn.Dropout(drop_rate),
            "conv2": nn.Conv2d(32, 64, 3, padding=1),
            "act2": nn.ReLU(),
            "pool2": nn.MaxPool2d(2),
            "drop2": nn.Dropout(drop_rate),
        }
        super().__init__(features, (128,), nn.ReLU, img_size, in_chans, num_classes, drop_rate)


@register_model  # type: ignore[untyped-decorator]
def cnnhub_cifar10_vgg(pretrained: bool = False, **kwargs: Any) -> Cifar10Vgg:
    """545,098 parameters at ten classes."""
    network: Cifar10Vgg = build_model_with_cfg(Cifar10Vgg, "cnnhub_cifar10_vgg", pretrained, **kwargs)
    return network
