"""`python -m training package`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def package(
    weights: Annotated[Path, typer.Argument(help="safetensors with ImageNet's 1,000 classes.")],
    output: Annotated[Path, typer.Argument(help="Folder of the model.")],
    pets: Annotated[
        Path | None,
        typer.Option(help="The Oxford-IIIT Pets, DIR/{train,validation}/metadata.jsonl: 24 breeds fit the temperature."),
    ] = None,
) -> None:
    """Package a 1,000-class ImageNet backbone, unchanged, as a model folder. How it is used is said by a config.json beside it.

    This is how the built-in `imagenet` was made.
    """
    from training.release.package import package as run

    run(weights, output, pets)
