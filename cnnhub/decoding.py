"""Encoded bytes become an upright RGB picture; nothing is decoded before it is known to be small enough."""

from __future__ import annotations

import contextlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import ExifTags, Image, ImageOps

from cnnhub.errors import ImageError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Size: TypeAlias = tuple[int, int]  # width, height
Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom
Least: TypeAlias = Callable[[Size], Size]  # of a picture so large, the size down to which it may be decoded

MAX_PIXELS = 64_000_000
MAX_BYTES = 64 * 2**20
# Only formats whose decoders read pixels, by Pillow's names and ours. Pillow can also run Ghostscript (EPS) and read containers
# that nobody sends as a photo; strangers' files do not reach those decoders.
FORMATS = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "WEBP": "WebP",
    "GIF": "GIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "AVIF": "AVIF",
    "HEIC": "HEIC",  # not Pillow's own
    "JPEG2000": "JPEG 2000",
    "PPM": "PPM",
    "TGA": "TGA",
}
# The major brands of a HEIF file whose pictures are coded in HEVC, as phones write them (ISO/IEC 23008-12, annex B).
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_ROWS = 256  # of a picture that are converted at once
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS = (b"tRNS", b"eXIf")  # that matter here, besides the critical ones
_WHITES = (1, 255, 65535)  # what white may be where a format does not say
_OVERSHOOT = 0.5  # of white: how far a sharpened or enlarged picture's values lie outside at most
_RARE = 1000  # one value in so many decides nothing: a broken pixel of a sensor


@dataclass(frozen=True)
class Limits:
    """What a picture may be; all of it is decided before decoding.

    Attributes:
        pixels: width times height. size: encoded bytes. side: the longer side, in pixels; None for any.
        formats: names of those that are read, of FORMATS.

    Raises:
        UnknownNameError: there is no such format.

    >>> Limits(formats=("JPEG", "PNG")).kinds
    'JPEG or PNG'
    """

    pixels: int = MAX_PIXELS
    size: int = MAX_BYTES
    side: int | None = None
    formats: tuple[str, ...] = tuple(FORMATS)

    def __post_init__(self) -> None:
        for name in self.formats:
            if name not in FORMATS:
                raise UnknownNameError("format", name, FORMATS)

    @property
    def kinds(self) -> str:
        """The formats as an error names them."""
        *others, last = (FORMATS[name] for name in self.formats)
        return f"{', '.join(others)} or {last}" if others else last


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


def open_encoded(
    data: bytes, name: str, limits: Limits, least: Least | None = None, decodes: Callable[[Size, Size], object] | None = None
) -> Opened:
    """A picture from the bytes of its file.

    Args:
        name: what an error calls it.
        least: see `images.open_to_scale`.
        decodes: called before the pixels are decoded, with the (width, height) that the file announces, and those of what will
            be decoded.

    Raises:
        ImageError: it is no picture of these formats, is damaged or too large; and what `least` and `decodes` raise.

    >>> png = io.BytesIO()
    >>> Image.new("L", (3, 2)).save(png, "PNG")
    >>> open_encoded(png.getvalue(), "a grey one", Limits()).picture
    <PIL.Image.Image image mode=RGB size=3x2 at ...>
    """
    check_length(data, name, limits)
    try:
        opened = decode(parsed(data, name, limits), name, limits, least, decodes)
        if opened.size != opened.picture.size:
            return replace(opened, whole=partial(open_encoded, data, name, limits, decodes=decodes))
        return opened
    except ImageError:
        bare = _without_extras(data)
        if bare is None:
            raise
    return decode(parsed(bare, name, limits), name, limits, decodes=decodes)


def check_length(data: bytes, name: str, limits: Limits) -> None:
    """Refuse a file that is too large, or empty.

    Raises:
        ImageError: it is.
    """
    if len(data) > limits.size:
        raise ImageError(f"{name} is larger than {limits.size:,} bytes, the limit. Save a smaller copy of it.")
    if not data:
        raise ImageError(f"{name} is empty; expected a picture ({limits.kinds}).")


def parsed(data: bytes, name: str, limits: Limits) -> Image.Image:
    """The picture with its header read, and no pixels yet."""
    try:
        if _is_heic(data) and "HEIC" in limits.formats:
            return _heic(data, name)
        return Image.open(io.BytesIO(data), formats=[each for each in limits.formats if each in _built_in()])
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise noted("large", f"{name} has too many pixels: {error} The limit here is {limits.pixels:,}.") from error
    except Exception as error:  # Pillow's parsers raise many kinds of error on hostile headers
        if data[4:11] == b"ftypavi" and "AVIF" not in _built_in():
            raise ImageError(f"{name} is an AVIF picture, which this Pillow was built without: pip install -U pillow.") from error
        raise ImageError(f"{name} is not a picture that can be read; expected {limits.kinds}.") from error


def decode(
    image: Image.Image,
    name: str,
    limits: Limits,
    least: Least | None = None,
    decodes: Callable[[Size, Size], object] | None = None,
    lent: Callable[[Image.Image], Image.Image] = lambda image: image,
) -> Opened:
    """The pixels of a picture whose header was read; its EXIF orientation is applied in place, to what `lent` gives for it."""
    _check_size(image.size, name, limits)
    announced = image.size
    reduced = _reduce(image, least) if least is not None else None
    if decodes is not None:
        decodes(announced, image.size)
    try:
        # a PPM's greys of more than 8 bits Pillow gives as "I", scaled to 0..65,535
        is_deep = (image.format, image.mode) == ("PPM", "I")
        picture = _to_rgb(_upright(lent(image)), is_deep)
    except ImageError as error:
        raise ImageError(f"{name} cannot be shown: {error}.") from None
    except MemoryError as error:
        raise too_heavy(name) from error
    except Exception as error:
        raise ImageError(f"{name} is damaged or cut off and cannot be decoded: {error}.") from error
    return Opened(picture, *(reduced or (picture.size, (0, 0, *picture.size))))


def ready() -> None:
    """Import all that opening a picture may need."""
    _built_in()
    with contextlib.suppress(ModuleNotFoundError):
        import pillow_heif  # noqa: F401


def noted(note: str, sentence: str) -> ImageError:
    """`note` says in a word what is wrong, for programs."""
    error = ImageError(sentence)
    error.add_note(note)
    return error


def too_heavy(name: str) -> ImageError:
    """What to raise where memory does not suffice."""
    return noted("heavy", f"{name} takes more memory than may be used for it. Scale it down first.")


def format_of(image: Image.Image) -> str:
    """By its name in FORMATS."""
    return {"MPO": "JPEG", "HEIF": "HEIC"}.get(image.format or "", image.format or "")


def orientation_of(image: Image.Image) -> int:
    """As EXIF numbers it, 1 to 8; from 5 on the picture lies on its side."""
    with contextlib.suppress(Exception):  # broken EXIF says nothing about the pixels, which are fine
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    return 1


def _check_size(size: Size, name: str, limits: Limits) -> None:
    width, height = size
    if width * height > limits.pixels:
        raise noted(
            "large",
            f"{name} has {width} x {height} = {width * height:,} pixels; at most {limits.pixels:,} are decoded. "
            "Scale it down first.",
        )
    if limits.side is not None and max(size) > limits.side:
        raise noted("long", f"{name} is {width} x {height} pixels; at most {limits.side:,} a side are decoded. Crop it first.")
    if width == 0 or height == 0:
        raise ImageError(f"{name} has no pixels ({width} x {height}).")


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
    return data[4:8] == b"ftyp" and brands[:4] in HEIC_BRANDS and b"avif" not in brands


def _heic(data: bytes, name: str) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ModuleNotFoundError:
        raise ImageError(f"{name} is a HEIC photo, which needs one more package: pip install cnnhub[heic].") from None
    opened: Image.Image = HeifImageFile(io.BytesIO(data))  # reads the header; the pixels are decoded when they are loaded
    return opened


@cache
def _built_in() -> frozenset[str]:
    """Formats that this build of Pillow has; naming another one makes it refuse every file."""
    Image.init()
    return frozenset(Image.OPEN)


def _reduce(image: Image.Image, least: Least) -> tuple[Size, Box] | None:
    """Have a JPEG decoded at the smallest size that its decoder offers and `least` allows -> `size` and `box` of `Opened`."""
    if image.format not in ("JPEG", "MPO"):  # an MPO is a JPEG with more of them behind it
        return None
    orientation, stored = orientation_of(image), image.size
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
