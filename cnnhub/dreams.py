"""What a channel would love to see: a picture that is changed, step by step, until the channel answers as strongly as it can.

The method is that of Olah, Mordvintsev and Schubert 2017, "Feature Visualization",
https://distill.pub/2017/feature-visualization/: the picture's frequencies are changed, not its pixels, in colours that vary
independently in photos, and the network sees it shifted, scaled and turned a little, each time otherwise. Without this the
result is noise that no eye reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from PIL import Image

from cnnhub import anatomy
from cnnhub.engines.torch import Normalise, device_of
from cnnhub.errors import AnatomyError, ArgumentError
from cnnhub.features import Layer, check_channel, check_layers, copy_without_inplace
from cnnhub.fields import ReceptiveField

if TYPE_CHECKING:
    from cnnhub.classifier import Classifier

_Answer: TypeAlias = "Callable[[torch.Tensor, bool], torch.Tensor]"

STEPS = 128
_SHOWN = 12  # pictures on the way
_RATE = 0.15  # Adam's
_FIELDS, _MULTIPLE, _SMALLEST, _LARGEST = 3, 32, 64, 160  # the picture's side: receptive fields, and pixels
_ANGLE, _ZOOM, _SHIFT = 8.0, 0.12, 0.06  # at most: degrees, share, share of half the side
_CANVAS = 1.5  # times the side: what is drawn, of which the middle is shown
_STEEPNESS = 1.35  # photos have 1: their amplitudes fall with the frequency; more is calmer
_CONTRAST, _NOISE = 0.25, 0.01  # the paper's
_LEAK = 0.1  # of what a ReLU holds back
_MIDDLE = 0.35  # of half the side
# The root of the covariance of red, green and blue in ImageNet's photos, from the paper's code, its largest column of length 1.
_COLOURS = ((0.5628, 0.1948, 0.0433), (0.5845, 0.0, -0.1082), (0.5845, -0.1948, 0.0649))


@dataclass(frozen=True)
class Dream:
    """A picture on the way to what a channel answers most strongly.

    Attributes:
        image: RGB. Its side follows from what the layer sees: small for the first layers.
        activation: the mean of the channel's map of this picture, at the picture's own size.
        step, steps: how many changes were made, and how many there will be.

    >>> Dream(Image.new("RGB", (64, 64)), 1.5, 8, 128).image.size
    (64, 64)
    """

    image: Image.Image
    activation: float
    step: int
    steps: int


def dream(classifier: Classifier, layer: str, channel: int, *, steps: int = STEPS, seed: int = 0) -> Iterator[Dream]:
    """The picture that a channel would love to see, as it emerges from noise; the last one is the result.

    Where a unit sees the whole picture, what is wished for is an answer in its middle, otherwise one everywhere. The same
    seed gives the same pictures. The network is left as it is, and other threads may run it meanwhile.

    Args:
        layer: any of `classifier.layers()`. channel: from 0.
        steps: changes made to the picture.

    Raises:
        UnknownNameError: no such layer; the message names near ones.
        ArgumentError: the layer has no such channel, or `steps` is not a positive whole number. Both are raised at once.

    >>> import cnnhub
    >>> first, *_, last = dream(cnnhub.load("cats-vs-dogs"), "blocks.0", 3, steps=16)
    >>> last.step, last.image.size, last.activation > first.activation
    (16, (64, 64), True)
    """
    check_layers([layer], classifier.layers())
    told = classifier.map_layers()[layer]
    check_channel(channel, told.shape[0], layer)
    if isinstance(steps, bool) or not isinstance(steps, Integral) or steps < 1:
        raise ArgumentError(f"steps={steps!r} arrived; expected a whole number from 1.")
    return _dreams(classifier, layer, told, int(channel), int(steps), seed)


def _dreams(classifier: Classifier, name: str, layer: Layer, channel: int, steps: int, seed: int) -> Iterator[Dream]:
    generator = torch.Generator().manual_seed(seed)
    size, is_whole = _size(classifier, name)
    canvas = round(_CANVAS * size[0]), round(_CANVAS * size[1])
    spectrum = _NOISE * torch.randn(1, 3, canvas[0], canvas[1] // 2 + 1, 2, generator=generator)
    spectrum.requires_grad_()
    optimizer = torch.optim.Adam([spectrum], _RATE)
    normalise, device = Normalise(classifier.config.pretrained_cfg), device_of(classifier.network)
    shown = {1, *(round(steps * number / _SHOWN) for number in range(1, _SHOWN + 1))}
    with _channel(classifier.network, name, layer, channel, size) as answer:
        for step in range(1, steps + 1):
            with torch.enable_grad():
                seen = _moved((_picture(spectrum, canvas) - normalise.mean) / normalise.std, size, generator).to(device)
                for leaks in (False, True):  # where nothing tells what to change, what comes before is silent too
                    wished = answer(seen, leaks)
                    wish = (wished * _weights(wished)).sum() if is_whole else wished.mean()
                    (spectrum.grad,) = torch.autograd.grad(-wish, spectrum, retain_graph=not leaks)
                    if spectrum.grad.any():
                        break
            optimizer.step()
            if step in shown:
                with torch.no_grad():
                    pixels = (_middle(_picture(spectrum, canvas), size) * 255).round().to(torch.uint8)
                    answered = answer(normalise(pixels).to(device), False)
                image = Image.fromarray(pixels[0].permute(1, 2, 0).numpy())  # (3, H, W) -> (H, W, 3)
                yield Dream(image, float(answered.mean()), step, steps)


def _size(classifier: Classifier, name: str) -> tuple[tuple[int, int], bool]:
    """(height, width) of the picture, a few times what a unit sees; and whether a unit sees all of it.

    Networks that take their own size alone get that.
    """
    own = classifier.config.pretrained_cfg.input_size
    try:
        rows = anatomy.trace(classifier.network, own).rows
        sees = [row.sees for row in rows if row.name == name or row.name.startswith(f"{name}.")]
        field = max(sees[-1].size) if sees and isinstance(sees[-1], ReceptiveField) else max(own)
        side = min(max(_SMALLEST, _MULTIPLE * math.ceil(_FIELDS * field / _MULTIPLE)), _LARGEST)
        height, width = (min(side, each) for each in own[1:])
        anatomy.trace(classifier.network, (own[0], height, width))
    except AnatomyError:
        return own[1:], True
    return (height, width), field >= side


class _Reached(Exception):
    """The layer has answered; what follows it would be computed for nothing."""


@contextmanager
def _channel(network: torch.nn.Module, name: str, layer: Layer, channel: int, size: tuple[int, int]) -> Iterator[_Answer]:
    """A function: normalised pixels (1, 3, H, W), and whether all ReLUs leak -> the channel's map (h, w)."""
    private = copy_without_inplace(network)
    outputs: list[torch.Tensor] = []
    last = 0  # which of the layer's calls is the one that counts; unknown yet

    def hold(_module: Any, _inputs: Any, output: torch.Tensor) -> None:
        outputs.append(output)
        if len(outputs) == last:
            raise _Reached

    def answer(pixels: torch.Tensor, leaks: bool) -> torch.Tensor:
        outputs.clear()
        handles = [each.register_forward_hook(_leaking) for each in others] if leaks else []
        with suppress(_Reached):
            private(pixels)
        for handle in handles:
            handle.remove()
        return outputs[-1][0, ..., channel] if layer.is_channels_last else outputs[-1][0, channel]

    target = private.get_submodule(name)
    own, others = _relus(target), [each for each in _relus(private) if each not in _relus(target)]
    handles = [each.register_forward_hook(_leaking) for each in own]  # before `hold`, which ends the pass
    handles.append(target.register_forward_hook(hold))
    try:
        with torch.no_grad():
            answer(torch.zeros(1, 3, *size, device=device_of(network)), False)
        last = len(outputs)
        yield answer
    finally:
        for handle in handles:
            handle.remove()


def _relus(module: torch.nn.Module) -> list[torch.nn.Module]:
    return [each for each in module.modules() if isinstance(each, torch.nn.ReLU | torch.nn.ReLU6)]


def _leaking(_module: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
    """The output of a ReLU, with the gradient of a leaky one: a channel that is silent, or as loud as ReLU6 lets it be, would
    not say what to change."""
    leaky = torch.nn.functional.leaky_relu(inputs[0], _LEAK)
    return output.detach() + (leaky - leaky.detach())


def _weights(wished: torch.Tensor) -> torch.Tensor:
    """Weights (h, w) that add up to 1, the largest in the middle."""
    down, across = (torch.linspace(-1, 1, side + 2, device=wished.device)[1:-1] for side in wished.shape)
    weights = torch.exp(-(down[:, None] ** 2 + across**2) / (2 * _MIDDLE**2))
    return weights / weights.sum()


def _picture(spectrum: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Frequencies (1, 3, H, W // 2 + 1, 2) of three independent colours -> a picture (1, 3, H, W), 0 to 1."""
    height, width = size
    lowest = 1 / max(size)
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)).clamp(min=lowest)
    scale = _CONTRAST / lowest * (lowest / frequency) ** _STEEPNESS
    colours = torch.fft.irfft2(torch.view_as_complex(spectrum) * scale, size, norm="ortho")
    return torch.sigmoid(torch.einsum("nchw,dc->ndhw", colours, torch.tensor(_COLOURS)))


def _middle(canvas: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """What is shown: the frequencies' own period shows at the edges of the canvas."""
    top, left = (canvas.shape[2] - size[0]) // 2, (canvas.shape[3] - size[1]) // 2
    return canvas[..., top : top + size[0], left : left + size[1]]


def _moved(canvas: torch.Tensor, size: tuple[int, int], generator: torch.Generator) -> torch.Tensor:
    """The middle of the canvas turned, scaled and shifted a little."""
    turn, zoom, right, down = (2 * torch.rand(4, generator=generator) - 1).tolist()
    angle, scale = math.radians(_ANGLE * turn), (1 + _ZOOM * zoom) / _CANVAS
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    matrix = torch.tensor([[[cos, -sin, _SHIFT * right], [sin, cos, _SHIFT * down]]])
    grid = torch.nn.functional.affine_grid(matrix, [1, 3, *size], align_corners=False)
    return torch.nn.functional.grid_sample(canvas, grid, padding_mode="reflection", align_corners=False)
