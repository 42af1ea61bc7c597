"""`cnnhub anatomy`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnhub.cli import completion
from cnnhub.cli.output import shape_text, show_table, waiting, writing
from cnnhub.errors import printable

if TYPE_CHECKING:
    from cnnhub.anatomy import Anatomy, Row


def anatomy(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A built-in name, a folder, a Hub id, or an architecture of timm or torchvision (torchvision:vgg16).",
            autocompletion=completion.models,
        ),
    ],
    input_size: Annotated[
        tuple[int, int, int] | None, typer.Option("--input", metavar="C H W", help="The input; the network's own without it.")
    ] = None,
    num_classes: Annotated[int | None, typer.Option(min=1, help="Of an architecture; a model has its own.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures a step, for the memory that training takes.")] = 32,
    keras: Annotated[
        bool, typer.Option("--keras", help="As Keras' summary() shows networks: (None, H, W, C), parameters.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Draw it as well: an SVG.")] = None,
) -> None:
    """List every layer of a network in forward order: shapes, parameters, multiply-adds, memory and receptive field.

    Additions, concatenations and flattening are rows too. A receptive field is the rectangle of input pixels that a unit sees;
    after global pooling or attention that is the whole picture, and after attention in windows it has no single size.
    Multiply-adds are those of convolutions and matrix products, for one picture; memory is of float32.

    \b
    Examples:
      cnnhub anatomy cats-vs-dogs
      cnnhub anatomy torchvision:vgg16 --keras
      cnnhub anatomy convnext_tiny --input 3 288 288 --json
      cnnhub anatomy resnet18 -o resnet18.svg
    """
    from cnnhub.anatomy import of

    with waiting(f"following a picture through {source}"):
        found = of(source, input_size, num_classes)
    if output:
        from cnnhub.files import write_atomically
        from cnnhub.schematic import svg

        with writing(output):
            write_atomically(output, svg(found, f"{source}: {found.params:,} parameters").encode())
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    elif keras:
        _show_as_keras(source, found)
    else:
        show_table(
            ("layer", "kind", "window", "input", "output", "parameters", "multiply-adds", "memory", "sees"),
            [_cells(row) for row in found.rows],
        )
        show_table(("", ""), _totals(found, batch))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.kind,
        _window(row),
        shape_text(row.input_shape),
        shape_text(row.output_shape) + ("" if row.layout in ("maps", "numbers") else f" ({row.layout})"),
        f"{row.params:,}",
        f"{row.macs:,}",
        _bytes(row.activation_bytes),
        sees(row),
    )


def sees(row: Row) -> str:
    """The receptive field in words."""
    if row.sees is None:
        return "nothing of the picture"
    return (
        row.sees if isinstance(row.sees, str) else f"{_by(row.sees.size)}, every {_by(row.sees.stride)}, from {row.sees.start[0]}"
    )


def _window(row: Row) -> str:
    if row.kernel is None:
        return ""
    parts = [_by(row.kernel)]
    parts += [f"stride {_by(row.stride)}"] if row.stride and row.stride != (1, 1) else []
    parts += [f"padding {_by(row.padding)}"] if row.padding and row.padding != (0, 0) else []
    parts += [f"dilation {_by(row.dilation)}"] if row.dilation and row.dilation != (1, 1) else []
    parts += [f"{row.groups} groups"] if row.groups and row.groups > 1 else []
    return ", ".join(parts)


def _totals(found: Anatomy, batch: int) -> list[tuple[str, str]]:
    totals = [
        ("parameters", f"{found.params:,} ({_bytes(4 * found.params)})"),
        ("of them trainable", f"{found.trainable_params:,}"),
        ("multiply-adds", f"{found.macs:,}"),
        ("activations", _bytes(found.activation_bytes())),
        (
            f"training on {batch}",
            f"at most {_bytes(found.training_bytes(batch))}: activations, weights, gradients, AdamW's moments",
        ),
    ]
    return totals + ([("unused here", f"{found.unused:,} parameters, of heads for training for example")] if found.unused else [])


def _show_as_keras(source: str, found: Anatomy) -> None:
    print(f'Model: "{printable(source)}"')
    line = "_" * 88
    print(f"{line}\n{'Layer (type)':44}{'Output Shape':28}{'Param #':>16}\n{'=' * 88}")
    for row in found.rows:
        shape = row.output_shape
        theirs = (None, *shape[1:], shape[0]) if row.layout.startswith("maps") else (None, *shape)
        print(f"{f'{row.name} ({row.kind})':44}{str(theirs):28}{row.params:>16}")
    print("=" * 88)
    print(f"Total params: {found.params:,}\nTrainable params: {found.trainable_params:,}")
    print(f"Non-trainable params: {found.params - found.trainable_params:,}")


def _by(value: tuple[int, int]) -> str:
    return str(value[0]) if value[0] == value[1] else f"{value[0]} x {value[1]}"


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"
