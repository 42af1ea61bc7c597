"""What a layer answered to a picture, and how much each logit would change with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cnnhub.features import Layer, copy_without_inplace
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
else:
    torch = Lazy("torch")


def maps_and_gradients(
    network: torch.nn.Module,
    name: str,
    layer: Layer,
    pixels: torch.Tensor,
    choose: Callable[[torch.Tensor], Sequence[int]],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pixels (1, 3, H, W) -> maps (C, H, W), logits (K,), and the gradients of N of the logits in the maps (N, C, H, W).

    Only what follows the layer is run with gradients: the hook, on a private copy, cuts the graph there. Those of the weights
    are not computed.

    Args:
        choose: the logits (K,) -> the numbers of those N.

    >>> network = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Flatten())
    >>> maps, logits, gradients = maps_and_gradients(network, "0", Layer((3, 1, 1)), torch.ones(1, 3, 1, 1), lambda _: [2, 0])
    >>> gradients.flatten(1).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    private = copy_without_inplace(network)
    held: list[torch.Tensor] = []

    def cut(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        torch.set_grad_enabled(True)
        held.append(output.detach().requires_grad_())
        return held[-1].clone()  # later layers may add to it in place (`x += shortcut`), which a leaf does not allow

    def run() -> tuple[torch.Tensor, torch.Tensor]:
        held.clear()
        logits = private(pixels)[0]
        chosen = choose(logits.detach())
        found = [layer.maps(torch.autograd.grad(logits[each], held[-1], retain_graph=True)[0]) for each in chosen]
        return logits, torch.stack(found)

    handle = private.get_submodule(name).register_forward_hook(cut)
    try:
        try:
            with torch.no_grad():  # restores what the hook changed
                logits, gradients = run()
        except RuntimeError:  # what changes a view in place, such as GhostNet, needs gradients from the beginning
            with torch.enable_grad():
                logits, gradients = run()
    finally:
        handle.remove()
    return layer.maps(held[-1].detach()), logits.detach().float(), gradients
