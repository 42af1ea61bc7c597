"""`cnnhub explain`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cnnhub.cli.output import show_table, stem, waiting, writing
from cnnhub.cli.predict import ModelOption, UnverifiedOption


class Method(StrEnum):
    """How the map is made."""

    auto = "auto"
    cam = "cam"
    gradcam = "gradcam++"
    layercam = "layercam"
    occlusion = "occlusion"


def explain(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="A picture or an http(s) URL.")],
    model: ModelOption = "cats-vs-dogs",
    label: Annotated[str | None, typer.Option(help="Any label of the model; the most probable one without it.")] = None,
    method: Annotated[Method, typer.Option(help="auto: cam where the head allows it exactly, else layercam.")] = Method.auto,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: ./PICTURE-why.png.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object, with the map's numbers; a picture only with -o.")
    ] = False,
    allow_unverified: UnverifiedOption = False,
) -> None:
    """Show where in a picture the evidence for a label lies, and whether that tells the truth.

    The photo is drawn in grey, the map over it in colours from black (nothing) to light yellow (most). Whether the map points
    at what decides is measured: the most important twelfths of the picture are blurred one after the other (deletion: the
    probability should fall early), or brought back into a blurred picture (insertion: it should rise early).

    \b
    Examples:
      cnnhub explain dog.jpg
      cnnhub explain cat-and-dog.jpg --label dog -o why.png
      cnnhub explain photo.jpg --model imagenet --method occlusion --json
    """
    import cnnhub
    from cnnhub import results
    from cnnhub.render import captioned, overlay

    with waiting(f"loading {model}"):
        classifier = cnnhub.load(model, allow_unverified=allow_unverified)
    with waiting("looking for the evidence"):
        picture = cnnhub.open_image(image)
        found = cnnhub.explain(classifier, picture, label, method.value)
    told = found.faithfulness
    assert told is not None
    path = output or (None if as_json else Path(f"{stem(image)}-why.png"))
    if path:
        from cnnhub.files import atomic_file

        title = f"{found.label} {found.probability:.1%}, {found.method}{f' at {found.layer}' if found.layer else ''}, {model}"
        with writing(path), atomic_file(path) as file:
            captioned(overlay(picture, found.over()), title).save(file, "PNG")
    facts = {
        "label": found.label,
        "probability": found.probability,
        "method": found.method,
        "layer": found.layer,
        "deletion_area": told.deletion_area,
        "insertion_area": told.insertion_area,
    }
    if as_json:
        more = {"deletion": told.deletion, "insertion": told.insertion, "box": found.box, "map": found.map.tolist()}
        typer.echo(results.line({**facts, **more}))
    else:
        rows = [(name, f"{value:.4f}" if isinstance(value, float) else str(value)) for name, value in facts.items()]
        show_table(("", ""), [*rows, ("picture", str(path))])
