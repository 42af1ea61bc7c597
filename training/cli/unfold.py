"""`python -m training unfold`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def unfold(
    weights: Annotated[Path, typer.Argument(help="A backbone's safetensors, its batch norms folded into convolutions.")],
    output: Annotated[Path, typer.Argument(help="Folder for model.safetensors.")],
    backbone: Annotated[str, typer.Option(help="A timm architecture, or torchvision:shufflenet_v2_x1_0.")],
    data: options.Data = None,
    dataset: options.Dataset = None,
    fresh: options.Fresh = None,
    slope: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of the LeakyReLU that they were trained with where the network has ReLU.")
    ] = 0.0,
    pictures: Annotated[int, typer.Option(min=64, help="Training pictures to take the statistics from.")] = 512,
) -> None:
    """Give folded batch norms their statistics back, so that weights that were published for inference can be fine-tuned.

    \b
    Example:
      python -m training unfold w.safetensors runs/w --backbone resnet18 --data x
    """
    from training.fit.unfold import unfold as run

    source = options.choose(None, data, dataset, None, None, None).source
    count = run(weights, source, output, backbone, tuple(fresh or ()), slope, pictures)
    options.console.print(
        f"{count} batch norms have statistics now: {output / 'model.safetensors'}", highlight=False, soft_wrap=True
    )
