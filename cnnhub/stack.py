"""Step after step: a filter's output is the next step's input, with ReLU and pooling between; and the PyTorch for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from cnnhub import convolution
from cnnhub.convolution import Filter as Filter  # a step like those below
from cnnhub.errors import GeometryError, KernelError, UnknownNameError
from cnnhub.kernels import kernel
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
else:
    torch = Lazy("torch")

MAX_STEPS = 8

_IMPORTS = ["import numpy as np", "import torch", "import torch.nn.functional as F", "from PIL import Image, ImageOps"]


@dataclass(frozen=True)
class Relu:
    """Negative values become 0.

    >>> run(torch.tensor([[[-1.0, 2.0]]]), [Relu()])[0].tolist()
    [[[0.0, 2.0]]]
    """


@dataclass(frozen=True)
class Pool:
    """Each window becomes its maximum, its average or its L2 norm; no padding.

    Attributes:
        window, stride: side and step, in values of what comes in.

    >>> run(torch.tensor([[[1.0, 2.0], [3.0, 6.0]]]), [Pool("average")])[0].tolist()
    [[[3.0]]]
    """

    mode: convolution.PoolingMode = "max"
    window: int = 2
    stride: int = 2


Step: TypeAlias = "Filter | Relu | Pool"


def run(pixels: convolution.Pixels, steps: Sequence[Step]) -> list[torch.Tensor]:
    """Each step applied to the output of the one before, each channel on its own.

    Args:
        pixels: (C, H, W) values, computed with as float64.
        steps: at most 8.

    Returns:
        One output (C, H', W') float64 a step, in the order of the steps.

    Raises:
        GeometryError, KernelError: more than 8 steps, no (C, H, W), or a step that does not work, named by its number.

    >>> steps = [Filter(((-1, 0, 1),) * 3, padding="valid"), Relu(), Pool("max")]
    >>> [tuple(output.shape) for output in run(torch.ones(1, 9, 9), steps)]
    [(1, 7, 7), (1, 7, 7), (1, 3, 3)]
    """
    current = convolution.as_pixels(pixels).double()
    if current.ndim != 3:
        raise GeometryError(f"Values shaped {tuple(current.shape)} arrived; expected (C, H, W).")
    _check_count(steps)
    outputs: list[torch.Tensor] = []
    for number, step in enumerate(steps, 1):
        try:
            current = _applied(current, step)
        except (GeometryError, UnknownNameError) as error:
            raise GeometryError(f"{_name(number, step)}: {error}") from error
        except KernelError as error:
            raise KernelError(f"{_name(number, step)}: {error}") from error
        outputs.append(current)
    return outputs


def snippet(steps: Sequence[Step], grey: bool, name: str = "photo.jpg", size: tuple[int, int] | None = None) -> str:
    """A program that needs only torch, NumPy and Pillow and computes what `run` does with the photo's pixels, 0 to 255.

    Its last line prints the output's shape and its smallest and largest value.

    Args:
        steps: steps that `run` accepts.
        grey: use the photo's brightness, as PIL's convert("L") weighs the colours; otherwise red, green and blue.
        name: the photo's file, opaque and of 8 bits a channel.
        size: (width, height) to which the photo is scaled first, if any.

    Raises:
        GeometryError, KernelError: more than 8 steps, a kernel that is none, or padding that is none.

    >>> print(snippet([Relu()], grey=True))
    import numpy as np
    import torch
    import torch.nn.functional as F
    from PIL import Image, ImageOps
    <BLANKLINE>
    photo = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB").convert("L")
    x = torch.from_numpy(np.array(photo, dtype=np.float64))[None, None]  # (1, 1, H, W)
    <BLANKLINE>
    # 1: ReLU
    x = F.relu(x)
    <BLANKLINE>
    print(tuple(x.shape), x.min().item(), x.max().item())
    <BLANKLINE>
    """
    _check_count(steps)
    blocks = [_IMPORTS, _reading(grey, name, size)]
    blocks += [_code(number, step, 1 if grey else 3) for number, step in enumerate(steps, 1)]
    blocks.append(["print(tuple(x.shape), x.min().item(), x.max().item())"])
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _applied(pixels: torch.Tensor, step: Step) -> torch.Tensor:
    if isinstance(step, Filter):
        return convolution.apply_filter(pixels, step)
    if isinstance(step, Relu):
        return pixels.clamp(min=0)
    return convolution.pool2d(pixels, step.window, stride=step.stride, mode=step.mode)


def _check_count(steps: Sequence[Step]) -> None:
    if len(steps) > MAX_STEPS:
        raise GeometryError(f"{len(steps)} steps arrived; expected at most {MAX_STEPS}.")


def _name(number: int, step: Step) -> str:
    return f"Step {number} ({type(step).__name__})"


def _reading(grey: bool, name: str, size: tuple[int, int] | None) -> list[str]:
    photo = f'ImageOps.exif_transpose(Image.open({json.dumps(name, ensure_ascii=False)})).convert("RGB")'
    scaled = f".resize({size}, Image.Resampling.LANCZOS)" if size else ""
    lines = [f"photo = {photo}{scaled}" + ('.convert("L")' if grey else "")]
    array = "torch.from_numpy(np.array(photo, dtype=np.float64))"
    if grey:
        return [*lines, f"x = {array}[None, None]  # (1, 1, H, W)"]
    return [*lines, f"x = {array}.permute(2, 0, 1)[None]  # (H, W, 3) -> (1, 3, H, W)"]


def _code(number: int, step: Step, channels: int) -> list[str]:
    if isinstance(step, Relu):
        return [f"# {number}: ReLU", "x = F.relu(x)"]
    if isinstance(step, Filter):
        return _filter_code(number, step, channels)
    call = {"max": "max_pool2d(x, ", "average": "avg_pool2d(x, ", "l2": "lp_pool2d(x, 2, "}[step.mode]
    return [f"# {number}: {step.mode} pooling", f"x = F.{call}{step.window}, stride={step.stride})"]


def _filter_code(number: int, step: Filter, channels: int) -> list[str]:
    weights = kernel(step.weights, torch.float64)
    size = weights.shape[0]
    rows = ", ".join(f"[{', '.join(map(_written, row))}]" for row in weights.tolist())
    lines = [
        f"# {number}: {'convolution' if step.flipped else 'correlation'} with {size} x {size} weights",
        f"weights = torch.tensor([{rows}], dtype=torch.float64)",
    ]
    if step.flipped:
        lines.append("weights = weights.flip(0, 1)  # correlation with the turned kernel is convolution")
    lines += _padding_code(convolution.padding_amount(step.padding, size, step.dilation), step.border)
    options = f"stride={step.stride}, dilation={step.dilation}, groups={channels}"
    lines.append(f"x = F.conv2d(x, weights.expand({channels}, 1, {size}, {size}), {options})")
    if step.divisor != 1 or step.bias != 0:
        lines.append(f"x = x / {_written(step.divisor)} + {_written(step.bias)}")
    return lines


def _padding_code(amount: int, border: convolution.Border) -> list[str]:
    if amount == 0:
        return []
    if border == "mean":
        return [
            "mean = x.mean((2, 3), keepdim=True)  # of each channel; zeros around x - mean are the mean around x",
            f"x = F.pad(x - mean, {(amount,) * 4}) + mean",
        ]
    mode = "constant" if border == "zero" else border
    return [f"x = F.pad(x, {(amount,) * 4}, mode={json.dumps(mode)})"]


def _written(value: float) -> str:
    """A number as people write it: 2 for 2.0."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
