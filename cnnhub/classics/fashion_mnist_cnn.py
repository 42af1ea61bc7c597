"""The CNN for Fashion-MNIST of Géron's Hands-On Machine Learning (2nd edition, 2019, chapter 14)."""

from __future__ import annotations

from typing import Any

from timm.models import build_model_with_cfg, register_model
from torch import nn

from cnnhub.classics.stacked import Stacked, described, grey

default_cfgs = described("cnnhub_fashion_mnist_cnn", (1, 28, 28), num_classes=10)


class FashionMnistCnn(Stacked):
    """A 7 x 7 convolution of 64 maps, two of 128 and two of 256, max pooling after each round, 128 and 64 units, a head.

    Args:
        drop_rate: of dropout after each dense layer while training.
    """

    def __init__(
        self, num_classes: int = 10, in_chans: int = 1, img_size: tuple[int, int] | int = 28, drop_rate: float = 0.5
    ) -> None:
        features = {
            "conv1": nn.Conv2d(1, 64, 7, padding=3),
            "act1": nn.ReLU(),
            "pool1": nn.MaxPool2d(2),
            "conv2": nn.Conv2d(64, 128, 3, padding=1),
            "act2": nn.ReLU(),
            "conv3": nn.Conv2d(128, 128, 3, padding=1),
            "act3": nn.ReLU(),
            "pool2": nn.MaxPool2d(2),
            "conv4": nn.Conv2d(128, 256, 3, padding=1),
            "act4": nn.ReLU(),
            "conv5": nn.Conv2d(256, 256, 3, padding=1),
            "act5": nn.ReLU(),
            "pool3": nn.MaxPool2d(2),
        }
        super().__init__(features, (128, 64), nn.ReLU, img_size, grey(in_chans), num_classes, drop_rate)


@register_model  # type: ignore[untyped-decorator]
def cnnhub_fashion_mnist_cnn(pretrained: bool = False, **kwargs: Any) -> FashionMnistCnn:
    """1,413,834 parameters at ten classes."""
    network: FashionMnistCnn = build_model_with_cfg(FashionMnistCnn, "cnnhub_fashion_mnist_cnn", pretrained, **kwargs)
    return network
