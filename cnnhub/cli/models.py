"""`cnnhub models` and `cnnhub info`."""

from __future__ import annotations

import math
import shutil
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnhub.cli import completion
from cnnhub.cli.output import shape_text, show_table, waiting
from cnnhub.errors import printable

if TYPE_CHECKING:
    from cnnhub.hub.catalogue import Card, Entry
    from cnnhub.weights import Summary

MOST_LABELS = 8  # more are only counted
MOST_ROWS, CELL = 40, 13  # of a tensor on a terminal: rows, and characters that a column takes
MOST_NUMBERS = 1_000_000  # of a tensor in a pipe
BLOCKS = " ▁▂▃▄▅▆▇█"


def models() -> None:
    """List the models that are on this machine: built in, and in the Hub's cache.

    A cached model is an image classifier in timm's layout, of any origin; each of its revisions has a line. The accuracy
    is what the card's model-index says, measured by whoever wrote the card. `cnnhub info` fetches a card.

    \b
    Examples:
      cnnhub models
      cnnhub models | cut -f1
    """
    from cnnhub.hub.catalogue import builtin_entries, cached_entries

    columns = ("name", "revision", "architecture", "labels", "weights", "accuracy, by its card")
    show_table(columns, [_row(entry) for entry in (*builtin_entries(), *cached_entries())])


def info(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A built-in name, a folder or a Hub id.", autocompletion=completion.models)
    ],
    weights: Annotated[bool, typer.Option("--weights", help="List the tensors of its file of weights instead.")] = False,
    tensor: Annotated[str | None, typer.Option(metavar="NAME", help="Show one of them as a table of numbers.")] = None,
    part: Annotated[
        int | None, typer.Option("--slice", metavar="N", help="Of a kernel: which input channel, from 0. Default: 0.")
    ] = None,
) -> None:
    """Show a model's facts and its card, or the numbers in its file of weights.

    Of a model on the Hub the description and the card are fetched; its weights with --weights and --tensor alone. In a
    pipe: lines of a fact's name and the fact, separated by a tab, an empty line, and the card as it was written, in
    Markdown.

    --weights lists each tensor: its name, shape, type, smallest, mean and largest number, and how its numbers are
    spread over 16 equally wide bins from the smallest to the largest. On a terminal these are drawn, as high as the
    square root of the count; in a pipe they are counts.

    --tensor cuts a kernel (out, in, height, width) into one slice for each input channel: a row is an output channel,
    a column a place in the window (row,column). Of a matrix, and of a kernel 1 x 1, a row is an output and a column an
    input. A terminal gets as much as fits, a pipe at most a million numbers, each row after its own number; what was
    left out is said on standard error.

    \b
    Examples:
      cnnhub info flowers
      cnnhub info ./runs/mine
      cnnhub info timm/resnet18.a1_in1k | less
      cnnhub info flowers --weights
      cnnhub info flowers --tensor conv_stem.weight --slice 2
    """
    if tensor is not None and weights:
        raise typer.BadParameter("give one of the two", param_hint="--weights / --tensor")
    if tensor is None and part is not None:
        raise typer.BadParameter("which tensor? Give --tensor NAME", param_hint="--slice")
    if tensor is not None:
        _show_tensor(source, tensor, part or 0)
        return
    if weights:
        _show_weights(source)
        return
    from cnnhub.hub.catalogue import describe

    entry = describe(source)
    show_table(("", ""), _facts(entry))
    _show_card(entry.card)


def _show_weights(source: str) -> None:
    from cnnhub.weights import summaries

    with waiting(f"reading {source}"):
        found = summaries(source)
    columns = ("name", "shape", "type", "smallest", "mean", "largest", "spread")
    show_table(columns, [_tensor_row(each) for each in found], unbroken="spread")


def _tensor_row(found: Summary) -> tuple[str, ...]:
    numbers = ("" if value is None else f"{value:.4g}" for value in (found.least, found.mean, found.largest))
    broken = f" and {found.broken:,} not finite" if found.broken else ""
    return found.name, shape_text(found.shape), found.dtype, *numbers, _spread(found.counts) + broken


def _spread(counts: tuple[int, ...]) -> str:
    if not sys.stdout.isatty():
        return " ".join(map(str, counts))
    most = max(*counts, 1)
    return "".join(BLOCKS[math.ceil((len(BLOCKS) - 1) * math.sqrt(count / most))] for count in counts)


def _show_tensor(source: str, name: str, part: int) -> None:
    from cnnhub.weights import Grid, tensor

    with waiting(f"reading {source}"):
        values = tensor(source, name)
    grid = Grid.of(values, part)
    is_terminal = sys.stdout.isatty()
    fit = max(1, shutil.get_terminal_size().columns // CELL - 1)
    most = (MOST_ROWS, fit) if is_terminal else (max(1, MOST_NUMBERS // max(1, len(grid.columns))), MOST_NUMBERS)
    shown = grid.values[: most[0], : most[1]]
    show_table(("", *grid.columns[: most[1]]), (_cells(number, row, is_terminal) for number, row in enumerate(shown)))
    told = f"{name}, {shape_text(values.shape)}"
    told += f": slice {part} of {grid.parts}, from 0" if grid.parts > 1 else ""
    if shown.shape != grid.values.shape:
        told += f"; the first {shape_text(shown.shape)} of its {shape_text(grid.values.shape)} numbers are shown"
        told += ", a pipe gets more" if is_terminal else ""
    typer.echo(f"{printable(told)}.", err=True)


def _cells(number: int, row: Any, is_terminal: bool) -> list[str]:
    """A row's number and its numbers, in a pipe with all their digits."""
    return [str(number), *(f"{value:.4g}" if is_terminal else str(value) for value in row)]


def _row(entry: Entry) -> tuple[str, ...]:
    return entry.name, entry.revision, entry.config.architecture, _labels(entry), _size(entry), _accuracy(entry.card)


def _facts(entry: Entry) -> list[tuple[str, str]]:
    config, metadata = entry.config, entry.card.metadata if entry.card else {}
    height, width = config.pretrained_cfg.input_size[1:]
    return [
        ("name", entry.name),
        ("revision", entry.revision),
        ("architecture", config.architecture),
        ("labels", _labels(entry)),
        ("input", f"{width} x {height} pixels"),
        ("weights", _size(entry)),
        ("licence", str(metadata.get("license", "not stated"))),
        ("accuracy, by its card", _accuracy(entry.card)),
    ]


def _show_card(card: Card | None) -> None:
    print()
    if card is None:
        print("It has no card (README.md).")
        return
    text = printable(card.text, keep="\n\t")
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text, hyperlinks=False))  # a link's address is to be seen


def _labels(entry: Entry) -> str:
    names = entry.config.label_names
    if names is None or len(names) > MOST_LABELS:
        return f"{entry.config.num_classes:,} labels"
    return ", ".join(names)


def _size(entry: Entry) -> str:
    return "not downloaded" if entry.weights_bytes is None else f"{entry.weights_bytes / 1e6:.1f} MB"


def _accuracy(card: Card | None) -> str:
    if card is None:
        return "no card here"
    found = card.accuracy
    return f"{found.value:.2%} ({found.on})" if found else "not stated"
