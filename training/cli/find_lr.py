"""`python -m training find-lr`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from training.cli import options
from training.cli.finetune import finetune
from training.data.words import escape
from training.fit.recipe import Run


@options.like(finetune)
def find_lr(
    steps: Annotated[int, typer.Option(min=10, help="find-lr: steps, each at a higher rate.")] = 100,
    as_json: options.Json = False,
    **settings: Any,
) -> None:
    """Draw training loss against the learning rate, and suggest finetune's --lr. Takes a minute or two; keeps no weights.

    It takes all that finetune takes, so that its command line can be tried as it stands. What has no bearing on a hundred steps
    at rising rates is not used: --epochs, --lr, --warmup-epochs, --mixup, --ema-decay, --patience, --blend, --resume,
    --overwrite, --max-minutes and --checkpoint-steps.

    \b
    Example:
      python -m training find-lr --data photos --backbone-weights imagenet
    """
    from training.fit.find_lr import find_lr as run
    from training.measure import plots

    asked = options.asked(settings)
    output = settings["output"] or Path("runs") / asked.chosen.name
    where = Run(output, workers=settings["workers"], fix_leaks=settings["fix_leaks"])
    found = run(asked.chosen.source, asked.weights, asked.recipe, where, options.console, steps)
    curve = output / "run" / "lr.png"
    plots.lr_curve(found.rates, found.losses, found.suggestion, curve)
    line = f"--lr {found.suggestion:.1e}    (a tenth of the rate with the smallest loss; the curve: {curve})"
    figures = {"suggestion": found.suggestion, "rates": found.rates, "losses": found.losses, "curve": str(curve)}
    options.show([escape(line)], figures if as_json else None)
