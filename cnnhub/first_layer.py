"""The first convolution of a network, whose filters can be looked at and compared with the kernels that people write.

A filter there is three kernels, one each for red, green and blue, whose maps are added. To a grey photo it is one kernel, their
sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from cnnhub.convolution import tensorflow_same
from cnnhub.errors import ArgumentError
from cnnhub.features import check_channel
from cnnhub.kernels import kernel as as_kernel
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch

    from cnnhub.classifier import Classifier
    from cnnhub.kernels import KernelSource
else:
    torch = Lazy("torch")


@dataclass(frozen=True, eq=False)
class FirstLayer:
    """Learned filters, and how they are applied to the picture that the network sees.

    Attributes:
        layer: its name. weights: (C, 3, k, k), for red, green and blue. bias: (C,), or None.
        stride: in pixels. padding: zeros on the left, right, top and bottom of a picture of the network's own size.
        mean, std: of red, green and blue: what the network sees is (value / 255 - mean) / std.

    >>> FirstLayer("conv1", torch.ones(8, 3, 3, 3), None, 2, (1, 1, 1, 1), (0.5,) * 3, (0.5,) * 3).grey.shape
    torch.Size([8, 3, 3])
    """

    layer: str
    weights: torch.Tensor
    bias: torch.Tensor | None
    stride: int
    padding: tuple[int, int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def grey(self) -> torch.Tensor:
        """(C, k, k): what each filter is to a grey picture.

        >>> FirstLayer("conv1", torch.ones(8, 3, 1, 1), None, 1, (0, 0, 0, 0), (0.5,) * 3, (0.5,) * 3).grey[0]
        tensor([[3.]])
        """
        return self.weights.sum(1)

    def response(self, pixels: torch.Tensor, channel: int) -> torch.Tensor:
        """The picture as the network sees it, (3, H, W) normalised -> the filter's map (h, w).

        Raises:
            ArgumentError: there is no such channel.

        >>> layer = FirstLayer("conv1", torch.ones(8, 3, 3, 3), None, 2, (1, 1, 1, 1), (0.5,) * 3, (0.5,) * 3)
        >>> layer.response(torch.ones(3, 4, 4), 0)
        tensor([[12., 18.],
                [18., 27.]])
        """
        check_channel(channel, len(self.weights), self.layer)
        padded = torch.nn.functional.pad(pixels[None], self.padding)
        bias = None if self.bias is None else self.bias[channel, None]
        return torch.nn.functional.conv2d(padded, self.weights[channel, None], bias, self.stride)[0, 0]

    def picture(self, channel: int) -> Image.Image:
        """The filter as an RGB picture of k x k pixels: grey is no weight, full light or none the largest |weight|.

        Raises:
            ArgumentError: there is no such channel.

        >>> weights = torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1)
        >>> layer = FirstLayer("conv1", weights, None, 1, (0, 0, 0, 0), (0.5,) * 3, (0.5,) * 3)
        >>> layer.picture(0).getpixel((0, 0))
        (255, 128, 0)
        """
        check_channel(channel, len(self.weights), self.layer)
        weights = self.weights[channel].permute(1, 2, 0)  # (3, k, k) -> (k, k, 3)
        largest = weights.abs().max().clamp(min=1e-12)
        return Image.fromarray((127.5 + 127.5 * weights / largest).round().to(torch.uint8).numpy())

    def nearest(self, kernel: KernelSource, most: int = 5) -> list[tuple[int, float]]:
        """The filters that do to a grey picture what is most like a kernel -> (channel, cosine), the largest cosine first.

        The smaller of the two stands in the middle of the larger. What is zero everywhere is like nothing.

        Raises:
            UnknownNameError, KernelError: as `kernels.kernel` raises them.

        >>> cross = torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
        >>> layer = FirstLayer("conv1", torch.stack([-cross, cross])[:, None] / 3, None, 1, (1, 1, 1, 1), (0.5,) * 3, (0.5,) * 3)
        >>> [(channel, round(cosine, 6)) for channel, cosine in layer.nearest(cross)]
        [(1, 1.0), (0, -1.0)]
        """
        wanted, filters = as_kernel(kernel, torch.float64), self.grey.double()
        side = max(len(wanted), filters.shape[-1])
        wanted, filters = _in_the_middle(wanted, side).flatten(), _in_the_middle(filters, side).flatten(1)
        lengths = filters.norm(dim=1) * wanted.norm()
        known = (lengths > 0).nonzero().flatten()
        cosines = ((filters @ wanted)[known] / lengths[known]).clamp(-1, 1)
        order = cosines.argsort(descending=True, stable=True)[:most].tolist()
        return [(int(known[place]), float(cosines[place])) for place in order]


def first_layer(classifier: Classifier) -> FirstLayer:
    """The filters that meet the picture first; those of a network for grey pictures weigh red, green and blue alike.

    Raises:
        ArgumentError: the network does not begin with a plain convolution.

    >>> import cnnhub
    >>> found = first_layer(cnnhub.load("cats-vs-dogs"))
    >>> found.layer, tuple(found.weights.shape), found.stride, found.padding
    ('conv_stem', (32, 3, 3, 3), 2, (0, 1, 0, 1))
    """
    cfg = classifier.config.pretrained_cfg
    modules = ((name, classifier.network.get_submodule(name)) for name in classifier.layers())
    name, found = next(((name, each) for name, each in modules if isinstance(each, torch.nn.Conv2d)), ("", None))
    padding = _padding(found, cfg.input_size[1:]) if found is not None and _is_plain(found) else None
    if found is None or padding is None:
        raise ArgumentError(
            f"{classifier.config.architecture} does not begin with a plain convolution of red, green and blue, whose filters "
            "could be shown. Take a network that does, such as imagenet."
        )
    weights = found.weight.detach().float().cpu()
    if found.in_channels == 1:  # of the mean of the three
        weights = weights.expand(-1, 3, -1, -1) / 3
    bias = None if found.bias is None else found.bias.detach().float().cpu()
    return FirstLayer(name, weights, bias, found.stride[0], padding, tuple(cfg.mean), tuple(cfg.std))


def _is_plain(found: torch.nn.Conv2d) -> bool:
    from timm.layers import Conv2dSame

    is_known = type(found) in (torch.nn.Conv2d, Conv2dSame) and found.padding_mode == "zeros"
    is_square = len({*found.kernel_size}) == len({*found.stride}) == 1
    return is_known and is_square and found.in_channels in (1, 3) and found.groups == 1 and found.dilation == (1, 1)


def _padding(found: torch.nn.Conv2d, size: Sequence[int]) -> tuple[int, int, int, int] | None:
    """(left, right, top, bottom); None where torch computes another one by itself."""
    from timm.layers import Conv2dSame

    if isinstance(found, Conv2dSame):
        top, bottom = tensorflow_same(size[0], found.kernel_size[0], found.stride[0])
        return (*tensorflow_same(size[1], found.kernel_size[0], found.stride[0]), top, bottom)
    if isinstance(found.padding, str):
        return None
    down, across = found.padding
    return across, across, down, down


def _in_the_middle(weights: torch.Tensor, side: int) -> torch.Tensor:
    """(..., k, k), with zeros around it -> (..., side, side)."""
    before = (side - weights.shape[-1]) // 2
    after = side - weights.shape[-1] - before
    return torch.nn.functional.pad(weights, (before, after, before, after))
