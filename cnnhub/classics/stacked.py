"""What the small classic networks have in common: convolutions and pooling, then dense layers, behind timm's interface."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

import torch
from timm.models import generate_default_cfgs
from torch import nn

from cnnhub.errors import ArgumentError


class Stacked(nn.Module):
    """Layers one after the other: feature maps, flattened to numbers, dense layers, a head.

    A network for grey pictures, `in_chans=1`, takes coloured ones, too, and sees the mean of their channels.

    Args:
        features: layer by layer, from pixels (N, in_chans, H, W) to maps.
        hidden: the widths of the dense layers before the head.
        activation: of those.
        img_size: (H, W) of the pixels, or the side of a square; the first dense layer fits this size alone.
        num_classes: K; 0 leaves the head out.
        drop_rate: of dropout after each dense layer while training.

    Raises:
        ArgumentError: a layer cannot take the maps that come to it; which, and their shape.
    """

    def __init__(
        self,
        features: dict[str, nn.Module],
        hidden: tuple[int, ...],
        activation: type[nn.Module],
        img_size: tuple[int, int] | int,
        in_chans: int,
        num_classes: int,
        drop_rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_chans = in_chans
        self.features = nn.Sequential(OrderedDict(features))
        size = (img_size, img_size) if isinstance(img_size, int) else img_size
        channels, rows, columns = _shape_after(self.features, (in_chans, *size))
        widths = (channels * rows * columns, *hidden)
        dense: dict[str, nn.Module] = {}
        for number, (before, after) in enumerate(zip(widths, hidden, strict=False), 1):
            dense |= {f"fc{number}": nn.Linear(before, after), f"act{number}": activation()}
            dense |= {f"drop{number}": nn.Dropout(drop_rate)} if drop_rate else {}
        self.hidden = nn.Sequential(OrderedDict(dense))
        self.num_features, self.head_hidden_size = channels, widths[-1]
        self.reset_classifier(num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels (N, C, H, W) -> logits (N, K)."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels (N, C, H, W) -> the last maps."""
        if self.in_chans == 1 and x.shape[1] == 3:
            x = x.mean(1, keepdim=True)
        maps: torch.Tensor = self.features(x)
        return maps

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """The last maps -> logits (N, K), or what the head sees (N, D)."""
        x = self.hidden(x.flatten(1))
        return x if pre_logits else self.fc(x)

    def get_classifier(self) -> nn.Module:
        """The head."""
        return self.fc

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """A fresh head for `num_classes` labels; none for 0. Maps are flattened, never pooled to one value."""
        assert not global_pool, f"global_pool {global_pool!r} arrived; expected none"
        self.num_classes = num_classes
        self.fc = nn.Linear(self.head_hidden_size, num_classes) if num_classes else nn.Identity()

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Patterns of parameter names, shallow to deep, for layer-wise learning rates."""
        return {"stem": r"^features\.[a-z]+1\b", "blocks": [(r"^features\.[a-z]+(\d+)", None), (r"^hidden\.", (99999,))]}

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """timm asks every network; this one cannot."""
        assert not enable, "gradient checkpointing not supported"


def described(name: str, input_size: tuple[int, int, int], **settings: Any) -> Any:
    """timm's entry for a network of one size without published weights; pixels from -1 to 1."""
    half = (0.5,) * input_size[0]
    known = {"input_size": input_size, "fixed_input_size": True, "crop_pct": 1.0, "interpolation": "bilinear", "mean": half}
    known |= {"std": half, "classifier": "fc", "first_conv": "features.conv1", "license": "apache-2.0"}
    return generate_default_cfgs({name: {**known, **settings}})


def grey(in_chans: int) -> int:
    """The one channel of a network for grey pictures, whose pictures may come in red, green and blue.

    Raises:
        ArgumentError: they come otherwise.
    """
    if in_chans not in (1, 3):
        raise ArgumentError(f"in_chans={in_chans} arrived; expected 1, or 3 for coloured pictures, of which the mean is seen.")
    return 1


def _shape_after(features: nn.Sequential, shape: tuple[int, ...]) -> tuple[int, ...]:
    """(C, H, W) of what the layers make of pixels of this shape."""
    maps = torch.empty(1, *shape, device="meta")
    for name, layer in copy.deepcopy(features).to("meta").named_children():
        try:
            maps = layer(maps)
        except RuntimeError as error:
            raise ArgumentError(
                f"{name}, {layer}, cannot take maps of {' x '.join(map(str, maps.shape[1:]))}: "
                f"{str(error).splitlines()[0].rstrip('.')}. Take pictures larger than {shape[1]} x {shape[2]} pixels."
            ) from error
    return tuple(maps.shape[1:])
