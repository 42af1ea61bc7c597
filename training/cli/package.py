"""`python -m training package`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Weights = Annotated[Path, typer.Argument(help="safetensors with ImageNet's 1,000 classes.")]
Output = Annotated[Path, typer.Argument(help="Folder of the model.")]


def package(weights: Weights, output: Output) -> None:
    """Package a 1,000-class ImageNet backbone from TensorFlow, unchanged, as a model folder.

    This is how the built-in `imagenet` was made.
    """
    from training.release.package import package as run

    run(weights, output)
