"""One device or many, through accelerate: shares of work, and results gathered in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator

from cnnhub.errors import CnnHubError
from training.data.pixels import Pixels, derive, loader
from training.fit.recipe import Recipe
from training.measure.answers import OutOfMemoryError, is_out_of_memory

Progress = Callable[[int], None]


def accelerator(precision: str) -> Accelerator:
    """accelerate's view of the devices: one process on one device, or as many as `torchrun` or `accelerate launch` started."""
    return Accelerator(mixed_precision="bf16" if precision == "bf16" else "no")


def resolve_precision(precision: str) -> str:
    """ "auto" -> "bf16" where the device computes in bfloat16 rather than emulating it, else "float32"."""
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported() else "float32"


def over_all(
    engine: Accelerator,
    function: Callable[[torch.Tensor], torch.Tensor],
    pixels: Pixels,
    recipe: Recipe,
    workers: int,
    *,
    seed: int | None = None,
    advance: Progress = lambda pictures: None,
) -> torch.Tensor:
    """`function` (N, 3, H, W) -> (N, F) over every picture exactly once, shared among the processes -> (all, F) float32.

    Args:
        seed: of what is random in the transform; None where nothing is.
        advance: called with the number of pictures done.
    """
    count, processes = len(pixels.pictures), engine.num_processes
    mine = range(engine.process_index, count, processes)
    keys = [(index, 0 if seed is None else derive(seed, index)) for index in mine]
    size = max(1, recipe.micro_batch(processes))
    batches = [keys[start : start + size] for start in range(0, len(keys), size)]
    results = []
    for batch, _ in loader(pixels, batches, workers):
        with torch.inference_mode():
            batch = batch.to(engine.device, memory_format=torch.channels_last)
            results.append(function(batch).float())
        advance(len(batch) * processes)
    values = torch.cat(results)
    if processes == 1:
        return values.clone().cpu()
    longest = -(-count // processes)
    padded = torch.cat([values, values.new_zeros(longest - len(values), *values.shape[1:])])
    gathered: torch.Tensor = engine.gather(padded.clone())  # (processes * longest, F), one process after the other
    in_order = gathered.reshape(processes, longest, -1).transpose(0, 1)  # picture j * processes + p stood at (p, j)
    return in_order.reshape(processes * longest, -1)[:count].cpu()


def logits_of(network: torch.nn.Module, pixels: Pixels, engine: Accelerator, recipe: Recipe, workers: int) -> torch.Tensor:
    """Logits (N, K) of every picture, in order; in float32, as the model will be used."""
    network.eval()

    def forward(batch: torch.Tensor) -> torch.Tensor:
        with torch.autocast(engine.device.type, enabled=False):
            logits: torch.Tensor = type(network).forward(network, batch)  # accelerate wraps .forward in autocast
        return logits

    return over_all(engine, forward, pixels, recipe, workers)


@contextmanager
def explained(recipe: Recipe) -> Iterator[None]:
    """Say what would help where memory or disk runs out."""
    try:
        yield
    except RuntimeError as error:
        helpful = explain_memory(error, recipe)
        if helpful is None:
            raise
        raise helpful from error
    except OSError as error:
        raise CnnHubError(f"{error}. The last checkpoint stays; free some space and repeat the command with --resume.") from error


def explain_memory(error: RuntimeError, recipe: Recipe) -> OutOfMemoryError | None:
    """What would help, where `error` says that memory ran out; else None."""
    if not is_out_of_memory(error):
        return None
    return OutOfMemoryError(
        f"Memory ran out with batches of {recipe.batch_size} pictures in {recipe.accumulate} micro-batches, precision "
        f"{recipe.precision}: {str(error).splitlines()[0][:200]} Take --accumulate {2 * recipe.accumulate} (the same training "
        "with less memory), a smaller --batch-size or --size, --precision bf16, or more devices. Then the same command again."
    )
