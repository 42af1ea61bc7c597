"""What the layers of a network answer to one picture.

Hooks on a module fire for every thread that runs it, so a recording never touches the caller's network:
it hooks a private copy of the modules that shares the weights.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from cnnhub.errors import UnknownNameError

Shape = tuple[int, int, int]


def feature_maps(network: torch.nn.Module, pixels: torch.Tensor, layers: Sequence[str]) -> dict[str, torch.Tensor]:
    """Run pixels (1, 3, H, W) through the network -> layer name: feature maps (C, H, W) float32 on the CPU.

    The names must be the network's (`check_layers`).

    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU())
    >>> feature_maps(network, torch.zeros(1, 3, 6, 6), ["1"])["1"].shape
    torch.Size([8, 4, 4])
    """
    with torch.inference_mode(), recording_copy(network, layers) as (private, maps):
        private(pixels)
    return of_first(maps, layers)


def layer_shapes(network: torch.nn.Module, input_size: Shape) -> dict[str, Shape]:
    """Every module whose output is (N, C, H, W) -> (C, H, W), in the order in which they finish.

    Modules that hand their input on unchanged (Identity, dropout at inference) are left out. Runs on the
    "meta" device: nothing is computed.

    >>> layer_shapes(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Identity()), (3, 6, 6))
    {'0': (8, 4, 4)}
    """
    names = [name for name, _ in network.named_modules() if name]
    shadow = _private_copy(network, device="meta").eval()
    with torch.inference_mode(), recording(shadow, names) as maps:
        shadow(torch.empty(1, *input_size, device="meta"))
    shapes: dict[str, Shape] = {}
    for name, output in maps.items():
        if output.ndim == 4:
            channels, height, width = output.shape[1:]
            shapes[name] = (channels, height, width)
    return shapes


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


def strongest_first(maps: torch.Tensor) -> list[int]:
    """Channel numbers of maps (C, H, W), the largest mean of |activation| first.

    >>> strongest_first(torch.tensor([[[1.0]], [[-3.0]], [[2.0]]]))
    [1, 2, 0]
    """
    return torch.argsort(maps.abs().mean(dim=(1, 2)), descending=True, stable=True).tolist()


def strongest_that_fit(maps: torch.Tensor, most: int, values: int) -> list[int]:
    """`strongest_first` of maps (C, H, W), cut off after `most` channels, or after as many as hold that many values together.

    >>> strongest_that_fit(torch.ones(9, 2, 2), most=5, values=12), strongest_that_fit(torch.ones(9, 2, 2), most=5, values=3)
    ([0, 1, 2], [0])
    """
    height, width = maps.shape[1:]
    return strongest_first(maps)[: min(most, max(1, values // (height * width)))]


def check_layers(names: Sequence[str], known: Sequence[str]) -> None:
    """Raise UnknownNameError, which names near ones, where a name is not among the known.

    >>> check_layers(["conv1"], ["conv1", "conv2"])
    """
    for name in names:
        if name not in known:
            raise UnknownNameError("layer", name, known)


@contextmanager
def recording_copy(network: torch.nn.Module, layers: Sequence[str]) -> Iterator[tuple[torch.nn.Module, dict[str, torch.Tensor]]]:
    """A copy that shares the network's weights, and what its `layers` answer (`recording`), for one thread to run.

    >>> with recording_copy(torch.nn.Sequential(torch.nn.ReLU()), ["0"]) as (private, maps):
    ...     _ = private(torch.tensor([-1.0, 2.0]))
    >>> maps
    {'0': tensor([0., 2.])}
    """
    private = _private_copy(network)
    with recording(private, layers) as maps:
        yield private, maps


def of_first(maps: Mapping[str, torch.Tensor], layers: Sequence[str]) -> dict[str, torch.Tensor]:
    """Recorded outputs (N, C, H, W) -> those of the first picture (C, H, W), float32 on the CPU.

    >>> of_first({"0": torch.zeros(1, 8, 4, 4), "1": torch.zeros(1, 8, 2, 2)}, ["1"])["1"].shape
    torch.Size([8, 2, 2])
    """
    return {name: maps[name][0].float().cpu() for name in layers}


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


def _private_copy(network: torch.nn.Module, device: str | None = None) -> torch.nn.Module:
    """A copy of the modules; its tensors are the network's own, or stand-ins without memory on "meta"."""
    memo: dict[int, Any] = {
        id(tensor): tensor.to(device) if device else tensor for tensor in (*network.parameters(), *network.buffers())
    }
    private = copy.deepcopy(network, memo)
    for module in private.modules():
        if hasattr(module, "inplace"):
            vars(module)["inplace"] = False  # an in-place ReLU would overwrite the maps of the layer before it
    return private
