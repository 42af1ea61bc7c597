"""`python -m training familiar`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def familiar(
    model: Annotated[str, typer.Option(help="A built-in name or a folder (./runs/mine).")],
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    review: options.Review = None,
    unlike: Annotated[
        list[Path] | None,
        typer.Option(help="Pictures of none of the labels, to learn from: a folder or a parquet file; may be given again."),
    ] = None,
    probe_alone: Annotated[
        bool,
        typer.Option("--probe-alone", help="For a model many of whose labels the pictures lack: count the probe only."),
    ] = False,
    ood: Annotated[list[Path] | None, typer.Option(help="Pictures of none of the labels, to count how many it notices.")] = None,
) -> None:
    """Teach a model to notice pictures of nothing that it knows, better than by its energy alone.

    Keeps the embeddings of 256 training pictures and a linear probe in familiar.safetensors, and in config.json the threshold
    above which 5 % of validation's own pictures lie. The probe learns from train, from drawings of nothing, and from the pictures
    given with --unlike: the more kinds, the better. Run it again whenever the weights have changed. It never opens test.

    \b
    Example:
      python -m training familiar --model ./mine --data photos --unlike others
    """
    from training.fit.familiar import learn

    source = options.choose(task, data, dataset, image_column, label_column, review).source
    print(json.dumps(learn(model, source, unlike or (), ood or (), options.recorded_command(), probe_alone)))
