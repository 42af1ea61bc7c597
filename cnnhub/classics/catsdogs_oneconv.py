"""One convolution and a head on large pictures: the network that shows what overfitting is."""

from __future__ import annotations

from typing import Any

from timm.models import build_model_with_cfg, register_model
from torch import nn

from cnnhub.classics.stacked import Stacked, described

default_cfgs = described("cnnhub_catsdogs_oneconv", (3, 300, 300), num_classes=2)


class CatsDogsOneConv(Stacked):
    """Ten 5 x 5 filters, max pooling, and a head that sees all 219,040 values.

    Nearly all parameters are the head's: one a value and label.
    """

    def __init__(self, num_classes: int = 2, in_chans: int = 3, img_size: tuple[int, int] | int = 300) -> None:
        features = {"conv1": nn.Conv2d(in_chans, 10, 5), "act1": nn.ReLU(), "pool1": nn.MaxPool2d(2)}
        super().__init__(features, (), nn.ReLU, img_size, in_chans, num_classes)


@register_model  # type: ignore[untyped-decorator]
def cnnhub_catsdogs_oneconv(pretrained: bool = False, **kwargs: Any) -> CatsDogsOneConv:
    """438,842 parameters with two outputs, 219,801 with one."""
    network: CatsDogsOneConv = build_model_with_cfg(CatsDogsOneConv, "cnnhub_catsdogs_oneconv", pretrained, **kwargs)
    return network
