"""The anatomy of a network: every layer in forward order, its shapes, parameters, multiply-adds, memory and receptive field.

The network runs once on torch's "meta" device, which computes nothing and needs no memory; each function of torch that it
calls is seen, so that additions, concatenations and flattening are rows as modules are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from cnnhub import fields
from cnnhub.errors import AnatomyError, ArgumentError, UnknownNameError
from cnnhub.features import Shape, private_copy
from cnnhub.fields import Pair, Reach, ReceptiveField, Seen
from cnnhub.loading import MAX_PARAMETERS

FLOAT = 4  # bytes
_TRAINED = 16  # bytes a parameter while AdamW trains it: itself, its gradient and two moments

# Functions that are rows, by what they are called; others (reshapes, slices, type changes) only pass on what they see.
_KINDS = {
    "conv2d": "convolution", "conv1d": "convolution", "conv3d": "convolution", "conv_transpose2d": "transposed convolution",
    "linear": "linear", "batch_norm": "batch norm", "layer_norm": "layer norm", "group_norm": "group norm",
    "instance_norm": "instance norm", "rms_norm": "RMS norm", "local_response_norm": "local response norm",
    "normalize": "normalization",
    "max_pool2d": "max pooling", "avg_pool2d": "average pooling", "lp_pool2d": "Lp pooling",
    "adaptive_avg_pool2d": "average pooling", "adaptive_max_pool2d": "max pooling",
    "mean": "mean", "sum": "sum", "amax": "maximum", "max": "maximum",
    "add": "add", "iadd": "add", "radd": "add", "sub": "subtract", "rsub": "subtract", "isub": "subtract",
    "mul": "multiply", "imul": "multiply", "rmul": "multiply", "div": "divide", "truediv": "divide", "addcmul": "multiply",
    "cat": "concatenate", "concat": "concatenate", "concatenate": "concatenate", "stack": "concatenate",
    "flatten": "flatten", "matmul": "matrix product", "bmm": "matrix product", "einsum": "matrix product",
    "softmax": "softmax", "log_softmax": "softmax", "scaled_dot_product_attention": "attention",
    "multi_head_attention_forward": "attention", "pad": "padding", "interpolate": "resizing", "roll": "shift",
    "dropout": "dropout", "pixel_shuffle": "pixel shuffle", "pixel_unshuffle": "pixel unshuffle",
    "relu": "ReLU", "relu6": "ReLU6", "hardtanh": "hard tanh", "hardswish": "hard swish", "hardsigmoid": "hard sigmoid",
    "silu": "SiLU", "gelu": "GELU", "sigmoid": "sigmoid", "tanh": "tanh", "leaky_relu": "leaky ReLU", "elu": "ELU",
    "celu": "CELU", "selu": "SELU", "prelu": "PReLU", "mish": "Mish", "softplus": "softplus",
}  # fmt: skip
# What a module that calls several functions is named after: the first of these that it calls.
_RANK = ("convolution", "transposed convolution", "linear", "attention", "matrix product")
_QUIET = {"padding"}  # rows only within modules of their own


@dataclass
class Row:
    """A layer, or a function of torch between layers.

    Attributes:
        name: the module's, or that of the module that calls the function and the function's.
        input_shape, output_shape: without the batch; maps as (C, H, W) even where the network keeps channels last.
        layout: "maps", "maps, channels last", "tokens" (rows of places), "numbers" (no places left), or "windows" (pieces of
            the picture as if they were a batch) and "other", whose shapes are as the network has them.
        kernel, stride, padding, dilation: (height, width) in pixels of the input; None where there is no window.
        params: numbers that are learned, counted where they are used first.
        macs: multiply-adds of convolutions and matrix products for one picture; a bias adds none.
        activation_bytes: of the output as float32.
        sees: a receptive field, "whole picture" or "irregular"; None where the picture has no say.
        inputs: rows, by number from 0, whose outputs come in; -1 is the picture.

    >>> Row("conv1", "convolution", (3, 8, 8), (16, 8, 8)).layout
    'other'
    """

    name: str
    kind: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...] = ()
    layout: str = "other"
    kernel: Pair | None = None
    stride: Pair | None = None
    padding: Pair | None = None
    dilation: Pair | None = None
    groups: int | None = None
    params: int = 0
    macs: int = 0
    activation_bytes: int = 0
    sees: ReceptiveField | Reach | None = None
    inputs: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Shapes as lists; receptive_field [height, width] in input pixels, or null (`reach` says why).

        >>> Row("fc", "linear", (512,), (10,), sees="whole picture").as_json()["receptive_field"] is None
        True
        """
        facts = asdict(self)
        sees = facts.pop("sees")
        regular = isinstance(self.sees, ReceptiveField)
        return {
            **facts,
            "receptive_field": list(sees["size"]) if regular else None,
            "receptive_field_stride": list(sees["stride"]) if regular else None,
            "receptive_field_start": list(sees["start"]) if regular else None,
            "reach": "field" if regular else sees,
        }


@dataclass(frozen=True)
class Anatomy:
    """All rows of a network, and their sums.

    Attributes:
        input_size: (C, H, W).
        params: all parameters; `unused` of them no function used.

    >>> Anatomy((3, 8, 8), [Row("conv1", "convolution", (3, 8, 8), macs=100)], 10, 10).unused
    0
    """

    input_size: Shape
    rows: list[Row]
    params: int
    trainable_params: int
    unused: int = 0

    @property
    def macs(self) -> int:
        """Multiply-adds for one picture.

        >>> Anatomy((3, 8, 8), [Row("conv1", "convolution", (3, 8, 8), macs=100)], 10, 10).macs
        100
        """
        return sum(row.macs for row in self.rows)

    def activation_bytes(self, batch: int = 1) -> int:
        """Of all outputs together, which a backward pass needs.

        >>> conv = Row("conv1", "convolution", (3, 8, 8), activation_bytes=100)
        >>> Anatomy((3, 8, 8), [conv], 10, 10).activation_bytes(batch=2)
        200
        """
        return batch * sum(row.activation_bytes for row in self.rows)

    def within(self, name: str) -> list[Row]:
        """The rows of a module: its own, and those of the modules in it, in forward order; the last gives its output.

        >>> convs = [Row("stage.0", "convolution", (3, 8, 8)), Row("stage.1", "ReLU", (3, 8, 8)), Row("stage2", "add", (3, 8, 8))]
        >>> [row.name for row in Anatomy((3, 8, 8), convs, 10, 10).within("stage")]
        ['stage.0', 'stage.1']
        """
        return [row for row in self.rows if row.name == name or row.name.startswith(f"{name}.")]

    def training_bytes(self, batch: int) -> int:
        """Activations of a batch, and weights, gradients and AdamW's two moments, as float32; an upper bound.

        >>> Anatomy((3, 8, 8), [], params=10, trainable_params=10).training_bytes(batch=32)
        160
        """
        return self.activation_bytes(batch) + _TRAINED * self.trainable_params + FLOAT * (self.params - self.trainable_params)

    def as_json(self) -> dict[str, Any]:
        """As `cnnhub anatomy --json` prints it.

        >>> Anatomy((3, 8, 8), [], 10, 10).as_json()["params"]
        10
        """
        return {
            "input_size": list(self.input_size),
            "params": self.params,
            "trainable_params": self.trainable_params,
            "unused_params": self.unused,
            "macs": self.macs,
            "activation_bytes": self.activation_bytes(),
            "layers": [row.as_json() for row in self.rows],
        }


def trace(network: torch.nn.Module, input_size: Shape) -> Anatomy:
    """Follow one picture (C, H, W) through a network, which is left as it is.

    Raises:
        AnatomyError: the network does not take a picture of that size, or does what cannot be followed.

    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2))
    >>> found = trace(network, (3, 32, 32))
    >>> [(row.kind, row.output_shape, row.params, row.macs, row.sees.size) for row in found.rows][:2]
    [('convolution', (8, 32, 32), 224, 221184, (3, 3)), ('ReLU', (8, 32, 32), 0, 0, (3, 3))]
    >>> found.params, found.rows[2].sees
    (224, ReceptiveField(size=(4, 4), stride=(2, 2), start=(-1, -1)))
    """
    shadow = private_copy(network, device="meta").eval()
    tracer = _Tracer(shadow)
    try:
        with torch.no_grad(), tracer.watching(), _Counting() as counting, tracer:
            tracer.counting = counting
            picture = torch.empty(1, *input_size, device="meta", dtype=_type_of(network))
            tracer.begin(picture)
            shadow(picture)
    except Exception as error:  # each network says in its own way what it does not take
        height, width = input_size[1:]
        raise AnatomyError(
            f"{type(network).__name__} cannot be followed with an input of {input_size[0]} x {height} x {width}: "
            f"{tracer.place_of(error)}{str(error).splitlines()[0] if str(error) else type(error).__name__}. Try its own size."
        ) from error
    parameters = list(network.parameters())
    total = sum(each.numel() for each in parameters)
    return Anatomy(
        input_size,
        tracer.rows,
        total,
        sum(each.numel() for each in parameters if each.requires_grad),
        total - sum(row.params for row in tracer.rows),
    )


def of(source: str | os.PathLike[str], input_size: Shape | None = None, num_classes: int | None = None) -> Anatomy:
    """The anatomy of a built-in model, a folder, a repository on the Hub, or an architecture of timm or torchvision.

    Weights are neither downloaded nor allocated. A name that timm and torchvision share is timm's; `torchvision:resnet18` is
    the other.

    Args:
        source: "cats-vs-dogs", "./runs/mine", "timm/resnet18.a1_in1k", "convnext_tiny", "torchvision:vgg16" ...
        input_size: (C, H, W); the network's own without it.
        num_classes: of an architecture; a model has its own.

    Raises:
        UnknownNameError: there is no such model or architecture; the message names near ones.
        ModelNotFoundError, ModelConfigError: as `cnnhub.load` raises them.
        ArgumentError: `num_classes` for a model that has its own.
        AnatomyError: as `trace` raises it.

    >>> found = of("torchvision:vgg16")
    >>> found.params, len(found.rows)
    (138357544, 40)
    """
    network, own_size = _network(source, input_size, num_classes)
    return trace(network, input_size or own_size)


def _type_of(network: torch.nn.Module) -> torch.dtype:
    return next((each.dtype for each in network.parameters() if each.is_floating_point()), torch.float32)


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own, without types
    """Counts multiply-adds, by torch's own formulas."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        if formula := flop_registry.get(func._overloadpacket):
            self.macs += formula(*args, **kwargs, out_val=output) // 2
        return output


@dataclass
class _Frame:
    """A module that runs, and the row that it has, if it is one row."""

    name: str
    is_leaf: bool
    row: int | None = None


@dataclass
class _Known:
    """What is known of a tensor: what it sees, the rows that it comes from, and parameters in it that no row has counted."""

    seen: Seen | None
    rows: frozenset[int]
    params: dict[int, int]


class _Tracer(TorchFunctionMode):
    """Sees each function of torch that the network calls."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.counting: _Counting | None = None
        self._network = network
        self._known: dict[int, _Known] = {}
        self._alive: list[Any] = []  # an id stays one tensor's as long as the tensor lives
        self._counted: set[int] = set()
        self._frames = [_Frame("", is_leaf=False)]
        self._names: dict[str, int] = {}
        self._failed: tuple[Exception, str, tuple[int, ...]] | None = None
        for parameter in network.parameters():
            self._remember(parameter, _Known(None, frozenset(), {id(parameter): parameter.numel()}))

    def begin(self, picture: torch.Tensor) -> None:
        self._remember(picture, _Known(fields.of_input(picture.shape), frozenset({-1}), {}))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within the block it is known which module runs."""
        handles = []
        for name, module in self._network.named_modules():
            if name:
                is_leaf = not any(True for _ in module.children())
                handles.append(module.register_forward_pre_hook(self._entering(name, is_leaf)))
                handles.append(module.register_forward_hook(self._leaving, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def place_of(self, error: Exception) -> str:
        """The layer in which the error arose, with its settings and what arrived there, as the beginning of a sentence; nothing
        where no function of torch raised it, or none in a layer."""
        if self._failed is None or self._failed[0] is not error or not self._failed[1]:
            return ""
        _, name, arrived = self._failed
        layer = self._network.get_submodule(name)
        settings = type(layer).__name__ if any(True for _ in layer.children()) else repr(layer)
        return f"layer {name}, {settings}, gets {' x '.join(map(str, arrived))}. "

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = _name_of(func)
        before = self.counting.macs if self.counting else 0
        try:
            output = func(*args, **kwargs)
        except Exception as error:
            arrived = next((tuple(each.shape[1:]) for each in fields.tensors((*args, *kwargs.values()))), ())
            self._failed = (error, self._frames[-1].name, arrived)
            raise
        macs = (self.counting.macs if self.counting else 0) - before
        outputs = [each for each in (output if isinstance(output, tuple | list) else (output,)) if isinstance(each, torch.Tensor)]
        inputs = [found for each in fields.tensors((*args, *kwargs.values())) if (found := self._known.get(id(each)))]
        if outputs and inputs:
            self._follow(name, args, kwargs, outputs, inputs, macs)
        return output

    def _follow(
        self, name: str, args: Any, kwargs: dict[str, Any], outputs: list[torch.Tensor], inputs: list[_Known], macs: int
    ) -> None:
        params = {key: count for known in inputs for key, count in known.params.items()}
        rows = frozenset().union(*(known.rows for known in inputs))
        depends = any(known.seen for known in inputs)
        row = self._row(name, args, kwargs, rows, macs) if depends or macs else None
        for each in outputs:
            seen = fields.after(name, args, kwargs, each, self._seen) if depends else None
            if row is None:
                self._remember(each, _Known(seen, rows, params))
            else:
                self._remember(each, _Known(seen, frozenset({row}), {}))
        if row is not None:
            told = self.rows[row]
            told.macs += macs
            told.params += sum(count for key, count in params.items() if key not in self._counted)
            self._counted.update(params)
            self._measure(told, outputs[0])

    def _row(self, name: str, args: Any, kwargs: dict[str, Any], sources: frozenset[int], macs: int) -> int | None:
        """The number of the row that this call belongs to; None where it is none."""
        frame, kind = self._frames[-1], _KINDS.get(name.rstrip("_"))
        if frame.row is not None:
            row = self.rows[frame.row]
            row.inputs = tuple(sorted({*row.inputs, *(sources - {frame.row})}))
            if kind in _RANK and row.kind not in _RANK or row.kind in _QUIET:
                _describe(row, kind or row.kind, name, args, kwargs)
            return frame.row
        if kind is None and not (frame.is_leaf or macs):
            return None
        if not frame.is_leaf and kind in _QUIET:
            return None
        has_weights = kind in _RANK[:2] or kind == "linear" or (kind or "").endswith("norm")
        full = frame.name if frame.is_leaf or (has_weights and frame.name) else f"{frame.name}.{name.rstrip('_')}".strip(".")
        given = fields.tensors((*args, *kwargs.values()))
        first = next((each for each in given if self._seen(each)), given[0])
        row = Row(self._unlike(full), kind or name, _read_shape(first, self._seen(first))[0], inputs=tuple(sorted(sources)))
        _describe(row, row.kind, name, args, kwargs)
        self.rows.append(row)
        number = len(self.rows) - 1
        if frame.is_leaf:
            frame.row = number
        return number

    def _measure(self, row: Row, output: torch.Tensor) -> None:
        known = self._known[id(output)]
        row.output_shape, row.layout = _read_shape(output, known.seen)
        row.activation_bytes = FLOAT * output.numel()
        row.sees = known.seen.sees if known.seen else None
        if row.kind in ("average pooling", "max pooling", "mean") and row.sees == "whole picture" and row.kernel is None:
            row.kind = f"global {row.kind if row.kind != 'mean' else 'average pooling'}"

    def _seen(self, tensor: Any) -> Seen | None:
        known = self._known.get(id(tensor))
        return known.seen if known else None

    def _remember(self, tensor: torch.Tensor, known: _Known) -> None:
        self._alive.append(tensor)
        self._known[id(tensor)] = known

    def _unlike(self, name: str) -> str:
        """The name; with a number where a module runs again."""
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}:{count}"

    def _entering(self, name: str, is_leaf: bool) -> Any:
        def hook(_module: torch.nn.Module, _inputs: Any) -> None:
            self._frames.append(_Frame(name, is_leaf))

        return hook

    def _leaving(self, _module: torch.nn.Module, _inputs: Any, _output: Any) -> None:
        self._frames.pop()


def _name_of(func: Any) -> str:
    """A function's name as torch's documentation has it: `x + y`, `x += y` and torch.add are near one another."""
    name: str = getattr(func, "__name__", "")
    if name == "__get__":  # a property, such as Tensor.mT
        name = getattr(getattr(func, "__self__", None), "__name__", "")
    return name.strip("_") if name.startswith("__") else name.rstrip("_") if name != "_" else name


def _describe(row: Row, kind: str, name: str, args: Any, kwargs: dict[str, Any]) -> None:
    """Kind and window, from the function's arguments."""

    def get(place: int, key: str, default: Any) -> Any:
        return args[place] if len(args) > place else kwargs.get(key, default)

    row.kind = "ReLU6" if name == "hardtanh" and (get(1, "min_val", -1.0), get(2, "max_val", 1.0)) == (0, 6) else kind
    if name == "conv2d":
        weight = get(1, "weight", None)
        row.kernel = fields.pair(weight.shape[-2:])
        row.stride, row.dilation = fields.pair(get(3, "stride", 1)), fields.pair(get(5, "dilation", 1))
        asked = get(4, "padding", 0)
        if not isinstance(asked, str):
            row.padding = fields.pair(asked)
        row.groups = int(get(6, "groups", 1))
        if row.groups > 1:
            row.kind = "depthwise convolution" if weight.shape[1] == 1 else "grouped convolution"
    elif name in ("max_pool2d", "avg_pool2d"):
        row.kernel = fields.pair(get(1, "kernel_size", 1))
        row.stride = fields.pair(get(2, "stride", None) or row.kernel)
        row.padding = fields.pair(get(3, "padding", 0))
        row.dilation = fields.pair(get(4, "dilation", 1)) if name == "max_pool2d" else (1, 1)


def _read_shape(tensor: torch.Tensor, seen: Seen | None) -> tuple[tuple[int, ...], str]:
    """-> (shape without the batch, layout)."""
    shape = tuple(tensor.shape)
    if shape[0] != 1:
        return shape, "windows" if seen and any(each.is_place for each in seen.dims[0]) else "other"
    if seen is None or len(shape) < 2:
        return shape[1:], "other"
    height, width = seen.place("h"), seen.place("w")
    if len(shape) == 4 and (height, width) == (2, 3):
        return shape[1:], "maps"
    if len(shape) == 4 and (height, width) == (1, 2):
        return (shape[3], *shape[1:3]), "maps, channels last"
    if len(shape) == 4 and shape[2:] == (1, 1):
        return shape[1:], "maps"
    if len(shape) == 2:
        return shape[1:], "numbers"
    if len(shape) == 3 and any(each.is_place for factors in seen.dims for each in factors):
        return shape[1:], "tokens"
    return shape[1:], "other"


def _network(source: str | os.PathLike[str], input_size: Shape | None, num_classes: int | None) -> tuple[torch.nn.Module, Shape]:
    """A network without memory or weights, and the size of its input."""
    import timm

    from cnnhub.engines.network import blueprint
    from cnnhub.hub import builtin_models, is_folder
    from cnnhub.hub.catalogue import describe

    name = str(source)
    if is_folder(source) or "/" in name or name in builtin_models():
        if num_classes:
            raise ArgumentError(f"{name} has the labels it was trained on; num_classes is for architectures. Leave it out.")
        config = describe(source).config
        return blueprint(config, MAX_PARAMETERS), config.pretrained_cfg.input_size
    others = {"num_classes": num_classes} if num_classes else {}
    if timm.is_model(name):
        with torch.device("meta"):
            network = _sized(name, input_size, others)
        return network, tuple(network.pretrained_cfg.get("input_size", (3, 224, 224)))
    from torchvision import models

    theirs = models.list_models(module=models)
    plain = name.removeprefix("torchvision:")
    if plain not in theirs:
        raise UnknownNameError("model or architecture", name, [*builtin_models(), *timm.list_models(), *theirs])
    arguments = {"init_weights": False} if plain in ("googlenet", "inception_v3") else {}
    try:
        with torch.device("meta"):
            network = models.get_model(plain, weights=None, **arguments, **others)
    except NotImplementedError:  # RegNet computes its widths with tensors
        network = models.get_model(plain, weights=None, **arguments, **others)
    side = 299 if plain == "inception_v3" else 224
    return network, (3, side, side)


def _sized(name: str, input_size: Shape | None, others: dict[str, int]) -> Any:
    """Networks that are built for one size are built for the one that is asked for."""
    import timm

    if input_size:
        with suppress(TypeError):  # this one takes any
            return timm.create_model(name, img_size=input_size[1:], in_chans=input_size[0], **others)
        return timm.create_model(name, in_chans=input_size[0], **others)
    return timm.create_model(name, **others)
