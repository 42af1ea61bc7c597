"""The convnet that many texts on MNIST begin with (Chollet 2021, Deep Learning with Python, 2nd edition, chapter 8)."""

from __future__ import annotations

from typing import Any

from timm.models import build_model_with_cfg, register_model
from torch import nn

from cnnhub.classics.stacked import Stacked, described, grey

default_cfgs = described("cnnhub_mnist_convnet", (1, 28, 28), num_classes=10)


class MnistConvnet(Stacked):
    """Three 3 x 3 convolutions of 32, 64 and 128 maps without padding, max pooling between them, a head.

    The values see 3, 4, 8, 10 and 18 pixels, layer by layer.
    """

    def __init__(self, num_classes: int = 10, in_chans: int = 1, img_size: tuple[int, int] | int = 28) -> None:
        features = {
            "conv1": nn.Conv2d(1, 32, 3),
            "act1": nn.ReLU(),
            "pool1": nn.MaxPool2d(2),
            "conv2": nn.Conv2d(32, 64, 3),
            "act2": nn.ReLU(),
            "pool2": nn.MaxPool2d(2),
            "conv3": nn.Conv2d(64, 128, 3),
            "act3": nn.ReLU(),
        }
        super().__init__(features, (), nn.ReLU, img_size, grey(in_chans), num_classes)


@register_model  # type: ignore[untyped-decorator]
def cnnhub_mnist_convnet(pretrained: bool = False, **kwargs: Any) -> MnistConvnet:
    """104,202 parameters at ten classes."""
    network: MnistConvnet = build_model_with_cfg(MnistConvnet, "cnnhub_mnist_convnet", pretrained, **kwargs)
    return network
