"""`python -m training framings`."""

from __future__ import annotations

from typing import Annotated

import typer

from training.cli import options


def framings(
    model: Annotated[str, typer.Option(help="A built-in name, a folder (./runs/mine) or a Hub id.")],
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    review: options.Review = None,
    split: Annotated[str, typer.Option(help="validation or train.")] = "validation",
    seed: options.Seed = 0,
    as_json: options.Json = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures at once.")] = 32,
) -> None:
    """How much accuracy is lost where pictures are framed as people frame them, not as a dataset does.

    The subject small or cut off, the picture turned by 10 degrees, dim, saved at JPEG quality 30, or a screenshot. The same
    seed gives every model the same pictures.

    \b
    Example:
      python -m training framings --model cats-vs-dogs --data photos
    """
    from training.measure import framings as measuring

    source = options.choose(task, data, dataset, image_column, label_column, review).source
    found = measuring.measure(model, source, split, batch_size, seed)
    options.show(measuring.report(found), found.as_json() if as_json else None)
