"""`python -m training review`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnhub.errors import CnnHubError
from training.cli import options

if TYPE_CHECKING:
    from training.fit.review import Planted, Reviewed

Backbones = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SOURCE",
        help="A built-in model or a model's folder whose features are looked at; imagenet by default. Given again, what they "
        "all see counts, which finds more.",
    ),
]
Accept = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="PROBABILITY",
        help="Write review.csv without a person: labels become the answers that have at least this probability; dropped are "
        "pictures unlike all others that are not answered with their label, and all copies but one. 0.9 is careful.",
    ),
]
Plant = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=0.5,
        metavar="SHARE",
        help="Write nothing, but give so many of the pictures wrong labels first, such as 0.03, and say how many the list finds.",
    ),
]


def review(
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Parts of the pictures; each is answered by the others' head.")] = 5,
    backbone_weights: Backbones = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the page and the features; runs/review-NAME by default.")] = None,
    accept: Accept = None,
    plant: Plant = None,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Find wrong labels, pictures of something else and copies in train and validation; a page where you decide by keyboard.

    Linear heads on features of a frozen network answer every picture, each fitted to other pictures than those it answers. The
    features are kept, so the second time takes seconds. Open the page: likely wrong labels come first; keep, relabel or drop
    each (the keys stand on top, the browser remembers), and save review.csv. Nothing changes until you train with it:

    \b
    Example:
      python -m training review --data photos
      python -m training finetune --data photos --review review.csv

    Train and validation follow the decisions, each picture named by the hash of its bytes; test is never opened and never
    changed. `evaluate`, `framings`, `familiar` and `soup` take --review too.

    \b
    How far the list can be trusted on your pictures:
      python -m training review --data photos --plant 0.03
    """
    from training.fit import review as fit

    chosen = options.choose(task, data, dataset, image_column, label_column)
    backbones = [options.model_source(each) for each in backbone_weights or ["imagenet"]]
    folder = output or Path("runs") / f"review-{chosen.name}"
    if plant is not None and accept is not None:
        raise CnnHubError("--plant and --accept contradict each other: the one only measures. Leave one out.")
    if plant is not None:
        planted = fit.plant(chosen.source, backbones, folder, plant, folds, seed)
        options.show(_measured(planted), planted.as_json() if as_json else None)
        return
    found = fit.review(chosen.source, backbones, folder, folds, accept, seed)
    options.show(_report(found), found.as_json() if as_json else None)


def _measured(found: Planted) -> Iterator[str]:
    yield f"{found.planted:,} wrong labels put among {found.pictures:,} pictures; labels that were wrong before count as right:"
    for title, each in (("likely wrong", found.wrong), ("answered with another label", found.doubtful)):
        shares = f"recall {each.recall:.1%}, precision {each.precision:.1%}"
        yield f"  {title}: {each.found:,} of them in a list of {each.listed:,}; {shares}"


def _report(found: Reviewed) -> Iterator[str]:
    from training.data.words import counted, escape
    from training.measure.review import in_words

    yield f"{in_words(found.count)}; {counted(len(found.wrong), 'picture')} of {found.pictures:,} to look at for it first."
    yield f"{len(found.doubtful):,} more are answered with another label."
    yield f"{counted(len(found.unlike), 'picture')} least like the others."
    yield f"{counted(len(found.alike), 'group')} of copies, or of pictures much alike."
    yield f"Decide on them: {escape(str(found.page))}"
    if found.file:
        yield f"Decisions as proposed: {escape(str(found.file))}. Train with them: --review {escape(str(found.file))}"
