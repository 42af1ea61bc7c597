"""What a file that cannot be opened as a photo is called."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import cnnhub
from cnnhub.errors import ImageError
from demo import texts
from demo.photo import kinds
from demo.photo.photo import Photo
from tests.support.places import EXAMPLES


def file_of(kind: str, side: int = 64) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (side, side)).save(buffer, kind)
    return buffer.getvalue()


FILES = {
    "empty": b"",
    "damaged": (EXAMPLES / "cat.jpg").read_bytes()[:9000],
    "large": file_of("PNG", 8001),
    "pdf": b"%PDF-1.7\n%\xe2\xe3",
    "archive": b"PK\x03\x04\x14\x00",
    "video": b"\x00\x00\x00\x20ftypisom\x00\x00",
    "drawing": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "text": "Grüße, 你好\n".encode() * 300,
    "unknown": bytes(range(256)),
}


@pytest.mark.parametrize("kind", FILES)
def test_each_file_is_called_what_it_is_in_each_language(kind: str) -> None:
    assert kinds.kind_of(FILES[kind]) == kind
    with pytest.raises(ImageError) as raised, Photo(FILES[kind]).opened() as source:
        cnnhub.open_image(source)
    told = {texts.problem(language, raised.value).line for language in texts.LANGUAGES}
    assert len(told) == len(texts.LANGUAGES)
    expected = texts.t("en", f"file_{kind}", megapixels=64)
    assert texts.problem("en", raised.value).line.startswith(expected[:20])


@pytest.mark.parametrize("data", [file_of("WEBP")[:60], file_of("GIF")[:20], b"\x00\x00\x00\x18ftypheic\x00\x00"])
def test_a_picture_that_breaks_off_is_damaged(data: bytes) -> None:
    assert kinds.kind_of(data) in ("damaged", "unknown")


def test_gone_and_empty_are_two_things() -> None:
    assert not Photo(b"", is_gone=True) and Photo(b"")
    assert texts.no_photo("en", Photo(b"", is_gone=True)).heading == "This photo is no longer kept here. Add it again."
