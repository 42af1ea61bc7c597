"""Room for large photos: which are large, and that one at a time is held decoded."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time

import pytest
from PIL import Image

import cnnhub
from cnnhub.images import open_to_scale
from demo import answers
from demo.photo import memory
from demo.photo.photo import Photo
from tests.support.places import EXAMPLES, ROOT, SPACE


def encoded(size: tuple[int, int], kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("1" if kind == "PNG" else "RGB", size).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("photo", "expected"),
    [(encoded((4000, 2000)), False), (encoded((4000, 2001)), True), (encoded((3000, 2000), "JPEG"), False)],
    ids=["8 megapixels", "one row more", "JPEG"],
)
def test_who_holds_a_large_picture_has_the_turn(photo: bytes, expected: bool) -> None:
    with Photo(photo).opened() as source:
        assert not memory.turn.locked(), "it has not been opened yet"
        cnnhub.open_image(source)
        assert memory.turn.locked() is expected
        cnnhub.open_image(source)
    assert not memory.turn.locked()


def test_a_large_jpeg_of_which_little_is_decoded_takes_no_turn() -> None:
    with Photo(encoded((4000, 3000), "JPEG")).opened() as source:
        assert open_to_scale(source, lambda size: (500, 375)).picture.size == (500, 375)
        assert not memory.turn.locked()


def test_large_photos_wait_for_each_other_and_small_ones_for_nothing() -> None:
    large, small = encoded((4000, 2001)), (EXAMPLES / "cat.jpg").read_bytes()
    done: list[str] = []

    def decode() -> None:
        with Photo(large).opened() as source:
            cnnhub.open_image(source)
            done.append("large")

    with Photo(large).opened() as source:
        cnnhub.open_image(source)
        waiting = threading.Thread(target=decode)
        waiting.start()
        assert answers.answer_to(Photo(small), "cats-vs-dogs").prediction.label == "cat"
        Photo(small).pixels()
        assert Photo(large).pixels().original == (4000, 2001), "it comes scaled down"
        time.sleep(0.2)
        assert done == []
    waiting.join(30)
    assert done == ["large"]


def test_a_photo_that_cannot_be_read_ends_its_turn() -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="not a picture"):
            answers.answer_to(Photo(b"no picture"), "cats-vs-dogs")
    assert memory.turn.acquire(timeout=1)
    memory.turn.release()


def test_the_page_begins_without_torch() -> None:
    """It takes half a gigabyte, and most of a second; only who looks inside needs it."""
    code = "import sys; import demo.page; demo.page.build(); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SPACE, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.split()[-1:] == ["False"], done.stderr
