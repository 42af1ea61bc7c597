"""What a file is that cannot be opened as a photo, so that its owner can be told."""

from __future__ import annotations

from demo.photo import opening

TOLD = ("slow", "heavy", "large", "long", "ended")  # by whoever could not open it
# How such files begin.
_STARTS = {
    b"%PDF-": "pdf",
    b"PK\x03\x04": "archive",
    b"\x1f\x8b": "archive",
    b"Rar!": "archive",
    b"7z\xbc\xaf": "archive",
    b"\x1aE\xdf\xa3": "video",
}
_LOOKED_AT = 1000  # bytes


def kind_of(data: bytes) -> str:
    """The key's end of the string `file_...` that says it."""
    if not data:
        return "empty"
    header = opening.look(data)
    if header:
        return "large" if header.size[0] * header.size[1] > opening.LIMITS.pixels else "damaged"
    for start, kind in _STARTS.items():
        if data.startswith(start):
            return kind
    if data[4:8] == b"ftyp":  # the box that such photos of phones begin with too
        return "damaged" if data[8:11] in (b"hei", b"hev", b"mif", b"avi") else "video"
    return _text_kind(data[:_LOOKED_AT]) or "unknown"


def _text_kind(start: bytes) -> str | None:
    try:
        text = start.decode("utf-8", "strict" if len(start) < _LOOKED_AT else "ignore")
    except UnicodeDecodeError:
        return None
    if not all(letter.isprintable() or letter.isspace() for letter in text):
        return None
    return "drawing" if "<svg" in text.lower() else "text"
