"""`python -m training find-lr`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from training.cli import options
from training.fit.recipe import Recipe, Run

Output = Annotated[Path | None, typer.Option(help="The model's folder, for the curve; runs/TASK by default.")]
Steps = Annotated[int, typer.Option(min=10, help="Steps, each at a higher rate.")]


def find_lr(
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    output: Output = None,
    backbone: options.Backbone = Recipe.backbone,
    backbone_weights: options.BackboneWeights = None,
    from_scratch: options.FromScratch = False,
    model_arg: options.ModelArg = None,
    size: options.Size = None,
    batch_size: options.BatchSize = Recipe.batch_size,
    precision: options.Precision = Recipe.precision,
    steps: Steps = 100,
    seed: options.Seed = Recipe.seed,
    fix_leaks: options.FixLeaks = False,
    workers: options.Workers = 2,
    as_json: options.Json = False,
) -> None:
    """Draw training loss against the learning rate, and suggest finetune's --lr. Takes a minute or two; keeps no weights.

    Example: python -m training find-lr flowers --data ../shared/data/flowers
    --backbone-weights ../shared/pretrained/mobilenetv2_100/model.safetensors
    """
    from training.fit.find_lr import find_lr as run
    from training.measure import plots

    chosen = options.choose(task, data, dataset, image_column, label_column)
    output = output or Path("runs") / chosen.name
    recipe = Recipe(backbone, options.model_args(model_arg), size=size, batch_size=batch_size, precision=precision, seed=seed)
    where = Run(output, workers=workers, fix_leaks=fix_leaks)
    found = run(chosen.source, options.weights(backbone_weights, from_scratch), recipe, where, options.console, steps)
    curve = output / "run" / "lr.png"
    plots.lr_curve(found.rates, found.losses, found.suggestion, curve)
    line = f"--lr {found.suggestion:.1e}    (a tenth of the rate with the smallest loss; the curve: {curve})"
    figures = {"suggestion": found.suggestion, "rates": found.rates, "losses": found.losses, "curve": str(curve)}
    options.show([escape(line)], figures if as_json else None)
