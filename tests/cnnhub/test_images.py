"""open_image: every kind of source and pixel format, and what it refuses."""

from __future__ import annotations

import functools
import http.server
import io
import struct
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from cnnhub.errors import ImageError
from cnnhub.images import open_image


def encode(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def same(a: Image.Image, b: Image.Image, tolerance: int = 0) -> bool:
    return a.size == b.size and max(high for _, high in ImageChops.difference(a, b).getextrema()) <= tolerance


def test_path_bytes_pil_and_array_agree(picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    picture.save(path)
    for source in (path, str(path), path.read_bytes(), picture, np.asarray(picture)):
        assert same(open_image(source), picture)


def test_a_url_is_fetched(picture: Image.Image, serve: tuple[str, Path]) -> None:
    url, folder = serve
    picture.save(folder / "photo.png")
    assert same(open_image(f"{url}/photo.png"), picture)
    with pytest.raises(
        ImageError, match=r"/missing.png cannot be fetched \(\d+\.\d seconds\): .* save the picture and pass its path"
    ):
        open_image(f"{url}/missing.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(picture: Image.Image, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what a camera did to the upright picture
    stored = picture.transpose(Image.Transpose(undo[orientation])) if orientation in undo else picture
    exif = Image.Exif()
    exif[274] = orientation
    assert same(open_image(encode(stored, exif=exif)), picture)


def test_alpha_is_laid_over_white() -> None:
    clear_black = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    half_red = Image.new("RGBA", (4, 4), (255, 0, 0, 128))
    assert open_image(encode(clear_black)).getpixel((0, 0)) == (255, 255, 255)
    assert open_image(half_red).getpixel((0, 0)) == (255, 127, 127)
    assert open_image(clear_black.convert("LA")).getpixel((0, 0)) == (255, 255, 255)


def test_palette_with_a_transparent_colour() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    opened = open_image(encode(image, transparency=0))
    assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (200, 100, 50)]


@pytest.mark.parametrize("value", [0, 255, 257, 32896, 65535])
def test_16_bit_grey(value: int) -> None:
    png = encode(Image.fromarray(np.full((3, 3), value, np.uint16)))
    assert open_image(png).getpixel((1, 1)) == (round(value / 257),) * 3


def test_float_grey_and_two_colours() -> None:
    assert open_image(Image.fromarray(np.full((2, 2), 0.5, np.float32))).getpixel((0, 0)) == (128,) * 3
    assert open_image(Image.new("1", (2, 2), 1)).getpixel((0, 0)) == (255,) * 3
    assert open_image(Image.new("L", (2, 2), 77)).getpixel((0, 0)) == (77,) * 3


def test_cmyk_jpeg(picture: Image.Image) -> None:
    jpeg = encode(picture.convert("CMYK"), "JPEG", quality=95, subsampling=0)
    assert same(open_image(jpeg).crop((2, 2, 18, 18)), picture.crop((2, 2, 18, 18)), tolerance=8)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_the_first_frame_of_an_animation(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encode(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert open_image(data).getpixel((4, 4)) == (255, 0, 0)


def test_the_caller_s_image_is_neither_changed_nor_shared(picture: Image.Image) -> None:
    before = picture.tobytes()
    opened = open_image(picture)
    opened.paste((1, 2, 3), (0, 0, 60, 40))
    assert picture.tobytes() == before


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        ("nowhere.jpg", "no file nowhere.jpg"),
        (".", "is a folder"),
        ("file:///etc/passwd", "no file"),
        (42, "type int"),
        (None, "type NoneType"),
        (np.zeros((3, 4, 5), np.uint8), r"shaped \(3, 4, 5\).*transpose"),
        (np.zeros((4, 4, 3), np.float32), "float32.*astype"),
        (np.zeros((0, 4, 3), np.uint8), "shaped"),
        ("a\0b", "cannot be read"),
        ("data:image/png;base64,iVBO", "is a data: URI; .* Pass what it holds, decoded, as bytes"),
    ],
)
def test_what_is_refused(source: object, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        open_image(source)  # type: ignore[arg-type]


def test_truncated(picture: Image.Image) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    for data in (encode(noise, "JPEG"), encode(noise)):
        with pytest.raises(ImageError, match="damaged or cut off"):
            open_image(data[: len(data) // 2])


def test_pixels_are_counted_before_decoding(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = encode(Image.new("1", (30_000, 30_000)))
    assert len(bomb) < 200_000
    with pytest.raises(ImageError, match="pixels"):
        open_image(bomb)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="60 x 40 = 2,400 pixels; at most 2,399"):
        open_image(encode(picture), max_pixels=2399)


def test_bytes_are_counted_before_reading_all(picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    picture.save(path)
    size = path.stat().st_size
    assert open_image(path, max_bytes=size).size == (60, 40)
    with pytest.raises(ImageError, match="larger than"):
        open_image(path, max_bytes=size - 1)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder on a loopback web server -> (its URL, the folder)."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", tmp_path
        server.shutdown()


def heic(image: Image.Image, **options: object) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra cnnhub[heic] is not installed")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95, chroma=444, **options)
    return buffer.getvalue()


def test_a_phone_s_heic_photo_is_read_upright(picture: Image.Image) -> None:
    opened = open_image(heic(picture))
    assert opened.mode == "RGB" and opened.size == picture.size
    difference = np.abs(np.asarray(opened, int) - np.asarray(picture, int))
    assert difference.mean() < 12
    exif = Image.Exif()
    exif[274] = 6  # stored lying on its side
    lying = open_image(heic(picture.transpose(Image.Transpose.ROTATE_90), exif=exif.tobytes()))
    assert lying.size == picture.size
    assert np.abs(np.asarray(lying, int) - np.asarray(opened, int)).mean() < 12


def test_bad_heic_photos_are_refused(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(picture.resize((256, 256)))
    with pytest.raises(ImageError, match="65,536 pixels; at most 1,000 are decoded"):
        open_image(data, max_pixels=1000)
    for cut in (20, 200, len(data) // 2):
        with pytest.raises(ImageError, match=r"not a picture|damaged or cut off"):
            open_image(data[:cut])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r"pip install cnnhub\[heic\]"):
        open_image(data)


def test_an_avif_is_left_to_pillow(picture: Image.Image) -> None:
    assert open_image(encode(picture, "AVIF", quality=95)).size == picture.size


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_over_white_the_same_in_every_row(mode: str) -> None:
    """It is done some rows at a time; the last piece has fewer."""
    noise = np.random.default_rng(0).integers(0, 256, (700, 5, 4), dtype=np.uint8)
    picture = Image.fromarray(noise).convert(mode)
    if mode == "P":
        picture.info["transparency"] = 7
    rgba = picture.convert("RGBA")
    expected = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    assert np.array_equal(np.asarray(open_image(picture)), np.asarray(expected))


def test_deep_greys_are_scaled_the_same_in_every_row() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (700, 5)).astype(np.uint16)
    opened = np.asarray(open_image(Image.fromarray(values)))
    assert np.array_equal(opened[:, :, 0], np.rint(values * np.float32(255 / 65535)).astype(np.uint8))


@pytest.mark.parametrize("white", [1, 255, 65535])
@pytest.mark.parametrize("outlier", [1.0004, 1.01, 1.4, 1e4, -1e4])
def test_one_value_does_not_decide_what_white_is(white: int, outlier: float) -> None:
    values = np.random.default_rng(0).uniform(0, white, (64, 64)).astype(np.float32)
    expected = np.rint(np.clip(values * np.float32(255 / white), 0, 255))
    values[3, 4] = outlier * white
    for array in (values, np.rint(values).astype(np.int32)) if white > 1 else (values,):
        opened = np.asarray(open_image(Image.fromarray(array)))[:, :, 0].astype(int)
        assert np.abs(np.delete(opened.ravel() - expected.ravel(), 3 * 64 + 4)).max() <= 1
        assert opened[3, 4] == (255 if outlier > 0 else 0)


@pytest.mark.parametrize("white", [1, 255])
def test_the_overshoot_of_enlarging_is_clipped(white: int) -> None:
    small = Image.fromarray(np.random.default_rng(0).choice([0, white], (40, 40)).astype(np.float32))
    enlarged = small.resize((160, 160), Image.Resampling.LANCZOS)
    values = np.asarray(enlarged)
    assert (values > 1.02 * white).mean() > 0.1, "far more than one value in a thousand"
    assert np.array_equal(
        np.asarray(open_image(enlarged))[:, :, 0], np.rint(np.clip(values * np.float32(255 / white), 0, 255)).astype(np.uint8)
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[0.5, np.nan]], "1 of its 2 values are no finite numbers"),
        ([[0.5, np.inf, -np.inf]], "2 of its 3 values"),
        (np.linspace(-1, 1, 5000)[None], r"lie in -1\.\.1; expected 0\.\.1, 0\.\.255, 0\.\.65,535\. Scale them first"),
        (np.linspace(0, 1e6, 5000)[None], r"lie in 0\.\.1e\+06"),
    ],
)
def test_numbers_that_are_no_greys_are_refused(values: object, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        open_image(Image.fromarray(np.asarray(values, np.float32)))


def test_a_deep_pgm_spans_65535_however_dark_it_is() -> None:
    pgm = b"P5 4 4 65535\n" + np.full((4, 4), 257 * 3, ">u2").tobytes()
    assert open_image(pgm).getpixel((0, 0)) == (3, 3, 3)


def png_chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    "extra",
    [
        png_chunk(b"tEXt", b"prompt\0" + 2_000_000 * b"x"),
        png_chunk(b"zTXt", b"prompt\0\0" + zlib.compress(2_000_000 * b"x")),
        png_chunk(b"iTXt", b"prompt\0\1\0\0\0" + zlib.compress(2_000_000 * b"x")),
        png_chunk(b"tIME", bytes(7), checksum=5),
        png_chunk(b"iCCP", b"nonsense", checksum=5),
    ],
    ids=lambda chunk: chunk[4:8].decode(),
)
def test_what_stands_beside_a_png_s_pixels_does_not_spoil_them(picture: Image.Image, extra: bytes, is_late: bool) -> None:
    turned = Image.Exif()
    turned[274] = 3
    data = encode(picture.transpose(Image.Transpose.ROTATE_180), exif=turned)
    place = len(data) - 12 if is_late else 33  # before the end, or after the header
    assert same(open_image(data[:place] + extra + data[place:]), picture)
    with pytest.raises(ImageError, match="not a picture"):
        open_image(data[:29] + bytes(4) + data[33:place] + extra + data[place:])  # the header's own checksum
