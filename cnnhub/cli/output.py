"""How commands show things: on a terminal as rich draws them, in a pipe as plain lines."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import typer

from cnnhub.errors import OutputError, printable

Item = TypeVar("Item")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], unbroken: str | None = None) -> None:
    """On a terminal a table with a head; in a pipe each row as it comes, its cells separated by tabs, without a head.

    Args:
        unbroken: the column whose cells stay on one line, however narrow the terminal is.
    """
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(printable(cell) for cell in row), flush=True)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column == unbroken)  # a name is to be copied, whole
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)


def with_bar(items: Iterable[Item], doing: str, total: int) -> Iterator[Item]:
    """The same items, with a bar on standard error while they are consumed, if somebody looks."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, doing, total=total, console=Console(stderr=True), transient=True)


@contextmanager
def waiting(doing: str) -> Iterator[Callable[[str], None]]:
    """A spinner on standard error while the block runs, if somebody looks; what is given says what is done now."""
    if not sys.stderr.isatty():
        yield lambda doing: None
        return
    from rich.console import Console

    with Console(stderr=True).status(doing) as status:
        yield status.update


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A block that writes to `path`; what the system refuses becomes an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}. Nothing was left there; choose another --output."
        ) from error


def stem(image: str) -> str:
    """A picture's name without folders and suffix; of a URL its last part.

    >>> stem("photos/cat.jpg"), stem("https://example.com/a/dog.png?size=2")
    ('cat', 'dog')
    """
    return Path(re.split("[?#]", image)[0] if "://" in image else image).stem or "picture"


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as it is read; of a single number 1.

    >>> shape_text((32, 3, 3, 3)), shape_text(())
    ('32 x 3 x 3 x 3', '1')
    """
    return " x ".join(map(str, shape)) or "1"


def needed(image: str | None) -> str:
    """The argument IMAGE, which only --list may do without."""
    if image is None:
        raise typer.BadParameter("a picture is needed", param_hint="IMAGE")
    return image
