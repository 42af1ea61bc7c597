"""`python -m training ...`: one module a command.

Nothing heavy is imported before a command runs, so that --help answers at once.
"""

from __future__ import annotations

import sys

import typer

from cnnhub import caches
from cnnhub.errors import CnnHubError
from training.cli import (
    backbones,
    evaluate,
    familiar,
    find_lr,
    finetune,
    framings,
    inspect,
    package,
    push,
    review,
    search,
    soup,
    transfer,
    unfold,
)
from training.cli.options import console
from training.data.words import escape

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: nothing is cut at 80 columns, and it is the same in a pipe
    help="Train models that `cnnhub.load` and the demo understand. Each command explains itself with --help.",
)
app.command()(inspect.inspect)
app.command()(review.review)
app.command("find-lr")(find_lr.find_lr)
app.command()(finetune.finetune)
for command in (search.search, evaluate.evaluate, framings.framings, soup.soup, familiar.familiar, push.push, package.package):
    app.command()(command)
app.command()(backbones.backbones)
app.command()(transfer.transfer)
app.command()(unfold.unfold)


def main() -> None:
    """Run the command; an expected error is said on standard error, and the exit status is 1."""
    if told := caches.ensure_writable():
        console.print(told, soft_wrap=True, markup=False, highlight=False)
    try:
        app()
    except CnnHubError as error:
        console.print(f"[red]{type(error).__name__}[/]: {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except OSError as error:  # a full disk, above all
        console.print(
            f"[red]The system refused:[/] {escape(str(error))}. What was written before stays.", highlight=False, soft_wrap=True
        )
        sys.exit(1)
