"""The errors a user meets. Each says what arrived, what was expected and what to do."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable

_LONG_WORD, _LONGEST_TEXT = re.compile(r"\S{501,}"), 5_000  # characters
_NOT_PLAIN, _UNSEEN = re.compile("[^ -~]"), ("Cc", "Cf", "Zl", "Zp", "Cs")
_SECRET = re.compile(r"hf_[A-Za-z0-9]{30,}|(?<=Bearer )[^'\"]+")  # a token by its form, or by what stands before it


class CnnHubError(Exception):
    """Parent of every error that cnnhub raises on purpose.

    >>> import cnnhub
    >>> try:
    ...     cnnhub.load("flower")
    ... except CnnHubError as error:
    ...     print(type(error).__name__)
    ModelNotFoundError

    What arrived may be megabytes long, or hold a token; whatever prints the error prints neither.
    """

    def __str__(self) -> str:
        return _presentable(super().__str__())


class ImageError(CnnHubError):
    """The picture cannot be read, or is larger than the limits allow."""


class ModelNotFoundError(CnnHubError):
    """No built-in model, folder or Hub repository answers to this source."""


class RevisionNotFoundError(ModelNotFoundError):
    """The Hub has the repository, but no such branch, tag or commit."""


class AccessDeniedError(ModelNotFoundError):
    """The Hub has the repository, but the token, or its absence, does not allow it to be read."""


class HubUnreachableError(ModelNotFoundError):
    """The Hub does not answer, or may not be asked, and what is needed is not in the cache."""


class ModelConfigError(CnnHubError):
    """config.json is not the description of an image classifier that can be built here."""


class ModelTooLargeError(ModelConfigError):
    """The network or its files are larger than the caller allows."""


class ModelWeightsError(CnnHubError):
    """The weights are not safetensors, or do not fit the network that config.json describes."""


class CorruptedFileError(ModelWeightsError):
    """A file is not the one that the Hub announced, and cannot be fetched again, or not the one that was shipped."""


class DeviceError(CnnHubError):
    """The device that was asked for is not here, or the engine does not run on it."""


class EngineError(CnnHubError):
    """The engine that was asked for is not installed."""


class OutputError(CnnHubError):
    """What was made cannot be written where it was asked for."""


class ArgumentError(CnnHubError, ValueError):
    """An argument has a value that means nothing, such as a batch of no pictures."""


class UnknownNameError(CnnHubError):
    """A layer, label or kernel that does not exist; the message names the nearest ones."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, list(known)
        super().__init__(f"There is no {kind} {name!r}. {nearest(str(name), self.known, plural(kind))}")

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, object, list[str]]]:
        return type(self), (self.kind, self.name, self.known)  # an error crosses processes as its arguments


class KernelError(CnnHubError):
    """A kernel that is not an odd square grid of finite numbers, or whose divisor or bias is of no use."""


class GeometryError(CnnHubError):
    """Stride, padding, dilation, window or picture with which no output exists."""


class AnatomyError(CnnHubError):
    """The network cannot be followed: it does not take a picture of that size, or does what a table cannot show."""


class PushError(CnnHubError):
    """The push cannot be done, or the Hub did not do it."""


class InvalidRepositoryError(PushError):
    """No repository can have this name."""


class NotWritableError(PushError):
    """The token's owner may not write to the repository."""


class AlreadyPublicError(PushError):
    """The repository is to be private, and it is there and public."""


def nearest(name: str, known: Iterable[str], plural: str) -> str:
    """A sentence naming the entries of `known` that `name` may have meant.

    >>> nearest("sobel", ["sobel_x", "emboss"], "kernels")
    'Did you mean sobel_x?'
    """
    known = list(known)
    near = nearest_names(name, known)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    shown = ", ".join(known[:12])
    return f"The {plural} are: {shown}{', …' if len(known) > 12 else ''}."


def nearest_names(name: str, known: Iterable[str]) -> list[str]:
    """At most three of `known` that are written much like the name.

    >>> nearest_names("sobel", ["sobel_x", "emboss"])
    ['sobel_x']
    """
    by_folded_case = {each.casefold(): each for each in known}
    # a longer one resembles none, and takes long to compare
    matches = difflib.get_close_matches(name[:100].casefold(), by_folded_case, n=3, cutoff=0.5)
    return [by_folded_case[match] for match in matches]


def plural(noun: str) -> str:
    """More than one of it.

    >>> plural("kernel")
    'kernels'
    """
    return f"{noun}s"


def printable(text: str, keep: str = "") -> str:
    r"""Text with its control, direction and zero-width characters spelled out, but for those in `keep`: what comes from a
    stranger's model or file reaches the terminal, which would obey them, and its reader, who would not see them.

    >>> print(printable("cat\x1b[2J\tdog\u202e\u200b"))
    cat\x1b[2J\x09dog\u202e\u200b
    """

    def escape(character: str) -> str:
        number = ord(character)
        return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

    return spelled_out(text, escape, keep)


def spelled_out(text: str, escape: Callable[[str], str], keep: str = "") -> str:
    """Text with what `escape` makes of each character that cannot be seen, but for those in `keep`: control and direction,
    zero width and other formats, ends of lines and paragraphs, halves of a pair of surrogates.

    >>> spelled_out("cat\u200bdog", lambda character: "·")
    'cat·dog'
    """

    def seen(found: re.Match[str]) -> str:
        character = found[0]
        return escape(character) if unicodedata.category(character) in _UNSEEN and character not in keep else character

    return _NOT_PLAIN.sub(seen, text)


def _presentable(text: str) -> str:
    """The text without tokens and what cannot be seen, a word of more than 500 characters cut in its middle, and the whole cut
    after 5,000.

    >>> len(_presentable("There is no file " + 6_000_000 * "A"))
    143
    """

    def cut(word: re.Match[str]) -> str:
        return f"{word[0][:80]}… ({len(word[0]):,} characters) …{word[0][-20:]}"

    short = _LONG_WORD.sub(cut, _SECRET.sub("…", text))
    cut_off = short if len(short) <= _LONGEST_TEXT else f"{short[:_LONGEST_TEXT]}… ({len(short):,} characters)"
    return printable(cut_off, keep="\n\t")
