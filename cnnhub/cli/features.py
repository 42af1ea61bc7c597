"""`cnnhub features`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnhub.cli.output import needed, show_table, stem, waiting, with_bar, writing
from cnnhub.cli.predict import ModelOption, UnverifiedOption
from cnnhub.errors import OutputError

if TYPE_CHECKING:
    import torch

    from cnnhub import Classifier

FACTS_NAME = "features.json"
MAPS_NAME = "maps.npz"
LARGEST_GALLERY = 32_000_000  # values; a wide layer of large maps shows fewer channels than were asked for


class Format(StrEnum):
    """What is written of each layer."""

    png = "png"
    npz = "npz"


def features(
    image: Annotated[str | None, typer.Argument(metavar="IMAGE", help="A picture or an http(s) URL.")] = None,
    model: ModelOption = "cats-vs-dogs",
    layer: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A layer; may be given many times. Default: the model's stages.")
    ] = None,
    all_layers: Annotated[bool, typer.Option("--all-layers", help="Every layer whose output is a stack of maps.")] = False,
    list_layers: Annotated[bool, typer.Option("--list", help="Only list the layers and the stages.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="The folder to write. Default: ./PICTURE-features.")
    ] = None,
    format: Annotated[Format, typer.Option(help="Galleries to look at, or all channels as float32 numbers.")] = Format.png,
    channels: Annotated[int, typer.Option(min=1, help="How many channels a gallery shows at most, the most varied first.")] = 64,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a folder that this command wrote before.")] = False,
    allow_unverified: UnverifiedOption = False,
) -> None:
    """Write what a network's layers answer to one picture.

    PNG: one gallery a layer, its channels as tiles with their numbers, those first that vary most over the picture, on one
    scale. Layers that hold values below zero are drawn blue below zero, white at zero and red above; others from black
    (zero) to light yellow. The last colour stands for the |value| that 99.5 % of the values stay under; the few
    stronger ones have it too.

    NPZ: all channels of the layers in maps.npz, layer name -> (C, H, W) float32.

    features.json beside them tells each layer's shape, channel order and scale. The folder appears when all of it is
    written, or not at all.

    \b
    Examples:
      cnnhub features cat.jpg
      cnnhub features --list --model imagenet
      cnnhub features cat.jpg --model imagenet --layer blocks.1 --layer bn2 -o maps
      cnnhub features cat.jpg --all-layers --format npz -o numbers
    """
    import cnnhub

    if list_layers:
        _show_layers(cnnhub.load(model, allow_unverified=allow_unverified))
        return
    image = needed(image)
    folder = output or Path(f"{stem(image)}-features")
    _check_folder(folder, overwrite)
    with waiting(f"loading {model}"):
        classifier = cnnhub.load(model, allow_unverified=allow_unverified)
    names = list(dict.fromkeys(classifier.layers() if all_layers else layer or classifier.stages()))
    with waiting("looking at the picture"):
        maps = classifier.feature_maps(image, names)
    facts = {
        "image": image,
        "model": classifier.source,
        "architecture": classifier.config.architecture,
        "input_size": list(classifier.config.pretrained_cfg.input_size),
    }
    with writing(folder):
        rows = _write(folder, maps, facts, format, channels)
    show_table(("layer", "channels", "height", "width", "file"), rows)


def _show_layers(classifier: Classifier) -> None:
    stages = classifier.stages()
    rows = [
        (name, *map(str, shape), f"stage {stages.index(name) + 1}" if name in stages else "")
        for name, shape in classifier.layer_shapes().items()
    ]
    show_table(("layer", "channels", "height", "width", "stage"), rows)


def _write(
    folder: Path, maps: Mapping[str, torch.Tensor], facts: dict[str, Any], format: Format, channels: int
) -> list[tuple[str, ...]]:
    """Fill the folder -> a row for each layer: name, channels, height, width, file."""
    from cnnhub.files import atomic_folder, write_atomically

    with atomic_folder(folder) as temporary:
        if format is Format.npz:
            layers = _write_numbers(temporary, maps)
        else:
            numbered = with_bar(enumerate(maps.items(), 1), "drawing", len(maps))
            layers = [_write_gallery(temporary, number, name, values, channels) for number, (name, values) in numbered]
        text = json.dumps({**facts, "layers": layers}, indent=2, ensure_ascii=False)
        write_atomically(temporary / FACTS_NAME, text.encode() + b"\n")
    return [(item["layer"], *map(str, item["shape"]), str(folder / item["file"])) for item in layers]


def _write_numbers(folder: Path, maps: Mapping[str, torch.Tensor]) -> list[dict[str, Any]]:
    import numpy as np

    from cnnhub.files import atomic_file

    arrays: dict[str, Any] = {name: values.numpy() for name, values in maps.items()}
    with atomic_file(folder / MAPS_NAME) as file:
        np.savez(file, **arrays)
    return [{"layer": name, "shape": list(values.shape), "file": MAPS_NAME} for name, values in maps.items()]


def _write_gallery(folder: Path, number: int, layer: str, maps: torch.Tensor, most: int) -> dict[str, Any]:
    from cnnhub.channels import that_fit, varied_first
    from cnnhub.files import atomic_file
    from cnnhub.render import gallery, maps_scale

    count, height, width = maps.shape
    order = that_fit(varied_first(maps), maps, most, LARGEST_GALLERY)
    shown = maps[order]
    scale = maps_scale(shown, of=maps)
    title = f"{layer}: {len(order)} of {count} channels, the most varied first, {height} x {width}"
    file_name = f"{number:02d}-{re.sub(r'[^A-Za-z0-9_.-]', '_', layer)}.png"
    with atomic_file(folder / file_name) as file:
        gallery(shown, [str(channel) for channel in order], title, scale.limit, scale.is_signed).save(file, "PNG")
    facts = {"channels": order, "limit": scale.limit, "signed": scale.is_signed}
    return {"layer": layer, "shape": [count, height, width], "file": file_name, **facts}


def _check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a place that is taken before anything is computed; --overwrite takes only what this command wrote."""
    if folder.resolve() == Path.cwd():
        raise OutputError(f"{folder} is the folder you are in, which cannot be replaced as a whole. Name a new one in it.")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / FACTS_NAME).is_file():
        raise OutputError(f"{folder} exists and was not written by cnnhub features. Choose another --output.")
    if not overwrite:
        raise OutputError(f"{folder} exists. Choose another --output, or replace it with --overwrite.")
