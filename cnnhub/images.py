"""A path, bytes, a URL, a PIL image or an array becomes a safe, upright RGB image."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import re
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import ExifTags, Image, ImageOps

from cnnhub.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ImageSource: TypeAlias = "str | os.PathLike[str] | bytes | Image.Image | NDArray[np.uint8]"
Size: TypeAlias = tuple[int, int]  # width, height
Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom
Least: TypeAlias = Callable[[Size], Size]  # of a picture so large, the size down to which it may be decoded

MAX_PIXELS = 64_000_000
MAX_BYTES = 64 * 2**20
URL_TIMEOUT_SECONDS = 20.0
_ROWS = 256  # of a picture that are converted at once

# Only formats whose decoders read pixels. Pillow can also run Ghostscript (EPS) and read containers
# that nobody sends as a photo; strangers' files do not reach those decoders.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "TGA", "JPEG2000")
_KINDS = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC, JPEG 2000, PPM or TGA"
# The major brands of a HEIF file whose pictures are coded in HEVC, as phones write them (ISO/IEC 23008-12, annex B).
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# How files of these formats begin. A TGA has no sign, so that only its name tells.
_SIGNS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|II[*+]\0|MM\0[*+]|"
    rb"P[1-6]\s+[#\d]|\0\0\0\x0cjP  |\xff\x4f\xff\x51|....ftyp(?:avi[fs]|%b)" % b"|".join(_HEIC_BRANDS),
    re.DOTALL,
)
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS = (b"tRNS", b"eXIf")  # that matter here, besides the critical ones
_WHITES = (1, 255, 65535)  # what white may be where a format does not say
_OVERSHOOT = 0.5  # of white: how far a sharpened or enlarged picture's values lie outside at most
_loading = threading.Lock()
_RARE = 1000  # one value in so many decides nothing: a broken pixel of a sensor


def open_image(source: ImageSource, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES) -> Image.Image:
    """Open a picture as an upright RGB image of 8 bits a channel.

    EXIF orientation is applied, transparency is laid over white, 16-bit and floating-point greys are
    scaled to 8 bits, and of an animation the first frame is taken. A PIL image passed in is not changed.
    In greys of 32 bits (int or float) white is the smallest of 1 (float alone), 255 and 65,535 that nearly all values
    exceed by half of it at most; what lies outside is clipped.
    HEIC, the photos of many phones, needs `pip install cnnhub[heic]`.

    Args:
        source: a path, encoded bytes, an http(s) URL, a PIL image, or an array of uint8 shaped
            (H, W, 3); (H, W) grey and (H, W, 4) with alpha are understood too.
        max_pixels: width times height that may be decoded; decided from the header, before decoding.
        max_bytes: encoded size that may be read, in bytes.

    Raises:
        ImageError: the source is not a picture, is damaged, or is too large.

    >>> open_image(np.zeros((2, 3, 3), np.uint8)).size
    (3, 2)
    """
    return _open(source, max_pixels, max_bytes).picture


@dataclass(frozen=True)
class Opened:
    """A picture that is to be scaled.

    Attributes:
        picture: upright, RGB, perhaps smaller than what was opened; not to be changed, since it may be the caller's own.
        size: (width, height) of what was opened, upright.
        box: left, top, right and bottom of what was opened, in the picture's pixels. At a side where its pixels were no multiple
            of the decoder's divisor it ends within the picture's last row or column.
        whole: opens the same file at its full size, where it was decoded at a reduced one.
    """

    picture: Image.Image
    size: Size
    box: Box
    whole: Callable[[], Opened] | None = None


def open_to_scale(source: ImageSource, least: Least | None = None) -> Opened:
    """`open_image` for who scales the picture and keeps nothing of it, which spares time and memory.

    Pixels of a PIL image or an array are taken as they are, and not copied where they are upright RGB.

    Args:
        least: given the upright (width, height) of a JPEG that comes as a file, the size down to which it may be decoded; the
            decoder divides both sides by 1, 2, 4 or 8 and rounds up. Without it every pixel is decoded.

    Raises:
        ImageError: as for `open_image`, whose limits on the whole picture hold; and what `least` raises.

    >>> jpeg = io.BytesIO()
    >>> Image.new("RGB", (4000, 3000)).save(jpeg, "JPEG")
    >>> open_to_scale(jpeg.getvalue(), lambda size: (600, 450)).picture.size
    (1000, 750)
    """
    return _open(source, MAX_PIXELS, MAX_BYTES, least, is_kept=False)


def begins_like_a_picture(head: bytes) -> bool:
    """Whether a file whose first 32 bytes these are is a picture of a format that is read, whatever its name.

    >>> begins_like_a_picture(b"GIF89a..."), begins_like_a_picture(b"BMW, Fiat")
    (True, False)
    """
    return _SIGNS.match(head) is not None


def _open(
    source: ImageSource,
    max_pixels: int,
    max_bytes: int,
    least: Least | None = None,
    is_kept: bool = True,
) -> Opened:
    if isinstance(source, Image.Image):
        return _decode(source, "the PIL image", max_pixels, is_shared=True, is_kept=is_kept)
    if isinstance(source, np.ndarray):
        return _decode(_from_array(source), "the array", max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return _open_encoded(bytes(source), f"the {len(source):,} bytes", max_pixels, max_bytes, least)
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        return _open_encoded(_download(source, max_bytes), source, max_pixels, max_bytes, least)
    if isinstance(source, str) and source[:5].lower() == "data:":
        raise ImageError(
            f"{source} is a data: URI; expected a path, bytes or an http(s) URL. Pass what it holds, decoded, as bytes."
        )
    if isinstance(source, str | os.PathLike):
        return _open_path(Path(source), max_pixels, max_bytes, least)
    raise ImageError(
        f"An image of type {type(source).__name__} arrived; expected a path, bytes, an http(s) URL, "
        "a PIL image or a NumPy array (H, W, 3) of uint8."
    )


def _open_path(path: Path, max_pixels: int, max_bytes: int, least: Least | None) -> Opened:
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder; expected one picture. Pass the files in it one by one.")
        with path.open("rb") as file:  # one byte past the limit tells "too large" without reading it all
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise ImageError(f"There is no file {path}. Check the path; it is relative to {Path.cwd()}.") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    return _open_encoded(data, str(path), max_pixels, max_bytes, least)


def _open_encoded(data: bytes, name: str, max_pixels: int, max_bytes: int, least: Least | None = None) -> Opened:
    if len(data) > max_bytes:
        raise ImageError(f"{name} is larger than {max_bytes:,} bytes, the limit. Save a smaller copy of it.")
    if not data:
        raise ImageError(f"{name} is empty; expected a picture ({_KINDS}).")
    try:
        opened = _decode(_parsed(data, name, max_pixels), name, max_pixels, least)
        if opened.size != opened.picture.size:
            return replace(opened, whole=partial(_open_encoded, data, name, max_pixels, max_bytes))
        return opened
    except ImageError:
        bare = _without_extras(data)
        if bare is None:
            raise
    return _decode(_parsed(bare, name, max_pixels), name, max_pixels)


def _parsed(data: bytes, name: str, max_pixels: int) -> Image.Image:
    """The picture with its header read, and no pixels yet."""
    try:
        return _heic(data, name) if _is_heic(data) else Image.open(io.BytesIO(data), formats=_formats())
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has too many pixels: {error} The limit here is {max_pixels:,}.") from error
    except Exception as error:  # Pillow's parsers raise many kinds of error on hostile headers
        if data[4:11] == b"ftypavi" and "AVIF" not in _formats():
            raise ImageError(f"{name} is an AVIF picture, which this Pillow was built without: pip install -U pillow.") from error
        raise ImageError(f"{name} is not a picture that can be read; expected {_KINDS}.") from error


def _without_extras(data: bytes) -> bytes | None:
    """A PNG with the chunks that decide its pixels alone; None for other files, and where nothing else is in it.

    Pillow refuses a sound picture for a long text or a wrong checksum beside it.
    """
    if not data.startswith(_PNG):
        return None
    bare = _PNG + b"".join(_chunks(data))
    return bare if len(bare) < len(data) else None


def _chunks(data: bytes) -> Iterator[bytes]:
    """A PNG's critical chunks as they are, and those others that matter where their checksum is right."""
    place = len(_PNG)
    while place < len(data):
        kind, end = data[place + 4 : place + 8], place + 12 + int.from_bytes(data[place : place + 4])
        is_critical = bool(kind) and not kind[0] & 0x20
        if is_critical or (kind in _PNG_CHUNKS and zlib.crc32(data[place + 4 : end - 4]) == int.from_bytes(data[end - 4 : end])):
            yield data[place:end]
        place = end


def _is_heic(data: bytes) -> bool:
    """Whether a file's first box, "ftyp", names a brand that Pillow cannot read; an AVIF may call itself mif1 too."""
    brands = data[8 : min(int.from_bytes(data[:4]), 256)]
    return data[4:8] == b"ftyp" and brands[:4] in _HEIC_BRANDS and b"avif" not in brands


def _heic(data: bytes, name: str) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ModuleNotFoundError:
        raise ImageError(f"{name} is a HEIC photo, which needs one more package: pip install cnnhub[heic].") from None
    opened: Image.Image = HeifImageFile(io.BytesIO(data))  # reads the header; the pixels are decoded when they are loaded
    return opened


@cache
def _formats() -> tuple[str, ...]:
    """Those of the formats that this build of Pillow has; naming another one makes it refuse every file."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _decode(
    image: Image.Image,
    name: str,
    max_pixels: int,
    least: Least | None = None,
    *,
    is_shared: bool = False,
    is_kept: bool = True,
) -> Opened:
    width, height = image.size
    if width * height > max_pixels:
        raise ImageError(
            f"{name} has {width} x {height} = {width * height:,} pixels; at most {max_pixels:,} are decoded. Scale it down first."
        )
    if width == 0 or height == 0:
        raise ImageError(f"{name} has no pixels ({width} x {height}).")
    reduced = _reduce(image, least) if least is not None else None
    try:
        # a PPM's greys of more than 8 bits Pillow gives as "I", scaled to 0..65,535
        is_deep = (image.format, image.mode) == ("PPM", "I")
        picture = _to_rgb(_upright(_lent(image, is_kept) if is_shared else image), is_deep)
    except ImageError as error:
        raise ImageError(f"{name} cannot be shown: {error}.") from None
    except Exception as error:
        raise ImageError(f"{name} is damaged or cut off and cannot be decoded: {error}.") from error
    return Opened(picture, *(reduced or (picture.size, (0, 0, *picture.size))))


def _reduce(image: Image.Image, least: Least) -> tuple[Size, Box] | None:
    """Have a JPEG decoded at the smallest size that its decoder offers and `least` allows -> `size` and `box` of `Opened`."""
    if image.format not in ("JPEG", "MPO"):  # an MPO is a JPEG with more of them behind it
        return None
    orientation, stored = _orientation(image), image.size
    is_on_its_side = orientation >= 5

    def turned(width: float, height: float) -> tuple[Any, Any]:
        return (height, width) if is_on_its_side else (width, height)

    whole = turned(*stored)
    drafted = image.draft(None, turned(*least(whole)))
    if drafted is None or image.size == stored:
        return None
    width, height = turned(*image.size)
    covered_width, covered_height = turned(*drafted[1][2:])  # with fractions, from the top left of what is stored
    left = width - covered_width if orientation in (2, 3, 6, 7) else 0
    top = height - covered_height if orientation in (3, 4, 7, 8) else 0
    return whole, (left, top, left + covered_width, top + covered_height)


def _lent(image: Image.Image, is_kept: bool) -> Image.Image:
    """The caller's picture itself where it is neither changed nor handed on, else a copy."""
    with _loading:  # Pillow reads a file's pixels late, and two threads may have been given the same picture
        image.load()
    return image.copy() if (is_kept and image.mode == "RGB") or _orientation(image) != 1 else image


def _orientation(image: Image.Image) -> int:
    """As EXIF numbers it, 1 to 8; from 5 on the picture lies on its side."""
    with contextlib.suppress(Exception):  # broken EXIF says nothing about the pixels, which are fine
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def _upright(image: Image.Image) -> Image.Image:
    """Its pixels, read now, turned as its EXIF orientation asks, in place: a copy of a phone's photo takes 150 megabytes."""
    image.load()
    with contextlib.suppress(Exception):  # broken EXIF says nothing about the pixels, which are fine
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _to_rgb(image: Image.Image, is_deep: bool = False) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_grey_to_8_bits(np.asarray(image), image.mode, is_deep)).convert("RGB")
    if image.has_transparency_data:
        return _over_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    """Its transparency laid over white, some rows at a time: whole, a picture of 50 megapixels would take 800 megabytes."""
    result = Image.new("RGB", image.size)
    for top in range(0, image.height, _ROWS):
        box = (0, top, image.width, min(top + _ROWS, image.height))
        rows = image.crop(box).convert("RGBA")
        result.paste(Image.alpha_composite(Image.new("RGBA", rows.size, "white"), rows).convert("RGB"), box)
    return result


def _grey_to_8_bits(values: NDArray[Any], mode: str, is_deep: bool) -> NDArray[np.uint8]:
    """(H, W) integers or floats -> (H, W) uint8, some rows at a time.

    Modes "I;16*" always span 0..65,535, and so does "I" where `is_deep`. Else the values tell what white is.
    """
    if mode.startswith("I;16") or is_deep:
        white = 65535
    else:
        white = _white_of(values, _WHITES if mode == "F" else _WHITES[1:])
    pieces = (values[top : top + _ROWS].astype(np.float32) for top in range(0, len(values), _ROWS))
    return np.concatenate([np.rint(np.clip(piece * (255 / white), 0, 255)).astype(np.uint8) for piece in pieces])


def _white_of(values: NDArray[Any], candidates: tuple[int, ...]) -> int:
    """The smallest candidate that suits all values but one in a thousand (one at least), with room for overshoot."""
    broken = values.size - int(np.isfinite(values).sum())
    if broken:
        raise ImageError(f"{broken:,} of its {values.size:,} values are no finite numbers (NaN or infinite). Mend them first")
    rare = max(1, values.size // _RARE)
    white = next((white for white in candidates if (values > (1 + _OVERSHOOT) * white).sum() <= rare), None)
    if white is None or (values < -_OVERSHOOT * white).sum() > rare:
        expected = ", ".join(f"0..{white:,}" for white in candidates)
        raise ImageError(f"its values lie in {values.min():.6g}..{values.max():.6g}; expected {expected}. Scale them first")
    return white


def _from_array(array: NDArray[Any]) -> Image.Image:
    if array.dtype != np.uint8:
        raise ImageError(
            f"An array of {array.dtype} arrived; expected uint8 in 0..255. "
            "For floats in 0..1 use (array * 255).round().astype('uint8')."
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.size == 0 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise ImageError(
            f"An array shaped {array.shape} arrived; expected (H, W, 3). For (3, H, W) use array.transpose(1, 2, 0)."
        )
    return Image.fromarray(np.ascontiguousarray(array))


def _download(url: str, max_bytes: int) -> bytes:
    started = time.monotonic()
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "cnnhub"})
        with urllib.request.urlopen(request, timeout=URL_TIMEOUT_SECONDS) as response:
            data: bytes = response.read(max_bytes + 1)
            return data
    except (OSError, ValueError, http.client.HTTPException) as error:
        seconds = time.monotonic() - started
        raise ImageError(
            f"{url} cannot be fetched ({seconds:.1f} seconds): {error}. Check the address and the network, or save the picture "
            "and pass its path."
        ) from error
