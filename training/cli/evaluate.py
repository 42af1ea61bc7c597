"""`python -m training evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

Ood = Annotated[
    list[Path] | None,
    typer.Option(help="Pictures of none of the labels (a file, a folder, a parquet file), to see whether the model notices."),
]
Output = Annotated[
    Path | None, typer.Option(help="Folder of the plots and the contact sheet; run/evaluation in the model's by default.")
]


def evaluate(
    model: Annotated[str, typer.Option(help="A built-in name, a folder (./runs/mine) or a Hub id.")],
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    review: options.Review = None,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    ood: Ood = None,
    output: Output = None,
    as_json: options.Json = False,
    record: Annotated[bool, typer.Option("--record", help="Write the figures into the model folder's config and card.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures at once.")] = 32,
    mirror: Annotated[
        bool,
        typer.Option("--mirror", help="Measure too what the model answers to each picture and its mirror image together."),
    ] = False,
) -> None:
    """Measure a model on one split: accuracy, errors by label, how far its probabilities hold, whether it notices strangers.

    Writes confusion_matrix.png, reliability.png and a contact sheet of the largest losses and likely wrong labels. On
    validation, temperature and threshold are fitted anew, and --record keeps them. Each look at test is logged.

    \b
    Example:
      python -m training evaluate --model flowers --data photos
    """
    from training.measure.evaluate import evaluate as run
    from training.measure.evaluate import folder_for
    from training.measure.report import report
    from training.release import card

    source = options.choose(task, data, dataset, image_column, label_column, review).source
    if record:
        card.recordable(model)
    found = run(model, source, split, batch_size, ood or (), output or folder_for(model), mirror=mirror)
    options.show(report(found), found.as_json() if as_json else None)
    if record:
        card.record(model, found, options.recorded_command())
