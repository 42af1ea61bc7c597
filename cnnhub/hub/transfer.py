"""What a Hub says of a file, checked before any of it becomes a path, and the file itself, of that size and by a deadline.

huggingface_hub's own download asks the Hub a second time and believes that answer: its commit and its ETag become paths, a body
without an end is written until the disk is full, and the body of a redirect is read whole. Here one answer is asked for, checked
and kept to. The client still brings the token, the proxy, the certificates and its errors.
"""

from __future__ import annotations

import contextlib
import contextvars
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from cnnhub.errors import CorruptedFileError, HubUnreachableError
from cnnhub.hub.whole import HASH

Answer = TypeVar("Answer")

WAY_OUT = (
    "Use local_files_only=True for a model that was loaded before, or a built-in one (see cnnhub.builtin_models()); "
    "the command asks only the cache with HF_HUB_OFFLINE=1."
)
COMMIT = re.compile("[0-9a-f]{40}")
ANSWER_SECONDS = 60.0  # in which all headers of an answer must have come; those of an honest Hub take one
SLOWEST = 50_000  # bytes a second of a download, on the whole: the 10 MB of a small network in three minutes
MOST_REDIRECTS = 5
MOST_FAILURES = 5  # in a row, without a byte between them
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HUB = ("https", "huggingface.co", 443)


@dataclass(frozen=True)
class Announced:
    """What a Hub says of a file.

    Attributes:
        commit: 40 hexadecimal digits.
        hash: sha256, or git's blob id of a small file; None where what was sent is neither.
        etag: what was sent, which is fit for nothing but to be shown.
        size: bytes.
        location: from where it may be fetched.
    """

    commit: str
    hash: str | None
    etag: str
    size: int
    location: str


def announced(url: str, token: str | bool | None) -> Announced:
    """Ask a Hub about a file. One request, and one for each redirect within the Hub.

    Raises:
        HubUnreachableError: the answer is not a Hub's, or takes too long. The client's errors: it refuses.
    """
    from huggingface_hub import get_hf_file_metadata

    said = _within(_Clock(ANSWER_SECONDS), url, lambda: get_hf_file_metadata(url, token=token))
    if said.commit_hash is None:
        raise HubUnreachableError(f"{url} was answered, but not by a Hub: no commit was named. Check HF_ENDPOINT. {WAY_OUT}")
    if not COMMIT.fullmatch(said.commit_hash):
        raise _no_hub(url, f"its commit is {shown(said.commit_hash)}; expected 40 hexadecimal digits")
    if said.size is None or said.size < 0:
        raise _no_hub(url, f"its size is {shown(said.size)}; expected a number of bytes")
    etag = said.etag or ""
    return Announced(
        said.commit_hash, etag if HASH.fullmatch(etag) else None, etag, said.size, _followed(url, url, said.location)
    )


def download(said: Announced, url: str, token: str | bool | None, file: IO[bytes]) -> None:
    """Write a file as it was announced; what breaks off is taken up again where it broke.

    Args:
        url: what an error calls it; the location may hold a signature.

    Raises:
        CorruptedFileError: more bytes came than were announced; none of the surplus was written.
        HubUnreachableError: fewer came, or they came too slowly, or a redirect leads where none may.
    """
    clock = _Clock(ANSWER_SECONDS + said.size / SLOWEST)
    _within(clock, url, lambda: _receive(said, url, token, file, clock))


def shown(value: object) -> str:
    """What a stranger sent, in an error: spelled out and short."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text):,} characters)"


class _Clock:
    """How long something may take."""

    def __init__(self, seconds: float) -> None:
        self.started, self.seconds = time.monotonic(), seconds
        self.is_stopped = False

    @property
    def left(self) -> float:
        return 0.0 if self.is_stopped else self.started + self.seconds - time.monotonic()


def _within(clock: _Clock, url: str, ask: Callable[[], Answer]) -> Answer:
    """What `ask` returns or raises, if it does in time.

    It is called in a thread of its own: a server that sends a byte now and then keeps the HTTP library, whose timeouts are of
    single reads, busy for as long as it likes. A thread that is given up ends with the next piece of data, or with the process.
    """
    outcome: list[Callable[[], Answer]] = []

    def run() -> None:
        try:
            value = ask()
            outcome.append(lambda: value)
        except BaseException as error:
            failure = error  # the name `error` ends with this block

            def again() -> Answer:
                raise failure

            outcome.append(again)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    try:
        thread.join(clock.left)
    finally:
        clock.is_stopped = True
    if not outcome:
        raise HubUnreachableError(f"{url} was not answered whole within {clock.seconds:.0f} seconds. {WAY_OUT}")
    return outcome[0]()


def _receive(said: Announced, url: str, token: str | bool | None, file: IO[bytes], clock: _Clock) -> None:
    failures = 0
    with _progress(url, said.size) as advance:
        while file.tell() < said.size:
            before = file.tell()
            try:
                with _opened(said.location, url, token, before) as response:
                    if before and response.status_code != 206:  # it begins anew, whatever was asked for
                        advance(-before)
                        file.seek(0)
                        file.truncate()
                    for chunk in response.iter_raw():
                        _check(said, url, file.tell() + len(chunk), clock)
                        file.write(chunk)
                        advance(len(chunk))
                if file.tell() < said.size:
                    raise HubUnreachableError(
                        f"{url} ended after {file.tell():,} bytes; {said.size:,} were announced. Try again. {WAY_OUT}"
                    )
            except Exception as error:
                failures = 1 if file.tell() > before else failures + 1
                if failures > MOST_FAILURES or not _may_pass(error) or clock.left <= 0:
                    raise
                time.sleep(min(2 ** (failures - 1), 8, clock.left))


def _check(said: Announced, url: str, received: int, clock: _Clock) -> None:
    """Raise where a body is longer than announced, or too slow."""
    if received > said.size:
        raise CorruptedFileError(
            f"{url} brings more than the {said.size:,} bytes that were announced; it was not read further and nothing was kept. "
            "Whoever runs this Hub can mend it."
        )
    if clock.left <= 0:
        raise HubUnreachableError(
            f"{url} comes too slowly: {received:,} of {said.size:,} bytes in {clock.seconds:.0f} seconds; expected at least "
            f"{SLOWEST // 1000} kB a second. {WAY_OUT}"
        )


@contextlib.contextmanager
def _opened(location: str, url: str, token: str | bool | None, start: int) -> Iterator[Any]:
    """The answer to a request for the bytes from `start` on, its headers read and its body not."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # public, but not listed

    client = get_session()
    for _ in range(MOST_REDIRECTS + 1):
        headers = {**build_hf_headers(token=token), "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        if _origin(location) not in (_origin(constants.ENDPOINT), _HUB):
            headers.pop("authorization", None)  # a storage's address is signed, and the token is not its business
        request = client.build_request("GET", location, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT)
        response: Any = client.send(request, stream=True, follow_redirects=False)
        with contextlib.closing(response):
            if not response.has_redirect_location:
                response.raise_for_status()
                yield response
                return
            location = _followed(url, location, response.headers["Location"])
    raise HubUnreachableError(f"{url} is redirected more than {MOST_REDIRECTS} times. Check HF_ENDPOINT. {WAY_OUT}")


def _followed(url: str, place: str, target: str) -> str:
    """Where a redirect leads: to https, or to where the Hub itself is.

    Raises:
        HubUnreachableError: elsewhere.
    """
    from huggingface_hub import constants

    with contextlib.suppress(ValueError):  # of a target that is no URL
        followed = urljoin(place, target)
        scheme, host, _ = _origin(followed)
        if host and (scheme == "https" or _origin(followed) == _origin(constants.ENDPOINT)):
            return followed
    raise _no_hub(url, f"it leads to {shown(target)}; expected https, or {constants.ENDPOINT}")


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _no_hub(url: str, what: str) -> HubUnreachableError:
    return HubUnreachableError(f"{url} was answered, but not as a Hub does: {what}. Check HF_ENDPOINT. {WAY_OUT}")


def _may_pass(error: Exception) -> bool:
    """Whether another try may do: the connection failed, or the server asks for patience.

    The classes are told by their names, for the client's HTTP library is httpx or httpx2, by the client's version.
    """
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status in (408, 429) or any(kind.__name__ == "TransportError" for kind in type(error).__mro__)


@contextlib.contextmanager
def _progress(url: str, size: int) -> Iterator[Callable[[int], object]]:
    """A bar as the client draws it, where it draws any."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]  # public, but not listed

    name = url.rpartition("/")[2]
    bar: Any = tqdm
    with bar(total=size, desc=name, unit="B", unit_scale=True, name="huggingface_hub.http_get") as drawn:
        yield drawn.update
