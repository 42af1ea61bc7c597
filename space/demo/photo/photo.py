"""The photo that the visitor has chosen, and the one door through which it is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from cnnhub.errors import ImageError
from cnnhub.images import Encoded, ImageSource, Least, Opened, Size
from cnnhub.workers import Header
from demo.photo import kinds, opening, pixels

_JPEG = b"\xff\xd8"


class Photo:
    """A photo's file, and the picture in it. One event of the page has one of these.

    It is false where there is nothing to open: the file is gone, deleted after its ten minutes while the page stood open.
    """

    def __init__(self, data: bytes, source: str = "", *, is_gone: bool = False) -> None:
        """`source`: its path on the server, by which the page knows it."""
        self.data, self.source, self.is_gone = data, source, is_gone
        self._file = _File(data)

    def __bool__(self) -> bool:
        return not self.is_gone

    @cached_property
    def id(self) -> str:
        """Tells photos apart."""
        return hashlib.sha256(self.data).hexdigest()[:16]

    @contextmanager
    def opened(self) -> Iterator[ImageSource]:
        """The picture for cnnhub to work on; once it is here, no other large one is held meanwhile, and small ones never wait.

        It is opened when it is read, in another process, as Python would open the file here: a classifier's answer is the one
        that Python gives.

        Raises:
            ImageError: the file is no picture; a note says what it is, as `kinds` knows it.
        """
        try:
            yield self._file
        except ImageError as error:
            self._explain(error)
            raise
        finally:
            self._file.turn.end()

    def pixels(self) -> pixels.Pixels:
        """The picture of at most a megapixel that the laboratory computes with; the last ones are kept for half a minute.

        Raises:
            ImageError: as for `opened`.
        """
        known = pixels.kept(self.id)
        if known:
            return known
        with self.opened():
            small = self._file.fitted()
            return pixels.keep(pixels.made(self.id, small.picture, small.size))

    @cached_property
    def size(self) -> Size:
        """(width, height), upright.

        Raises:
            ImageError: the file is no picture.
        """
        return self._header.size if self._header else self.pixels().original

    @property
    def is_shown_by_browsers(self) -> bool:
        return self._header is not None and self._header.format in opening.SHOWN

    @cached_property
    def _header(self) -> Header | None:
        return opening.look(self.data)

    def _explain(self, error: ImageError) -> None:
        if not any(note in kinds.TOLD for note in getattr(error, "__notes__", ())):
            error.add_note(kinds.kind_of(self.data))


class _File(Encoded):
    """Opens the file for whoever reads it; a small picture is kept, and opened once."""

    def __init__(self, data: bytes) -> None:
        self._data, self.turn = data, opening.Turn()
        self._small: Opened | None = None

    def opened(self, least: Least | None = None) -> Opened:
        if self._small and not self._may_be_reduced(self._small.size, least):
            return self._small
        found = opening.opened(self._data, self.turn, least)
        if found.whole is None and found.picture.width * found.picture.height <= opening.LARGE:
            self._small = found
        return replace(found, whole=self.opened) if found.whole else found

    def fitted(self) -> Opened:
        return self._small or opening.opened(self._data, self.turn, scaled=pixels.fitting)

    def _may_be_reduced(self, size: Size, least: Least | None) -> bool:
        if least is None or not self._data.startswith(_JPEG):
            return False
        width, height = least(size)
        return min(size[0] // width, size[1] // height) > 1
