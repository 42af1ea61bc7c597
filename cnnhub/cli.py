"""The `cnnhub` command."""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

import cnnhub
from cnnhub.errors import CnnHubError, ImageError

IMAGE_SUFFIXES = frozenset(".jpg .jpeg .png .webp .gif .bmp .tif .tiff .ppm .pgm .avif .tga .jp2 .mpo".split())

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Meet convolutional networks: classify pictures, list models. Each command explains itself with --help.",
)


def main() -> None:
    """Run the command; an expected error is one line on standard error and exit status 2."""
    warnings.showwarning = lambda message, *_, **__: typer.echo(f"warning: {message}", err=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may be no text in this encoding
    try:
        app()
    except CnnHubError as error:
        typer.echo(f"error: {error}", err=True)
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


@app.command()
def predict(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE_OR_DIR...", help="Pictures, folders or http(s) URLs.")],
    model: Annotated[str, typer.Option(help="A built-in name, a folder (./runs/mine) or a Hub id.")] = "cats-vs-dogs",
    top_k: Annotated[int | None, typer.Option(min=1, help="Keep the K largest scores; the table shows 3.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each picture.")] = False,
) -> None:
    """Say what is in pictures.

    Folders are searched through, their pictures sorted by path. A picture that cannot be read is reported in its
    place; the others are still classified, and the exit status is 1 at the end.

    Examples:

    cnnhub predict cat.jpg

    cnnhub predict --model flowers --top-k 2 --json garden/
    """
    files = list(_expand(images))
    classifier = cnnhub.load(model)
    somebody_looks = len(files) >= 10 and sys.stderr.isatty()
    outcomes = classifier.predict_many(files, top_k=top_k, on_error="keep", progress=somebody_looks)
    failed = 0
    rows: list[tuple[str, cnnhub.Prediction | CnnHubError]] = []
    for file, outcome in zip(files, outcomes, strict=True):
        failed += isinstance(outcome, CnnHubError)
        if as_json:
            print(json.dumps(_record(file, outcome), ensure_ascii=False), flush=True)
        else:
            rows.append((file, outcome))
    if not as_json:
        _print_predictions(rows, top_k or 3)
    if failed:
        raise typer.Exit(1)


@app.command()
def models() -> None:
    """List the built-in models: labels, size, measured accuracy.

    Example: cnnhub models
    """
    from rich.table import Table

    from cnnhub.config import ModelConfig
    from cnnhub.hub import BUILTIN_FOLDER, CONFIG_NAME, WEIGHTS_NAME

    table = Table("name", "architecture", "labels", "size", "accuracy on test", title="built-in models")
    for name in cnnhub.builtin_models():
        config = ModelConfig.read(BUILTIN_FOLDER / name / CONFIG_NAME)
        size = (BUILTIN_FOLDER / name / WEIGHTS_NAME).stat().st_size / 1e6
        test = config.cnnhub.model_dump().get("metrics", {}).get("test")
        accuracy = f"{test['top1']:.1%} of {test['n']:,}" if test else "not measured"
        names = config.labels()
        shown = ", ".join(names) if len(names) <= 8 else f"{len(names):,} labels"
        table.add_row(name, config.architecture, shown, f"{size:.1f} MB", accuracy)
    _print(table)


def _expand(arguments: list[str]) -> Iterator[str]:
    """Files in the order given; of a folder, the pictures in it and below, by sorted path."""
    for argument in arguments:
        if not Path(argument).is_dir():
            yield argument
            continue
        found = sorted(str(p) for p in Path(argument).rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file())
        if not found:
            typer.echo(f"warning: the folder {argument} holds no pictures", err=True)
        yield from found


def _record(file: str, outcome: cnnhub.Prediction | CnnHubError) -> dict[str, object]:
    if isinstance(outcome, CnnHubError):
        return {"file": file, "error": str(outcome)}
    return {
        "file": file,
        "label": outcome.label,
        "probability": outcome.probability,
        "scores": outcome.scores,
    }


def _print_predictions(rows: list[tuple[str, cnnhub.Prediction | CnnHubError]], top_k: int) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("picture", "label", "probability", "next")
    for file, outcome in rows:
        if isinstance(outcome, ImageError):
            table.add_row(Text(file), Text("unreadable", style="red"), "", Text(str(outcome)))
        elif isinstance(outcome, cnnhub.Prediction):
            others = list(outcome.scores.items())[1:top_k]
            following = ", ".join(f"{label} {share:.1%}" for label, share in others)
            doubt = " (unfamiliar)" if outcome.is_unfamiliar else ""
            table.add_row(Text(file), Text(outcome.label + doubt), f"{outcome.probability:.1%}", Text(following))
    _print(table)


def _print(renderable: object) -> None:
    """On a terminal as rich draws it; into a pipe without colours and without cutting at 80 columns."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else 200).print(renderable)


if __name__ == "__main__":
    main()
