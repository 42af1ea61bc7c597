"""The `cnnhub` command: one module a command, each of which parses, calls the library and shows the result.

Nothing heavy is imported before a command runs, so that `cnnhub --help` and completion answer at once.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from typing import Annotated

import typer

import cnnhub
from cnnhub import caches
from cnnhub.cli import anatomy, doctor, explain, export, features, filter, models, predict
from cnnhub.errors import CnnHubError, printable

# Help is plain text: the same on a terminal and in a pipe.
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""Meet convolutional networks: classify pictures, look inside, list models.

    Each command explains itself with --help. What is piped is plain: lines of columns separated by tabs, or JSON.

    \b
    Examples:
      cnnhub predict photos/
      cnnhub features cat.jpg
      cnnhub filter cat.jpg --kernel sobel_x
    """,
)
for command in (
    predict.predict,
    features.features,
    filter.filter,
    anatomy.anatomy,
    explain.explain,
    models.models,
    models.info,
    export.export,
    doctor.doctor,
):
    app.command()(command)


def main() -> None:
    """Run the command; an expected error is one line on standard error and exit status 2."""
    warnings.showwarning = lambda message, *_, **__: typer.echo(f"warning: {printable(str(message))}", err=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may be no text in this encoding
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if told := caches.ensure_writable():
        typer.echo(f"warning: {printable(told)}", err=True)
    try:
        app(prog_name="cnnhub")
    except CnnHubError as error:
        _fail(str(error))
    except BrokenPipeError:
        raise  # typer's own way: quiet, exit status 1
    except OSError as error:  # of standard output; files are read and written under the library's own errors
        _fail(f"The output cannot be written: {error}.")


def _fail(message: str) -> None:
    typer.echo(f"error: {printable(message)}", err=True)
    sys.exit(2)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cnnhub {cnnhub.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass
