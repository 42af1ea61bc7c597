"""`python -m training inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options
from training.fit.defaults import FINE_TUNING
from training.fit.recipe import Recipe


def inspect(
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    augment: Annotated[bool, typer.Option("--augment", help="Show what augmentation makes of a few pictures.")] = False,
    output: Annotated[Path | None, typer.Option(help="The contact sheet (.html), or the folder for it; runs by default.")] = None,
    as_json: options.Json = False,
) -> None:
    """Look at a dataset before training: counts, balance, broken pictures, copies (across splits too), a contact sheet.

    Exits with status 1 where the same picture lies in two splits.

    \b
    Example:
      python -m training inspect --data photos --augment
    """
    from training.data import inspection

    chosen = options.choose(task, data, dataset, image_column, label_column)
    place = output or Path("runs")
    sheet = place if place.suffix in (".html", ".htm") else place / f"inspect-{chosen.name}.html"
    found = inspection.inspect(chosen.source, sheet, Recipe(**FINE_TUNING).augmentation() if augment else None)
    options.show(inspection.report(found), found.as_json() if as_json else None)
    if found.leaks:
        raise SystemExit(1)
