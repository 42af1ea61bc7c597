"""`python -m training push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.options import console

Model = Annotated[Path, typer.Option(help="The model's folder, such as runs/flowers.")]
To = Annotated[str, typer.Option(help="owner/name; it is created if it is not there.")]
Data = Annotated[Path | None, typer.Option(help="Measure its test split again; the accuracy must be the recorded one.")]
Private = Annotated[bool, typer.Option("--private", help="Create the repository private.")]
CreatePr = Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead of committing to main.")]
Tag = Annotated[str | None, typer.Option(help="Name the commit, such as v1.0, for cnnhub.load('owner/name@v1.0').")]


def push(model: Model, to: To, data: Data = None, private: Private = False, create_pr: CreatePr = False, tag: Tag = None) -> None:
    """Upload a model folder to the Hub as one commit, after it was loaded again and gave equal logits.

    What travels: config.json, model.safetensors, familiar.safetensors, README.md, *.png and test_log.jsonl; never a
    checkpoint. Needs a token with write permission (`hf auth login`, or HF_TOKEN). A push that fails leaves the repository as
    it was, and pushing again is harmless: the same files make no second commit.

    \b
    Example:
      python -m training push --model runs/flowers --to me/flowers --tag v1.0
    """
    from training.release.push import push as run

    print(run(model, to, data=data, private=private, create_pr=create_pr, tag=tag, console=console))
