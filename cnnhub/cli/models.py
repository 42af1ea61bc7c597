"""`cnnhub models` and `cnnhub info`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cnnhub.cli import completion
from cnnhub.cli.output import show_table
from cnnhub.errors import printable

if TYPE_CHECKING:
    from cnnhub.hub.catalogue import Card, Entry

MOST_LABELS = 8  # more are only counted


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
) -> None:
    """Show a model's facts and its card.

    Of a model on the Hub the description and the card are fetched, never the weights. In a pipe: lines of a fact's name
    and the fact, separated by a tab, an empty line, and the card as it was written, in Markdown.

    \b
    Examples:
      cnnhub info flowers
      cnnhub info ./runs/mine
      cnnhub info timm/resnet18.a1_in1k | less
    """
    from cnnhub.hub.catalogue import describe

    entry = describe(source)
    show_table(("", ""), _facts(entry))
    _show_card(entry.card)


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
