"""`python -m training transfer`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def transfer(
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    review: options.Review = None,
    model: Annotated[str, typer.Option(help="Whose backbone stays frozen: a built-in name, a folder or a Hub id.")] = "imagenet",
    count: Annotated[
        list[int] | None, typer.Option(min=1, help="Training pictures in total, once for each; 10, 50, 200 and 1000 by default.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How often each is repeated, with other pictures and weights.")] = 5,
    epochs: Annotated[int, typer.Option(min=1, help="Of the network from scratch.")] = 40,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the figures there, as JSON.")] = None,
    as_json: options.Json = False,
) -> None:
    """Measure what a trained backbone is worth: a new head on its frozen features against a small network from scratch.

    Both learn from the same few pictures and are measured on validation; test is never opened.

    \b
    Example:
      python -m training transfer --data photos --output transfer.json
    """
    from cnnhub.files import write_atomically
    from training.data.writable import check_writable
    from training.fit import transfer as measuring

    source = options.choose(task, data, dataset, image_column, label_column, review).source
    if output:
        check_writable(output.parent)
    command = options.recorded_command()
    found = measuring.measure(source, model, count or measuring.COUNTS, seeds, epochs, command, options.console)
    if output:
        write_atomically(output, (json.dumps(found.as_json(), indent=1, ensure_ascii=False) + "\n").encode())
    options.show(measuring.report(found), found.as_json() if as_json else None)
