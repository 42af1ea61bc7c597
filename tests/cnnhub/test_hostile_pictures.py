"""Hostile pictures in this process: each is refused at once, or is the picture that it should be."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from cnnhub.decoding import Limits, open_encoded
from cnnhub.errors import ImageError
from tests.support import corpus
from tests.support.corpus import Case

APP = Limits(pixels=50_000_000, size=20 * 2**20, side=16_384, formats=corpus.APP_FORMATS)
MOST_SECONDS, MOST_BYTES = 1.0, 150e6
REFUSED = [case for case in corpus.pictures() if case.expected is None]
RIGHT = [case for case in corpus.pictures() if case.expected is not None]
SMALL = Limits(pixels=1_000_000)


def test_there_are_many_kinds() -> None:
    names = [case.name for case in corpus.pictures()]
    assert len(set(names)) == len(names) >= 100
    assert len(REFUSED) >= 50


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_what_is_no_picture_is_refused_at_once(case: Case) -> None:
    with frugal(), pytest.raises(ImageError) as raised:
        open_encoded(case.data, "the photo", APP)
    assert str(raised.value).startswith("the photo ")


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.name)
def test_what_is_odd_is_the_right_picture(case: Case) -> None:
    with frugal():
        opened = open_encoded(case.data, "the photo", APP)
    assert case.expected is not None
    found = np.asarray(opened.picture).astype(int)
    assert found.shape == case.expected.shape
    assert np.abs(found - case.expected).max() <= case.tolerance


@contextmanager
def frugal() -> Iterator[None]:
    """Neither much processor time nor, where the system tells the most that was taken, much memory."""
    before, began = most_taken(start=True), time.process_time()
    yield
    assert time.process_time() - began < MOST_SECONDS
    if before is not None:
        assert (most_taken() or 0) - before < MOST_BYTES


def most_taken(start: bool = False) -> int | None:
    """Bytes, since the last start."""
    try:
        if start:
            Path("/proc/self/clear_refs").write_text("5")
        return 1024 * int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
    except OSError:
        return None


@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_mutated_pictures(count: int) -> None:
    seeds = [case.data for case in RIGHT if len(case.data) <= 20_000]
    outcomes: Counter[str] = Counter()
    for seed in range(count):
        rng = random.Random(seed)
        data = mutated(rng.choice(seeds), rng)
        try:
            picture = open_encoded(data, "the photo", SMALL).picture
        except ImageError:
            outcomes["refused"] += 1
            continue
        except Exception as error:
            raise AssertionError(f"seed {seed} raised {type(error).__name__}: {error}") from error
        outcomes["opened"] += 1
        assert picture.mode == "RGB" and 0 < picture.width * picture.height <= SMALL.pixels, f"seed {seed}"
    print(f"{count} mutations: {dict(outcomes)}")
    assert min(outcomes["refused"], outcomes["opened"]) > count / 10


def mutated(original: bytes, rng: random.Random) -> bytes:
    data = bytearray(original)
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(min(len(data), rng.choice((64, 512, len(data)))) or 1)
        action = rng.randrange(6)
        if action == 0:
            data[place : place + 1] = rng.randbytes(1)
        elif action == 1:  # a length, or a size
            data[place : place + 4] = rng.choice(
                (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1", b"\1\0\0\0")
            )
        elif action == 2:
            del data[place : place + rng.choice((1, 4, 100))]
        elif action == 3:
            data[place:place] = rng.randbytes(rng.choice((1, 4, 100)))
        elif action == 4:  # a part twice
            data[place:place] = data[place : place + rng.choice((12, 40, 500))]
        else:
            del data[place:]
    return bytes(data)
