"""The numbers that articles and books on convolutional networks print, each computed from the network or operation itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

import cnnhub.classics  # noqa: F401  registers the articles' networks with timm
from cnnhub import anatomy
from cnnhub.anatomy import Anatomy
from cnnhub.convolution import output_size, pool2d, tensorflow_same
from cnnhub.fields import ReceptiveField
from cnnhub.operations import dilate

MEGABYTE = 1e6  # bytes: decimal, as the texts count


@dataclass(frozen=True)
class Number:
    """What a text prints, beside what comes out.

    Attributes:
        key: by which it is known. printed, found: the text's number, and the computed one.
        by: what computed it, to try oneself: a command, or a line of Python.

    >>> Number("pool", "13 x 13", "13 x 13", "output_size(26, 2, stride=2)").is_right
    True
    """

    key: str
    printed: str
    found: str
    by: str

    @property
    def is_right(self) -> bool:
        """Whether the text is.

        >>> Number("oneconv", "219,801", "438,842", "cnnhub anatomy cnnhub_catsdogs_oneconv").is_right
        False
        """
        return self.printed == self.found


def numbers() -> list[Number]:
    """All of them, in the order of the networks and operations that they are of.

    >>> [each.key for each in numbers() if not each.is_right]
    ['oneconv_two', 'three_by_three']
    """
    return [*_of_networks(), *_of_layers(), *_of_windows(), *_of_the_exercise()]


def _of_networks() -> Iterator[Number]:
    vgg16 = anatomy.of("torchvision:vgg16")
    by = "cnnhub anatomy torchvision:vgg16 --keras"
    blocks = dict.fromkeys(_as_keras(row.output_shape) for row in vgg16.rows if row.layout == "maps")
    dense = [f"{row.output_shape[0]:,}" for row in vgg16.rows if row.kind == "linear"]
    first_dense = next(row for row in vgg16.rows if row.kind == "linear")
    yield Number("vgg16", "138,357,544", f"{vgg16.params:,}", by)
    yield Number(
        "vgg16_shapes",
        "(224,224,64) (112,112,64) (112,112,128) (56,56,128) (56,56,256) (28,28,256) (28,28,512) (14,14,512) (7,7,512)",
        " ".join(blocks),
        by,
    )
    yield Number("vgg16_dense", "25,088 4,096 4,096 1,000", " ".join([f"{first_dense.input_shape[0]:,}", *dense]), by)
    sixteen = sum(each.numel() for each in nn.Linear(1_000, 16, device="meta").parameters())
    yield Number("vgg16_sixteen", "138,373,560", f"{vgg16.params + sixteen:,}", "138_357_544 + 1_000 * 16 + 16")
    for key, name, printed, parts in (
        ("cifar10", "cnnhub_cifar10_vgg", "545,098", "896 18,496 524,416 1,290"),
        ("mnist", "cnnhub_mnist_convnet", "104,202", "320 18,496 73,856 11,530"),
    ):
        found = anatomy.of(name)
        yield Number(key, printed, f"{found.params:,}", f"cnnhub anatomy {name}")
        yield Number(
            f"{key}_parts", parts, " ".join(f"{row.params:,}" for row in found.rows if row.params), f"cnnhub anatomy {name}"
        )
    yield Number(
        "mnist_fields", "3 4 8 10 18", _fields(anatomy.of("cnnhub_mnist_convnet")), "cnnhub anatomy cnnhub_mnist_convnet"
    )
    fashion = anatomy.of("cnnhub_fashion_mnist_cnn")
    yield Number("fashion", "1,413,834", f"{fashion.params:,}", "cnnhub anatomy cnnhub_fashion_mnist_cnn")
    by = "cnnhub anatomy cnnhub_catsdogs_oneconv --num-classes"
    one, two = (anatomy.of("cnnhub_catsdogs_oneconv", num_classes=count) for count in (1, 2))
    yield Number("oneconv_values", "219,040", f"{one.rows[-1].input_shape[0]:,}", f"{by} 1")
    yield Number("oneconv_one", "219,801", f"{one.params:,}", f"{by} 1")
    yield Number("oneconv_two", "219,801", f"{two.params:,}", f"{by} 2")
    yield Number("resnet34_units", "3 4 6 3", _units(), "cnnhub anatomy cnnhub_resnet34")


def _of_layers() -> Iterator[Number]:
    yield Number("dense", "10,000,000", f"{nn.Linear(100 * 100, 1_000, device='meta').weight.numel():,}", "100 * 100 * 1_000")
    layer = anatomy.trace(nn.Sequential(nn.Conv2d(3, 200, 5, padding="same", device="meta")), (3, 100, 150))
    by = "anatomy.trace(nn.Sequential(nn.Conv2d(3, 200, 5, padding='same')), (3, 100, 150))"
    yield Number("maps_parameters", "15,200", f"{layer.params:,}", by)
    yield Number("maps_products", "225,000,000", f"{layer.macs:,}", by)
    yield Number("maps_memory", "12 MB", f"{layer.activation_bytes() / MEGABYTE:g} MB", by)
    yield Number("maps_memory_hundred", "1.2 GB", f"{layer.activation_bytes(100) / MEGABYTE / 1_000:g} GB", by)


def _of_windows() -> Iterator[Number]:
    def sized(key: str, printed: str, sizes: list[tuple[int, int, int, int]], channels: str = "") -> Number:
        """Sides, windows, strides and paddings, of height and width."""
        found = [output_size(side, window, stride, padding) for side, window, stride, padding in sizes]
        calls = ", ".join(f"output_size({side}, {window}, {stride}, {padding})" for side, window, stride, padding in sizes)
        return Number(key, printed, " x ".join(map(str, found)) + channels, calls)

    volume = nn.Conv2d(3, 10, 5, device="meta")(torch.empty(1, 3, 32, 32, device="meta"))
    yield Number("volume", "28 x 28 x 10", " x ".join(map(str, (*volume.shape[2:], volume.shape[1]))), "nn.Conv2d(3, 10, 5)")
    yield sized("formula", "30", [(32, 3, 1, 0)])
    yield sized("six_by_six", "4 x 4", [(6, 3, 1, 0), (6, 3, 1, 0)])
    same = output_size(13 + sum(tensorflow_same(13, 6, 5)), 6, 5)
    yield Number(
        "thirteen",
        "3 2",
        f"{same} {output_size(13, 6, 5)}",
        "output_size(13 + sum(tensorflow_same(13, 6, 5)), 6, 5), output_size(13, 6, 5)",
    )
    yield sized("five_by_seven", "3 x 4", [(5, 3, 2, 1), (7, 3, 2, 1)])
    yield sized("pool", "13 x 13", [(26, 2, 2, 0), (26, 2, 2, 0)])
    pooled = [pool2d(torch.tensor([[4.0, 1.0], [1.0, 0.0]]), mode=mode).item() for mode in ("max", "average")]
    yield Number("pool_values", "4 1.5", " ".join(f"{value:g}" for value in pooled), "pool2d([[4, 1], [1, 0]])")
    three = nn.Sequential(*(nn.Conv2d(1, 1, 3, device="meta") for _ in range(3)))
    pooled_between = anatomy.of("cnnhub_mnist_convnet")
    by = "cnnhub anatomy cnnhub_mnist_convnet"
    yield Number(
        "three_in_a_row", "7", _fields(anatomy.trace(three, (1, 32, 32))).split()[-1], "three 3 x 3 convolutions in a row"
    )
    yield Number("three_by_three", "7", _fields(pooled_between).split()[-1], by)
    grid = [output_size(side, 7) for side in (14, 14)]
    yield Number("grid", "8 x 8", " x ".join(map(str, grid)), "output_size(448 // 32, 7)")
    dilated = dilate([1, 2, 3], 4)
    yield Number(
        "dilated", "1 0 0 0 2 0 0 0 3", " ".join(f"{value:g}" for value in dilated.tolist()), "operations.dilate([1, 2, 3], 4)"
    )


def _of_the_exercise() -> Iterator[Number]:
    """Three 3 x 3 layers with stride 2 and "same" padding, 100, 200 and 400 maps, on 200 x 300 pixels in colour."""
    sizes = (3, 100, 200, 400)
    layers = [nn.Conv2d(before, after, 3, 2, padding=1, device="meta") for before, after in zip(sizes, sizes[1:], strict=False)]
    found = anatomy.trace(nn.Sequential(*layers), (3, 200, 300))
    by = "anatomy.trace(nn.Sequential(*(nn.Conv2d(before, after, 3, 2, padding=1) ...)), (3, 200, 300))"
    weights, maps = 4 * found.params, [row.activation_bytes for row in found.rows]
    inference = weights + max(first + second for first, second in zip(maps, maps[1:], strict=False))
    training = weights + 50 * (sum(maps) + 4 * 3 * 200 * 300)
    yield Number("exercise_parts", "2,800 180,200 720,400", " ".join(f"{row.params:,}" for row in found.rows), by)
    yield Number("exercise", "903,400", f"{found.params:,}", by)
    yield Number("exercise_inference", "12.6 MB", f"{inference / MEGABYTE:.1f} MB", by)
    yield Number("exercise_training", "565.6 MB", f"{training / MEGABYTE:.1f} MB", by)


def _as_keras(shape: tuple[int, ...]) -> str:
    """(C, H, W) as Keras writes it."""
    channels, height, width = shape
    return f"({height},{width},{channels})"


def _fields(found: Anatomy) -> str:
    """How many pixels the values of each convolution and pooling see, across."""
    sees = [row.sees for row in found.rows if row.kind.endswith(("convolution", "pooling"))]
    return " ".join(str(each.size[0]) for each in sees if isinstance(each, ReceptiveField))


def _units() -> str:
    """Of ResNet-34, for each size of its maps."""
    adds = [row.output_shape for row in anatomy.of("cnnhub_resnet34").rows if row.kind == "add"]
    return " ".join(str(adds.count(shape)) for shape in dict.fromkeys(adds))
