"""`python -m training search`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from training.cli import options
from training.cli.finetune import finetune
from training.data.words import escape
from training.fit.recipe import Run
from training.fit.stops import Stopped, interruptible

_OWN = ("--trials", "--epochs", "--output")  # each with a value, and none that the command of the best takes over
_FLAGS = ("--json", "--resume", "--overwrite")

Output = Annotated[Path | None, typer.Option(help="Folder of what it found; runs/search-TASK by default.")]
Epochs = Annotated[int | None, typer.Option(min=0, help="Of a trial that is not ended early, all layers; 8 by default.")]


@options.like(finetune)
def search(
    trials: Annotated[int, typer.Option(min=1, help="search: recipes to try, the default one first.")] = 12,
    output: Output = None,
    epochs: Epochs = None,
    as_json: options.Json = False,
    **settings: Any,
) -> None:
    """Try recipes, and print the finetune command of the best. Keeps no weights; the test split is never opened.

    Searched are --lr, --layer-decay, --freeze-batch-norm, --augment (the strength N of rand-mN), --size, --mixup and
    --label-smoothing: those of them that are not given. Each trial trains all layers for up to --epochs (8) epochs; at a quarter
    and at a half of them those are ended that fall behind the better half (successive halving). The smallest cross-entropy on
    validation wins. Trials share phase one's features and one --seed.

    Ctrl-C loses the trial that is running; the same command with --resume goes on, also with more --trials. --output holds
    search.json, table.md and search.png. Not used, but for the command that is printed: --blend, --patience, --max-minutes and
    --checkpoint-steps.

    \b
    Example:
      python -m training search --data photos --backbone-weights imagenet
    """
    from training.fit.search import search as run_trials
    from training.fit.suggest import SEARCHED
    from training.measure import plots
    from training.measure import trials as tried

    asked = options.asked({**settings, "epochs": epochs})
    output = output or Path("runs") / f"search-{asked.chosen.name}"
    run = Run(output, settings["resume"], settings["overwrite"], workers=settings["workers"], fix_leaks=settings["fix_leaks"])
    free = {name for name in SEARCHED if settings[name] is None}
    try:
        with interruptible():
            found = run_trials(asked.chosen.source, asked.weights, asked.recipe, free, run, trials, options.console)
    except Stopped as stopped:
        again = escape(f"{options.command_line()} --resume")
        options.console.print(f"Stopped by {stopped}; the trials before this one stay. Go on with:\n{again}", soft_wrap=True)
        raise SystemExit(stopped.status) from None
    assert found.best
    best = {**found.best.settings, "epochs": len(found.best.epochs)}
    command = options.command_line(["finetune", *_kept(sys.argv[2:]), *tried.options_of(best)])
    plots.search(found.trials, output / "search.png")
    (output / "table.md").write_text(tried.markdown(found, command), encoding="utf-8")
    parts: list[RenderableType] = [tried.table(found), f"The best is trial {found.best.number}. Train with it:", command]
    options.show(parts, {**found.as_json(), "command": command} if as_json else None)


def _kept(arguments: list[str]) -> list[str]:
    """A search's arguments without those that are its own.

    >>> _kept(["flowers", "--trials", "5", "--json", "--epochs=2", "--lr", "0.1"])
    ['flowers', '--lr', '0.1']
    """
    kept, given = [], iter(arguments)
    for argument in given:
        if argument in _OWN:
            next(given, None)
        elif argument not in _FLAGS and argument.partition("=")[0] not in _OWN:
            kept.append(argument)
    return kept
