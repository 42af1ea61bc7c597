"""`python -m training familiar`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

Model = Annotated[str, typer.Option(help="A built-in name or a folder (./runs/mine).")]
Ood = Annotated[list[Path] | None, typer.Option(help="Pictures of none of the labels, to count how many it notices.")]


def familiar(
    model: Model,
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    ood: Ood = None,
) -> None:
    """Teach a model to notice pictures of nothing that it knows, better than by its energy alone.

    Keeps the embeddings of 256 training pictures in familiar.safetensors, and in config.json the threshold above which 5 % of
    validation's own pictures lie. Run it again whenever the weights have changed. It never opens test.

    Example: python -m training familiar --model flowers --data ../shared/data/flowers --ood ../shared/data/cats-vs-dogs
    """
    from training.fit.familiar import learn

    source = options.choose(task, data, dataset, image_column, label_column).source
    print(json.dumps(learn(model, source, ood or (), options.command_line()).as_json()))
