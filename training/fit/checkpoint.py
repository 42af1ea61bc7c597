"""Checkpoints: the resumable state of a run, written so that a kill or a full disk leaves an older one loadable."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from cnnhub.errors import CnnHubError
from cnnhub.files import atomic_file

KEPT = 2


class CheckpointError(CnnHubError):
    """A checkpoint that belongs to another run, or none where one is needed."""


def save(folder: Path, step: int, state: dict[str, Any]) -> None:
    """Write `folder/step-N.pt` (temporary name, fsync, rename) and keep the newest two.

    Raises:
        OSError: the disk is full or refuses; the older checkpoints stay.
    """
    with atomic_file(folder / f"step-{step:08d}.pt") as file:
        try:
            torch.save(state, file)
        except RuntimeError as error:  # how torch's zip writer reports a write that failed
            raise OSError(str(error)) from error
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)


def load(folder: Path, console: Console) -> dict[str, Any] | None:
    """The newest checkpoint that can be read whole; None where there is none. Half-written files are cleared away."""
    for leftover in folder.glob(".step-*"):
        leftover.unlink(missing_ok=True)
    for path in _newest_first(folder):
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            return state
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
            console.print(f"[yellow]{path.name} cannot be read ({type(error).__name__}); trying the one before.[/]")
    return None


def exists(folder: Path) -> bool:
    return bool(_newest_first(folder))


def check_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Refuse to continue a run of another recipe, other data or another backbone.

    Raises:
        CheckpointError: every field that differs, with both values.
    """
    differing = [
        f"{key}: {found.get(key)!r} in the checkpoint, {expected.get(key)!r} now"
        for key in sorted(found.keys() | expected.keys())
        if found.get(key) != expected.get(key)
    ]
    if differing:
        raise CheckpointError(
            f"The checkpoint is of another run: {'; '.join(differing)}. Repeat the command that started it with --resume, "
            "take another --output, or start anew with --overwrite. Where nothing was changed, an earlier version of cnnhub "
            "began it, which read the pictures or the backbone's config.json otherwise: go on with that version."
        )


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*.pt"), reverse=True)
