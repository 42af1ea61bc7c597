"""Hostile pictures, made by code: each with what must come of it.

`pictures()` gives them by name; those that take long to open, made so on purpose, are `slow_pictures()`.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
APP_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "HEIC", "AVIF")  # what a page of photos reads
PNG_SIGN = b"\x89PNG\r\n\x1a\n"
MEGABYTE = 2**20


@dataclass(frozen=True)
class Case:
    """A file. `expected`: its pixels (H, W, 3), or None where it is refused; `tolerance`: how far a value may lie from them."""

    name: str
    data: bytes
    expected: Pixels | None = None
    tolerance: int = 0


@cache
def pictures() -> list[Case]:
    """All but the slow ones."""
    return [*no_pictures(), *other_formats(), *damaged(), *bombs(), *odd_ones()]


# ---- refused


def no_pictures() -> Iterator[Case]:
    photo = encoded(painted())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("photo.png", photo)
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield Case("empty", b"")
    yield Case("one byte", b"\xff")
    yield Case("one zero", b"\0")
    yield Case("random bytes", np.random.default_rng(0).bytes(10_000))
    yield Case("text", "Grüße, 你好\n".encode() * 100)
    yield Case("SVG with a script", svg.encode())
    yield Case("HTML", b"<!DOCTYPE html><script>alert(1)</script>")
    yield Case("pickle", pickle.dumps(__import__("os").getcwd))
    yield Case("ZIP with a picture", archive.getvalue())
    yield Case("script before a picture", b"#!/bin/sh\nexit\n" + photo)
    yield Case("PDF before a picture", b"%PDF-1.7\n" + photo)
    yield Case("GIF sign and a script", b"GIF89a=1;alert(1)")
    yield Case("BMP sign and a text", b"BMW, Fiat" * 20)
    yield Case("JPEG sign alone", b"\xff\xd8\xff")
    yield Case("PNG sign alone", PNG_SIGN)
    yield Case("RIFF of a sound", b"RIFF\x24\0\0\0WAVEfmt " + bytes(40))
    yield Case("video", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(100))
    yield Case("newlines", b"\n" * MEGABYTE)


def other_formats() -> Iterator[Case]:
    """That Pillow writes and a page of photos does not read."""
    for format in ("TIFF", "ICO", "JPEG2000", "TGA", "PPM", "PCX", "SGI", "DDS", "EPS", "IM"):
        yield Case(format, encoded(painted(), format))
    yield Case("PSD", b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 4, 4, 8, 3) + bytes(60))
    yield Case("EPS that runs", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n")


def damaged() -> Iterator[Case]:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8))
    jpeg, png = encoded(noise, "JPEG"), encoded(noise)
    for name, data in (("JPEG", jpeg), ("PNG", png), ("WEBP", encoded(noise, "WEBP")), ("BMP", encoded(noise, "BMP"))):
        yield Case(f"half a {name}", data[: len(data) // 2])
    yield Case("half a progressive JPEG", (data := encoded(noise, "JPEG", progressive=True))[: len(data) // 2])
    yield Case("half a GIF", (data := encoded(noise, "GIF"))[: len(data) // 2])
    yield Case("JPEG without an end marker", jpeg.removesuffix(b"\xff\xd9"))
    yield Case("JPEG without its quantization tables", jpeg.replace(b"\xff\xdb", b"\xff\xfe"))
    yield Case("JPEG that announces no rows", jpeg_of_size(jpeg, 0, 200))
    yield Case(
        "PNG with a wrong checksum of its pixels", png[: png.index(b"IDAT") + 500] + b"xxxx" + png[png.index(b"IDAT") + 504 :]
    )
    yield Case("PNG with a wrong checksum of its header", png[:29] + bytes(4) + png[33:])
    yield Case("PNG without pixels", png_of(4, 4, b"")[:-12])
    yield Case("PNG of no width", png_of(0, 4, bytes(8)))
    yield Case("PNG of no height", png_of(4, 0, b""))
    yield Case("PNG of a colour type that is none", png_of(4, 4, bytes(20), colour=5))
    yield Case("PNG with a palette that is missing", png_of(4, 4, bytes(20), colour=3)[:-12])
    yield Case("PNG whose chunk is longer than the file", PNG_SIGN + struct.pack(">I", 2**31 - 1) + b"IHDR" + bytes(30))
    yield Case("WEBP whose length is wrong", b"RIFF" + struct.pack("<I", 2**31) + encoded(noise, "WEBP")[8:100])
    yield Case("GIF without a frame", b"GIF89a" + struct.pack("<HH", 4, 4) + b"\0\0\0;")


def bombs() -> Iterator[Case]:
    yield Case("PNG of 50,000 x 50,000", png_of(50_000, 50_000, bytes(1000), depth=1))
    yield Case("PNG of 12,000 x 12,000", png_of(12_000, 12_000, bytes(1501 * 12_000), depth=1))
    yield Case("PNG of 1 x 1,000,000", png_of(1, 1_000_000, bytes(2 * 1_000_000), depth=1))
    yield Case("PNG of 1,000,000 x 1", png_of(1_000_000, 1, bytes(125_001), depth=1))
    yield Case("PNG of 2,147,483,647 squared", png_of(2**31 - 1, 2**31 - 1, bytes(10)))
    yield Case(
        "GIF of 65,535 squared", b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\x80\0\0" + bytes(6) + gif_frame(65535, 65535)
    )
    yield Case("JPEG of 65,500 squared", jpeg_of_size(encoded(painted(), "JPEG"), 65500, 65500))
    yield Case("WEBP of 16,383 squared", webp_of_size(16_383, 16_383))
    yield Case("BMP of a negative width", bmp_of(-4, 4))
    yield Case("BMP of 2,147,483,647 squared", bmp_of(2**31 - 1, 2**31 - 1))
    yield Case("BMP that announces more than it holds", bmp_of(7000, 7000))


# ---- odd, and right


def odd_ones() -> Iterator[Case]:
    picture = painted()
    rgb = np.asarray(picture)
    yield Case("plain PNG", encoded(picture), rgb)
    yield Case("plain BMP", encoded(picture, "BMP"), rgb)
    yield Case("lossless WEBP", encoded(picture, "WEBP", lossless=True), rgb)
    yield Case("JPEG", encoded(picture, "JPEG", quality=95, subsampling=0), rgb, 60)
    yield Case(
        "BMP that stands on its head", bmp_of(4, -4, bytes(range(48))), np.arange(48, dtype=np.uint8).reshape(4, 4, 3)[:, :, ::-1]
    )
    deep = np.arange(0, 65536, 1021, dtype=np.uint16)[:64].reshape(8, 8)
    yield Case("PNG, grey of 16 bits", encoded(Image.fromarray(deep)), grey(np.rint(deep / 257)))
    yield Case(
        "PNG, colours of 16 bits",
        png_of(2, 1, b"\0" + struct.pack(">6H", 0, 32896, 65535, 257, 514, 771), depth=16),
        pixels((0, 128, 255), (1, 2, 3)),
    )
    yield Case(
        "PNG, colours of 16 bits and half transparent",
        png_of(1, 1, b"\0" + struct.pack(">4H", 0, 0, 0, 32896), depth=16, colour=6),
        pixels((127, 127, 127)),
    )
    yield Case("PNG of one bit", png_of(8, 1, b"\0\xa5", depth=1, colour=0), grey(np.array([[255, 0, 255, 0, 0, 255, 0, 255]])))
    yield Case("PNG, grey", encoded(picture.convert("L")), grey(np.asarray(picture.convert("L"))))
    palette = picture.quantize(8)
    yield Case("PNG with a palette", encoded(palette), np.asarray(palette.convert("RGB")))
    two = Image.new("P", (2, 1))
    two.putpalette([10, 20, 30, 200, 100, 50])
    two.putpixel((1, 0), 1)
    yield Case("palette with transparency", encoded(two, transparency=0), pixels((255, 255, 255), (200, 100, 50)))
    yield Case("RGBA", encoded(Image.new("RGBA", (1, 1), (255, 0, 0, 128))), pixels((255, 127, 127)))
    yield Case("LA", encoded(Image.new("LA", (1, 1), (0, 0))), pixels((255, 255, 255)))
    yield Case("grey with a transparent value", encoded(Image.new("L", (1, 1), 7), transparency=7), pixels((255, 255, 255)))
    yield Case("RGBA WEBP", encoded(Image.new("RGBA", (8, 8), (0, 0, 255, 0)), "WEBP", lossless=True), solid((255, 255, 255), 8))
    yield Case("CMYK JPEG", encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95), solid((255, 0, 0), 16), 6)
    yield Case("progressive JPEG", encoded(picture, "JPEG", progressive=True, quality=95, subsampling=0), rgb, 60)
    yield Case("grey JPEG", encoded(Image.new("L", (8, 8), 90), "JPEG"), solid((90, 90, 90), 8), 2)
    yield Case("interlaced GIF", encoded(palette, "GIF", interlace=1), np.asarray(palette.convert("RGB")))
    undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what a camera did to the upright picture
    for orientation in (*range(1, 9), 0, 9, 65535):
        stored = picture.transpose(Image.Transpose(undone[orientation])) if orientation in undone else picture
        exif = Image.Exif()
        exif[274] = orientation
        yield Case(f"EXIF orientation {orientation}", encoded(stored, exif=exif), rgb)
    word = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHI4sI", 274, 2, 2, b"x", 0)
    yield Case("EXIF orientation that is a word", with_chunk(encoded(picture), b"eXIf", word), rgb)
    yield Case("EXIF of garbage", with_chunk(encoded(picture), b"eXIf", b"MM\0*\0\0\0\x08\xff\xff" + bytes(40)), rgb)
    yield Case("ICC of garbage", with_chunk(encoded(picture), b"iCCP", b"x\0\0" + zlib.compress(b"nonsense")), rgb)
    yield Case("ICC of 100 MB", with_chunk(encoded(picture), b"iCCP", b"x\0\0" + deflated_zeros()), rgb)
    yield Case("text of 100 MB", with_chunk(encoded(picture), b"zTXt", b"x\0\0" + deflated_zeros()), rgb)
    yield Case("international text of 100 MB", with_chunk(encoded(picture), b"iTXt", b"x\0\1\0\0\0" + deflated_zeros()), rgb)
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    for format in ("GIF", "PNG", "WEBP"):
        lossless = {"lossless": True} if format == "WEBP" else {}
        moving = encoded(frames[0], format, save_all=True, append_images=frames[1:], **lossless)
        yield Case(f"animated {format}", moving, solid((255, 0, 0), 8))
    yield Case("a megabyte behind the end", encoded(picture) + bytes(MEGABYTE), rgb)
    yield Case("WEBP of ten thousand chunks", webp_of_chunks(10_000), lossy(picture, "WEBP"))
    jpeg = encoded(Image.new("RGB", (64, 64), (200, 30, 40)), "JPEG")
    yield Case("a megabyte behind a JPEG's end", jpeg + bytes(MEGABYTE), solid((200, 30, 40), 64), 3)
    yield Case("JPEG with ten thousand fill bytes", jpeg[:2] + b"\xff" * 10_000 + jpeg[2:], solid((200, 30, 40), 64), 3)
    yield Case(
        "JPEG with garbage in its EXIF",
        jpeg[:2] + segment(0xE1, b"Exif\0\0" + b"\xff" * 99) + jpeg[2:],
        solid((200, 30, 40), 64),
        3,
    )
    yield Case("JPEG with a ZIP behind it", jpeg + b"PK\x03\x04" + bytes(50), solid((200, 30, 40), 64), 3)
    yield Case("1 x 1", encoded(Image.new("RGB", (1, 1), (1, 2, 3))), pixels((1, 2, 3)))
    yield Case("1 x 16,384", encoded(Image.new("RGB", (1, 16_384), (1, 2, 3))), np.full((16_384, 1, 3), (1, 2, 3), np.uint8))
    yield Case("all black", encoded(Image.new("RGB", (300, 300))), solid((0, 0, 0), 300))
    yield Case("AVIF", encoded(Image.new("RGB", (64, 64), (200, 30, 40)), "AVIF", quality=95), solid((200, 30, 40), 64), 4)


# ---- slow


def slow_pictures(scale: float = 1.0) -> list[Case]:
    """Each takes far longer than its size lets expect; `scale` makes them larger or smaller."""
    return [
        Case("GIF of comment blocks", gif_of_comments(int(330_000 * scale))),
        Case("GIF of comment extensions", gif_of_extensions(int(250_000 * scale))),
        Case("progressive JPEG of a thousand scans", jpeg_of_scans(int(1000 * scale))),
        Case("PNG of 1.6 million chunks", png_of_chunks(int(1_600_000 * scale))),
        Case("PNG of 1.6 million chunks before its end", png_of_chunks(int(1_600_000 * scale), is_late=True)),
        Case("PNG whose pixels come in empty chunks", png_of_chunks(int(1_600_000 * scale), b"IDAT")),
        Case("JPEG of fill bytes", jpeg_of_fill_bytes(int(20_000_000 * scale))),
        Case("JPEG of five million application segments", jpeg_of_segments(int(5_000_000 * scale))),
        Case("JPEG of comments", jpeg_of_segments(int(5_000_000 * scale), 0xFE)),
    ]


def gif_of_comments(count: int) -> bytes:
    blocks = b"\x02ab" * count
    return gif_head(8, 8) + b"!\xfe" + blocks + b"\0" + gif_frame(8, 8)


def gif_of_extensions(count: int) -> bytes:
    return gif_head(8, 8) + b"!\xfe\x01a\0" * count + gif_frame(8, 8)


def jpeg_of_scans(count: int) -> bytes:
    """A picture whose last scan, which refines one coefficient, is sent again and again."""
    jpeg = encoded(Image.new("L", (6000, 4000), 128), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * count + jpeg[-2:]


def png_of_chunks(count: int, kind: bytes = b"teXt", is_late: bool = False) -> bytes:
    data = encoded(painted())
    place = len(data) - 12 if is_late else 33 if kind != b"IDAT" else data.index(b"IDAT") - 4
    return data[:place] + png_chunk(kind, b"") * count + data[place:]


def jpeg_of_fill_bytes(count: int) -> bytes:
    data = encoded(painted(), "JPEG")
    return data[:2] + b"\xff" * count + data[2:]


def jpeg_of_segments(count: int, marker: int = 0xEF) -> bytes:
    data = encoded(painted(), "JPEG")
    return data[:2] + segment(marker, b"") * count + data[2:]


def webp_of_chunks(count: int) -> bytes:
    body = encoded(painted(), "WEBP")[12:]
    chunks = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (59).to_bytes(3, "little") + (39).to_bytes(3, "little")
    chunks += b"abcd\0\0\0\0" * count + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


# ---- how they are made


def painted() -> Image.Image:
    """60 x 40, with four corners that differ."""
    made = np.full((40, 60, 3), 128, np.uint8)
    made[:20, :30], made[:20, 30:], made[20:, :30] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    return Image.fromarray(made)


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, rows: bytes, depth: int = 8, colour: int | None = None) -> bytes:
    """`rows`: each begins with the number of its filter. Of one bit it is grey, of more coloured."""
    colour = (0 if depth == 1 else 2) if colour is None else colour
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return PNG_SIGN + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", zlib.compress(rows, 9)) + png_chunk(b"IEND", b"")


def with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    return png[:33] + png_chunk(kind, data) + png[33:]


@cache
def deflated_zeros(count: int = 100 * MEGABYTE) -> bytes:
    return zlib.compress(bytes(count), 9)


def segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def jpeg_of_size(jpeg: bytes, width: int, height: int) -> bytes:
    """The same file, announced as another size."""
    place = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:place] + struct.pack(">HH", height, width) + jpeg[place + 4 :]


def webp_of_size(width: int, height: int) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body += encoded(painted(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def bmp_of(width: int, height: int, rows: bytes = bytes(48)) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + head + rows


def gif_head(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + bytes((0, 0, 0, 255, 255, 255))


def gif_frame(width: int, height: int) -> bytes:
    return b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0;"


def lossy(image: Image.Image, format: str) -> Pixels:
    """What is left of it in this format, as Pillow reads it by itself."""
    with Image.open(io.BytesIO(encoded(image, format))) as read:
        return np.asarray(read.convert("RGB"))


def grey(values: NDArray[Any]) -> Pixels:
    return np.repeat(values.astype(np.uint8)[:, :, None], 3, axis=2)


def pixels(*colours: tuple[int, int, int]) -> Pixels:
    """One row of them."""
    return np.array([colours], np.uint8)


def solid(colour: tuple[int, int, int], side: int) -> Pixels:
    return np.full((side, side, 3), colour, np.uint8)
