"""What a model answers to many pictures: the one place where measuring meets cnnhub's engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

import cnnhub
from cnnhub.errors import CnnHubError, ImageError
from cnnhub.images import ImageSource


class OutOfMemoryError(CnnHubError):
    """The device has too little memory for what it was asked to do."""


@dataclass(frozen=True)
class Answers:
    """What a model answered."""

    readable: list[int]  # numbers of the pictures that can be read; one row each below
    logits: NDArray[np.float32]  # (N, K)
    embeddings: NDArray[np.float32]  # (N, D); (0, 0) where they were not asked for
    mirrored: NDArray[np.float32]  # (N, K), the logits of the pictures left to right; (0, K) where they were not asked for


def answers(
    classifier: cnnhub.Classifier,
    sources: Iterable[ImageSource],
    total: int,
    title: str,
    batch_size: int = 1,
    embed: bool = False,
    mirror: bool = False,
) -> Answers:
    """Show a model pictures, `batch_size` at once; those that cannot be read are left out.

    Args:
        sources: what cnnhub reads, `total` of them; each is decoded once, and one batch is held at a time.
        title: what the progress bar says.
        embed: ask for embeddings too.
        mirror: show each picture left to right too.

    Raises:
        OutOfMemoryError: what would help.
    """
    readable: list[int] = []
    logits, mirrored = [np.empty((0, len(classifier.labels)), np.float32)], [np.empty((0, len(classifier.labels)), np.float32)]
    embeddings: list[NDArray[np.float32]] = []
    shown = track(sources, title, total=total, console=Console(stderr=True), transient=True)
    opened = _opened(classifier, shown)
    while batch := list(islice(opened, batch_size)):
        readable += [number for number, _ in batch]
        try:
            pixels = np.stack([each for _, each in batch])
            ours, theirs = classifier.engine.answer(pixels, embed=embed)
            if mirror:
                mirrored.append(classifier.engine.answer(np.ascontiguousarray(pixels[..., ::-1]))[0])
        except Exception as error:  # onnxruntime's errors are no RuntimeErrors
            if not is_out_of_memory(error):
                raise
            raise OutOfMemoryError(
                f"Memory ran out with {len(batch)} pictures at once: {str(error).splitlines()[0][:200]} "
                f"Take --batch-size {max(1, len(batch) // 4)}; the figures stay the same."
            ) from error
        logits.append(ours)
        if theirs is not None:
            embeddings.append(theirs)
    embedded = np.concatenate(embeddings or [np.empty((0, 0), np.float32)])
    return Answers(readable, np.concatenate(logits), embedded, np.concatenate(mirrored))


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch or onnxruntime says so; on a CPU they have no error of their own for it."""
    message = str(error)
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in message or "out of memory" in message


def _opened(classifier: cnnhub.Classifier, sources: Iterable[ImageSource]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for number, source in enumerate(sources):
        try:
            yield number, classifier.to_pixels(source)
        except ImageError:
            continue
