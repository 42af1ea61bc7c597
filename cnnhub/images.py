"""A path, bytes, a URL, a PIL image or an array becomes a safe, upright RGB image."""

from __future__ import annotations

import http.client
import os
import re
import threading
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from cnnhub import decoding, workers
from cnnhub.decoding import HEIC_BRANDS, MAX_BYTES, MAX_PIXELS, Box, Least, Limits, Opened, Size
from cnnhub.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Box", "Encoded", "ImageSource", "Least", "Opened", "Size", "begins_like_a_picture", "open_image", "open_to_scale"]


class Encoded(ABC):
    """A picture's file that says itself how it is opened: in another process, say, or once for several readers."""

    @abstractmethod
    def opened(self, least: Least | None = None) -> Opened:
        """As `open_to_scale` opens it.

        Raises:
            ImageError: it cannot be read.
        """


ImageSource: TypeAlias = "str | os.PathLike[str] | bytes | Image.Image | NDArray[np.uint8] | Encoded"

URL_TIMEOUT_SECONDS = 20.0
# How files of these formats begin. A TGA has no sign, so that only its name tells.
_SIGNS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP|GIF8[79]a|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|II[*+]\0|MM\0[*+]|"
    rb"P[1-6]\s+[#\d]|\0\0\0\x0cjP  |\xff\x4f\xff\x51|....ftyp(?:avi[fs]|%b)" % b"|".join(HEIC_BRANDS),
    re.DOTALL,
)
_loading = threading.Lock()


def open_image(
    source: ImageSource,
    *,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
    max_seconds: float | None = None,
    formats: Sequence[str] | None = None,
) -> Image.Image:
    """Open a picture as an upright RGB image of 8 bits a channel.

    EXIF orientation is applied, transparency is laid over white, 16-bit and floating-point greys are
    scaled to 8 bits, and of an animation the first frame is taken. A PIL image passed in is not changed.
    In greys of 32 bits (int or float) white is the smallest of 1 (float alone), 255 and 65,535 that nearly all values
    exceed by half of it at most; what lies outside is clipped.
    HEIC, the photos of many phones, needs `pip install cnnhub[heic]`.

    A small file may take minutes to open, made so on purpose. Where files come from strangers, give `max_seconds`: a path, bytes
    or a URL are then opened in another process, which is ended at its limits, of processor time and of memory (see `workers`).

    Args:
        source: a path, encoded bytes, an http(s) URL, a PIL image, or an array of uint8 shaped
            (H, W, 3); (H, W) grey and (H, W, 4) with alpha are understood too.
        max_pixels: width times height that may be decoded; decided from the header, before decoding.
        max_bytes: encoded size that may be read, in bytes.
        max_seconds: of processor time that opening it may take; without it, any.
        formats: names of those that are read: JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIC, JPEG2000, PPM and TGA; without it all.

    Raises:
        ImageError: the source is not a picture, is damaged, is too large, or takes too long.
        UnknownNameError: there is no such format.

    >>> open_image(np.zeros((2, 3, 3), np.uint8)).size
    (3, 2)
    >>> open_image("space/examples/cat.jpg", max_seconds=2, formats=["JPEG", "PNG"]).mode
    'RGB'
    """
    limits = Limits(max_pixels, max_bytes) if formats is None else Limits(max_pixels, max_bytes, formats=tuple(formats))
    return _open(source, limits, seconds=max_seconds).picture


def open_to_scale(source: ImageSource, least: Least | None = None) -> Opened:
    """`open_image` for who scales the picture and keeps nothing of it, which spares time and memory.

    Pixels of a PIL image or an array are taken as they are, and not copied where they are upright RGB.

    Args:
        least: given the upright (width, height) of a JPEG that comes as a file, the size down to which it may be decoded; the
            decoder divides both sides by 1, 2, 4 or 8 and rounds up. Without it every pixel is decoded.

    Raises:
        ImageError: as for `open_image`, whose limits on the whole picture hold; and what `least` raises.

    >>> import io
    >>> jpeg = io.BytesIO()
    >>> Image.new("RGB", (4000, 3000)).save(jpeg, "JPEG")
    >>> open_to_scale(jpeg.getvalue(), lambda size: (600, 450)).picture.size
    (1000, 750)
    """
    return _open(source, Limits(MAX_PIXELS, MAX_BYTES), least, is_kept=False)


def begins_like_a_picture(head: bytes) -> bool:
    """Whether a file whose first 32 bytes these are is a picture of a format that is read, whatever its name.

    >>> begins_like_a_picture(b"GIF89a..."), begins_like_a_picture(b"BMW, Fiat")
    (True, False)
    """
    return _SIGNS.match(head) is not None


def _open(
    source: ImageSource,
    limits: Limits,
    least: Least | None = None,
    is_kept: bool = True,
    seconds: float | None = None,
) -> Opened:
    if isinstance(source, Encoded):
        return source.opened(least)
    if isinstance(source, Image.Image):
        return decoding.decode(source, "the PIL image", limits, lent=partial(_lent, is_kept=is_kept))
    if isinstance(source, np.ndarray):
        return decoding.decode(_from_array(source), "the array", limits)
    data, name = _encoded(source, limits.size)
    if seconds is not None:
        return workers.shared().open(data, name, limits, seconds, least)
    return decoding.open_encoded(data, name, limits, least)


def _encoded(source: object, max_bytes: int) -> tuple[bytes, str]:
    """A file's bytes, and what an error calls it; one byte past the limit tells "too large" without reading it all."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), f"the {len(source):,} bytes"
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        return _download(source, max_bytes), source
    if isinstance(source, str) and source[:5].lower() == "data:":
        raise ImageError(
            f"{source} is a data: URI; expected a path, bytes or an http(s) URL. Pass what it holds, decoded, as bytes."
        )
    if isinstance(source, str | os.PathLike):
        return _read(Path(source), max_bytes), str(Path(source))
    raise ImageError(
        f"An image of type {type(source).__name__} arrived; expected a path, bytes, an http(s) URL, "
        "a PIL image or a NumPy array (H, W, 3) of uint8."
    )


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        if path.is_dir():
            raise ImageError(f"{path} is a folder; expected one picture. Pass the files in it one by one.")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError:
        raise ImageError(f"There is no file {path}. Check the path; it is relative to {Path.cwd()}.") from None
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _lent(image: Image.Image, is_kept: bool) -> Image.Image:
    """The caller's picture itself where it is neither changed nor handed on, else a copy."""
    with _loading:  # Pillow reads a file's pixels late, and two threads may have been given the same picture
        image.load()
    return image.copy() if (is_kept and image.mode == "RGB") or decoding.orientation_of(image) != 1 else image


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
