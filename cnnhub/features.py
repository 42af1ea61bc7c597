"""What the layers of a network answer to one picture.

Hooks on a module fire for every thread that runs it, so a recording never touches the caller's network:
it hooks a private copy of the modules that shares the weights.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

from cnnhub.errors import ArgumentError, UnknownNameError
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
else:
    torch = Lazy("torch")

Shape = tuple[int, int, int]
_PLAIN = {bool, int, float, str, type(None)}
_EMPTIED = {dict, OrderedDict, set}  # what holds hooks


@dataclass(frozen=True)
class Layer:
    """A layer whose output is a stack of maps.

    Attributes:
        shape: (C, H, W), in channels and pixels.
        is_channels_last: whether the network itself holds it as (N, H, W, C).

    >>> Layer((8, 4, 4)).is_channels_last
    False
    """

    shape: Shape
    is_channels_last: bool = False

    def maps(self, output: torch.Tensor) -> torch.Tensor:
        """What the layer answered, one picture or more -> the first picture's maps (C, H, W), float32 on the CPU.

        >>> Layer((8, 4, 4), is_channels_last=True).maps(torch.zeros(1, 4, 4, 8)).shape
        torch.Size([8, 4, 4])
        """
        first = output[0].float().cpu()
        return first.permute(2, 0, 1).contiguous() if self.is_channels_last else first


def feature_maps(network: torch.nn.Module, pixels: torch.Tensor, layers: Mapping[str, Layer]) -> dict[str, torch.Tensor]:
    """Run pixels (1, 3, H, W) through the network -> layer name: feature maps (C, H, W) float32 on the CPU.

    The names must be the network's (`check_layers`).

    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU())
    >>> feature_maps(network, torch.zeros(1, 3, 6, 6), layers_of(network, (3, 6, 6)))["1"].shape
    torch.Size([8, 4, 4])
    """
    with torch.inference_mode(), recording_copy(network, list(layers)) as (private, outputs):
        private(pixels)
    return {name: layer.maps(outputs[name]) for name, layer in layers.items()}


def layers_of(
    network: torch.nn.Module, input_size: Shape, larger: Callable[[], torch.nn.Module] | None = None
) -> dict[str, Layer]:
    """Every module whose output is a stack of maps, in the order in which they finish.

    What is height and width shows from a second run, with an input twice as high and wide: those two grow, channels do not.
    So layers of networks that keep channels last are read as they are meant, and what only looks like maps (attention over
    pairs of places, windows of a picture) is left out. Modules that hand their input on unchanged (Identity, dropout at
    inference) are left out too. Runs on the "meta" device: nothing is computed.

    Args:
        larger: builds the network for the larger input, where this one takes only its own size.

    >>> layers_of(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Identity()), (3, 6, 6))
    {'0': Layer(shape=(8, 4, 4), is_channels_last=False)}
    """
    shadow = copy_without_inplace(network, "meta")
    outputs = _output_shapes(shadow, input_size)
    grown = _grown(shadow, larger, (input_size[0], 2 * input_size[1], 2 * input_size[2])) or outputs
    found = {name: _layer(shape, grown[name]) for name, shape in outputs.items() if name in grown}
    return {name: layer for name, layer in found.items() if layer}


def stages(shapes: Mapping[str, Shape]) -> list[str]:
    """The layers that tell the journey through a network, shallow to deep.

    Among layers at most two names deep ("bn1", "blocks.2"), a container whose children differ in shape is
    replaced by its children, any other stands for them; of neighbours with one shape the last is kept.

    >>> stages({"stem": (8, 32, 32), "blocks.0": (8, 32, 32), "blocks.1": (16, 16, 16), "pool": (16, 1, 1)})
    ['blocks.0', 'blocks.1']
    """
    outer = {name: shape for name, shape in shapes.items() if name.count(".") <= 1 and shape[1] * shape[2] > 1}

    def is_opened(parent: str) -> bool:
        return len({shape for name, shape in outer.items() if name.startswith(f"{parent}.")}) > 1

    def stands_for_itself(name: str) -> bool:
        parent = name.rpartition(".")[0]
        return (parent not in outer or is_opened(parent)) if parent else not is_opened(name)

    kept = [name for name in outer if stands_for_itself(name)]
    following = [*kept[1:], None]
    return [name for name, after in zip(kept, following, strict=True) if after is None or outer[name] != outer[after]]


def check_layers(names: Sequence[str], known: Sequence[str]) -> None:
    """Raise UnknownNameError, which names near ones, where a name is not among the known.

    >>> check_layers(["conv1"], ["conv1", "conv2"])
    """
    for name in names:
        if name not in known:
            raise UnknownNameError("layer", name, known)


def check_channel(channel: int, count: int, layer: str) -> None:
    """Raise ArgumentError where a layer of so many channels has no such number; they count from 0.

    >>> check_channel(15, 16, "blocks.0")
    """
    if isinstance(channel, bool) or not isinstance(channel, Integral) or not 0 <= channel < count:
        raise ArgumentError(f"channel={channel!r} arrived; {layer} has {count} channels. Take one from 0 to {count - 1}.")


@contextmanager
def recording_copy(network: torch.nn.Module, layers: Sequence[str]) -> Iterator[tuple[torch.nn.Module, dict[str, torch.Tensor]]]:
    """A copy that shares the network's weights, and what its `layers` answer (`recording`), for one thread to run.

    >>> with recording_copy(torch.nn.Sequential(torch.nn.ReLU()), ["0"]) as (private, maps):
    ...     _ = private(torch.tensor([-1.0, 2.0]))
    >>> maps
    {'0': tensor([0., 2.])}
    """
    private = private_copy(network)
    _give_outputs_of_their_own(private, layers)
    with recording(private, layers) as maps:
        yield private, maps


def copy_without_inplace(network: torch.nn.Module, device: str | None = None) -> torch.nn.Module:
    """A copy that shares the network's weights, or has none on "meta", and whose layers leave their input as it is.

    >>> relu = torch.nn.Sequential(torch.nn.ReLU(inplace=True))
    >>> copy_without_inplace(relu)[0].inplace, relu[0].inplace
    (False, True)
    """
    private = private_copy(network, device).eval()
    _give_outputs_of_their_own(private, [name for name, _ in private.named_modules()])
    return private


@contextmanager
def recording(network: torch.nn.Module, layers: Sequence[str]) -> Iterator[dict[str, torch.Tensor]]:
    """While the block runs, each forward pass stores the outputs of `layers`; the hooks are removed after.

    Only for a network that no other thread runs.

    >>> network = torch.nn.Sequential(torch.nn.ReLU())
    >>> with recording(network, ["0"]) as maps:
    ...     _ = network(torch.tensor([-1.0, 2.0]))
    >>> maps
    {'0': tensor([0., 2.])}
    """
    maps: dict[str, torch.Tensor] = {}
    handles = []

    def store(name: str) -> Any:
        def hook(_module: torch.nn.Module, inputs: Any, output: Any) -> None:
            is_unchanged = bool(inputs) and output is inputs[0]
            if isinstance(output, torch.Tensor) and not is_unchanged:
                maps[name] = output.clone()  # later layers may add to it in place (`x += shortcut`)

        return hook

    try:
        for name in layers:
            handles.append(network.get_submodule(name).register_forward_hook(store(name)))
        yield maps
    finally:
        for handle in handles:
            handle.remove()


def _give_outputs_of_their_own(private: torch.nn.Module, layers: Sequence[str]) -> None:
    """An in-place ReLU hands its input back, which would pass for a layer that did nothing; so may what holds it alone."""
    for name in layers:
        layer = private.get_submodule(name)
        for module in [layer] if any(True for _ in layer.parameters()) else layer.modules():
            if hasattr(module, "inplace"):
                vars(module)["inplace"] = False


def private_copy(network: torch.nn.Module, device: str | None = None) -> torch.nn.Module:
    """A copy of the modules; its tensors are the network's own, or stand-ins without memory on "meta".

    >>> linear = torch.nn.Linear(2, 1)
    >>> private_copy(linear).weight is linear.weight, private_copy(linear, "meta").weight.is_meta
    (True, True)
    """
    memo: dict[int, Any] = {
        id(tensor): tensor.to(device) if device else tensor for tensor in (*network.parameters(), *network.buffers())
    }
    private: torch.nn.Module = _copied(network, memo)
    return private


def _copied(module: torch.nn.Module, memo: dict[int, Any]) -> Any:
    """`copy.deepcopy(module, memo)`, which takes as long as half a forward pass: most of what a module holds are empty dicts."""
    if id(module) in memo:
        return memo[id(module)]
    kind: Any = type(module)
    # torch's own only give a module of an old file what it lacks
    is_usual = kind.__setstate__.__module__.startswith("torch.nn.modules.") and kind.__reduce_ex__ is object.__reduce_ex__
    if hasattr(kind, "__deepcopy__") or not is_usual:
        return copy.deepcopy(module, memo)
    twin = memo[id(module)] = kind.__new__(kind)
    held = vars(twin)
    for name, value in vars(module).items():
        of = type(value)
        if of in _PLAIN or (of is tuple and _PLAIN.issuperset(map(type, value))):
            held[name] = value
        elif of in _EMPTIED and not value:
            held[name] = of()
        elif name == "_modules":
            held[name] = {child: each if each is None else _copied(each, memo) for child, each in value.items()}
        elif name in ("_parameters", "_buffers"):
            held[name] = {key: memo.get(id(tensor), tensor) for key, tensor in value.items()}
        else:
            held[name] = copy.deepcopy(value, memo)
    return twin


def _grown(shadow: torch.nn.Module, larger: Callable[[], torch.nn.Module] | None, size: Shape) -> dict[str, torch.Size] | None:
    """`_output_shapes` for a larger input; None where the network takes but one size, and there is no larger one."""
    with suppress(Exception):  # each says so in its own way
        return _output_shapes(shadow, size)
    with suppress(Exception):
        return _output_shapes(copy_without_inplace(larger(), "meta"), size) if larger else None
    return None


def _output_shapes(shadow: torch.nn.Module, input_size: Shape) -> dict[str, torch.Size]:
    """Of a network on "meta", module name -> the shape of its output, where that has four dimensions."""
    names = [name for name, _ in shadow.named_modules() if name]
    with torch.inference_mode(), recording(shadow, names) as outputs:
        shadow(torch.empty(1, *input_size, device="meta"))
    return {name: output.shape for name, output in outputs.items() if output.ndim == 4}


def _layer(shape: torch.Size, grown: torch.Size) -> Layer | None:
    """An output's shape, and its shape for an input twice as high and wide -> what it is; None if it is no stack of maps."""
    one, two, three = shape[1:]
    first, last = Layer((one, two, three)), Layer((three, one, two), is_channels_last=True)
    if shape[0] != 1 or grown[0] != 1:  # windows of the picture, as if they were a batch
        return None
    grows = [after != before for before, after in zip(shape[1:], grown[1:], strict=True)]
    if not any(grows):  # pooled to a fixed size, or a table that no picture changes
        return last if one == two == 1 < three else first if two == three else None
    if grows not in ([False, True, True], [True, True, False]):
        return None
    layer, height = (last, grown[1]) if grows[0] else (first, grown[2])
    return layer if height <= 3 * max(3, layer.shape[1]) else None  # pairs of places grow by four
