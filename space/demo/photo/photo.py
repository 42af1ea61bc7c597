"""The photo that the visitor has chosen, and the one door through which it is opened."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from PIL import ExifTags, Image

from cnnhub import Classifier, images
from cnnhub.errors import ImageError
from cnnhub.images import ImageSource
from demo.photo import kinds, memory, pixels

# Formats whose header tells the size at once; every current browser shows these by itself, and no other one.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_JPEG = b"\xff\xd8"
_QUARTER_TURNS = {5, 6, 7, 8}  # of EXIF's orientations, those that swap width and height
LARGE = 8_000_000  # pixels; smaller photos take 32 MB each at most


class Photo:
    """A photo's file, and the picture in it. One event of the page has one of these, and opens it once.

    It is false where there is nothing to open: the file is gone, deleted after its ten minutes while the page stood open.
    """

    def __init__(self, data: bytes, source: str = "", *, is_gone: bool = False) -> None:
        """`source`: its path on the server, by which the page knows it."""
        self.data, self.source, self.is_gone = data, source, is_gone
        self._picture: Image.Image | None = None

    def __bool__(self) -> bool:
        return not self.is_gone

    @cached_property
    def id(self) -> str:
        """Tells photos apart."""
        return hashlib.sha256(self.data).hexdigest()[:16]

    @contextmanager
    def opened(self, classifier: Classifier | None = None) -> Iterator[ImageSource]:
        """The picture for cnnhub to work on; no other large one is held meanwhile, and small ones never wait.

        A small one is decoded now, and kept for the rest of the event. A large one is handed over as its file, to be
        decoded by whoever reads it: a decoded picture would be copied, and one copy takes 200 MB. So is a JPEG that the
        classifier would decode at reduced size: its answer here is the one that Python gives.

        Raises:
            ImageError: the file is no picture; a note says what it is, as `kinds` knows it.
        """
        try:
            if self.is_large:
                with memory.turn:
                    yield self.data
            elif classifier and self._size and self.data.startswith(_JPEG) and classifier.may_reduce(self._size):
                yield self.data
            else:
                self._picture = self._picture or images.open_image(self.data)
                yield self._picture
        except ImageError as error:
            error.add_note(kinds.kind_of(self.data))
            raise

    def pixels(self) -> pixels.Pixels:
        """The picture of at most a megapixel that the laboratory computes with; the last ones are kept for half a minute.

        Raises:
            ImageError: as for `opened`.
        """
        known = pixels.kept(self.id)
        if known:
            return known
        with self.opened() as picture:  # whoever had the turn before may have brought it
            return pixels.kept(self.id) or pixels.keep(pixels.made(self.id, images.open_image(picture)))

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height), upright.

        Raises:
            ImageError: the file is no picture.
        """
        if self._size is None:
            return self.pixels().original
        with Image.open(io.BytesIO(self.data), formats=FORMATS) as header:
            is_turned = header.getexif().get(ExifTags.Base.Orientation) in _QUARTER_TURNS
        return self._size[::-1] if is_turned else self._size

    @property
    def is_large(self) -> bool:
        """Whether it would take much memory decoded; what has no header that tells is taken to be large."""
        return self._size is None or self._size[0] * self._size[1] > LARGE

    @property
    def is_shown_by_browsers(self) -> bool:
        return self._size is not None

    @cached_property
    def _size(self) -> tuple[int, int] | None:
        """(width, height), read off the first bytes; nothing is decoded."""
        try:
            with Image.open(io.BytesIO(self.data), formats=FORMATS) as header:
                return header.size
        except Exception:  # HEIC, TIFF, or no picture at all
            return None
