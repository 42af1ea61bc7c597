"""`python -m training backbones`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def backbones(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder with model folders, listed after the built-in models.", metavar="[DIR]")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List the backbones that are here without a network: size, published ImageNet accuracy, milliseconds on this machine.

    Architecture, padding and preprocessing come with the weights, so that one name says all.

    \b
    Example:
      python -m training backbones
      python -m training finetune --data photos --backbone-weights imagenet
    """
    from training.measure import backbones as measuring

    found = list(measuring.at_hand(folder))
    options.show(measuring.report(found), measuring.as_json(found) if as_json else None)
