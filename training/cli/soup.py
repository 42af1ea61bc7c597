"""`python -m training soup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options


def soup(
    model: Annotated[list[Path], typer.Option(help="The folder of a finished finetune run, once for each.")],
    output: Annotated[Path, typer.Option(help="Folder of the new model.")],
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    review: options.Review = None,
) -> None:
    """Average the weights of models fine-tuned from the same backbone: often better than each, and as fast as one.

    The best on validation comes first, and each other one is kept where it makes the validation loss smaller (a greedy model
    soup). Runs of other seeds, rates or augmentation fit together, best with --freeze-batch-norm. It never opens test.

    \b
    Example:
      python -m training soup --model a --model b --output soup --data photos
    """
    from training.fit.soup import cook
    from training.release import card

    chosen = options.choose(task, data, dataset, image_column, label_column, review)
    config = cook(model, chosen.source, output, chosen.name, options.recorded_command(), options.console)
    card.write(output, chosen.name, config, chosen.task)
    line = f"Saved. Load it with: cnnhub.load({card.as_source(output)!r})"
    options.console.print(line, soft_wrap=True, markup=False, highlight=False)
