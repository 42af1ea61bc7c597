"""What decoding JPEGs at reduced size does to answers: synthesized photos of 2 to 12 megapixels, answered with it and without."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "space" / "examples"
SHARED = ROOT.parent / "shared"
FOLDERS = [EXAMPLES, *(SHARED / name for name in ("examples", "data/pets", "data/cats-vs-dogs/test", "data/flowers/test"))]
MODELS = ("cats-vs-dogs", "flowers", "imagenet")
COUNT = 240
MEGAPIXELS = (2, 12)
ORIENTATION = 274  # EXIF's number for it
PERCENTILE_99 = 0.05  # how far probabilities may move in all but one of a hundred photos


def figures(
    count: int = COUNT, folders: Sequence[Path] = FOLDERS, models: Sequence[str] = MODELS
) -> dict[str, dict[str, list[float]]]:
    """For each model, how many top-1 answers change, and each photo's largest move of a probability.

    The times, milliseconds from bytes to pixels, are the first model's.
    """
    import cnnhub

    pairs = [(name, cnnhub.load(name, reduced_decoding=False), cnnhub.load(name)) for name in models]
    moves: dict[str, list[float]] = {name: [] for name in models}
    changed = dict.fromkeys(models, 0)
    times: dict[str, list[float]] = {"every pixel": [], "reduced": []}
    for photo in photos(count, folders):
        for name, whole, reduced in pairs:
            before, after = whole.predict(photo), reduced.predict(photo)
            moves[name].append(max(abs(share - after.scores[label]) for label, share in before.scores.items()))
            changed[name] += before.label != after.label
        for title, classifier in zip(times, pairs[0][1:], strict=True):
            started = time.perf_counter()
            classifier.to_pixels(photo)
            times[title].append((time.perf_counter() - started) * 1e3)
    rows = {}
    for name in models:
        rows[f"{name}, top-1 changes"] = [float(changed[name])]
        rows[f"{name}, median move"] = [float(np.median(moves[name]))]
        rows[f"{name}, 99th percentile"] = [float(np.percentile(moves[name], 99))]
        rows[f"{name}, largest move"] = [max(moves[name])]
    return {f"reduced decoding, {count} JPEGs": rows, "bytes to pixels, milliseconds": times}


def photos(count: int, folders: Sequence[Path], seed: int = 0) -> Iterator[bytes]:
    """Seeded JPEGs of many kinds, made of the folders' pictures in turn, each folder's share alike."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(sorted(str(path) for path in folder.rglob("*.jpg"))) for folder in folders if folder.is_dir()]
    for number in range(count):
        files = drawn[number % len(drawn)]
        with Image.open(files[number // len(drawn) % len(files)]) as picture:
            yield synthesized(picture.convert("RGB"), rng)


def synthesized(picture: Image.Image, rng: np.random.Generator, megapixels: tuple[float, float] = MEGAPIXELS) -> bytes:
    """A picture enlarged, with detail and noise that enlarging does not give, as one of the JPEGs that cameras and sites save."""
    pixels = np.exp(rng.uniform(*np.log(megapixels))) * 1e6
    ratio = (pixels / (picture.width * picture.height)) ** 0.5
    size = round(picture.width * ratio), round(picture.height * ratio)
    values = np.asarray(picture.resize(size, Image.Resampling.LANCZOS), np.float32)
    values = values + _detail(size, rng)[..., None] * rng.uniform(0, 1)
    values += rng.normal(0, rng.uniform(0, 8), (*values.shape[:2], 1)).astype(np.float32)  # of the sensor: in brightness
    values += rng.normal(0, rng.uniform(0, 4), values.shape).astype(np.float32)  # and in colour
    made = Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
    options: dict[str, Any] = {"quality": int(rng.integers(60, 98)), "progressive": bool(rng.integers(2))}
    if rng.integers(20) == 0:
        made = made.convert("L")
    else:
        options["subsampling"] = ("4:4:4", "4:2:2", "4:2:0")[rng.integers(3)]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation = int(rng.choice([1, 1, 1, 3, 6, 8]))
    undone = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    if orientation in undone:  # as a turned camera stores it
        made = made.transpose(undone[orientation])
    buffer = io.BytesIO()
    made.save(buffer, "JPEG", exif=exif, **options)
    return buffer.getvalue()


def _detail(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """(H, W) float32: texture of every scale from a pixel up, as fur and leaves have it, some ten levels deep."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    for octave in range(5):
        small = (height >> octave) + 1, (width >> octave) + 1
        grain = Image.fromarray(rng.normal(0, 6, small).astype(np.float32))
        total += np.asarray(grain.resize(size, Image.Resampling.BICUBIC))
    return total
