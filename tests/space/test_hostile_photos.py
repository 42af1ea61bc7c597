"""Hostile photos at the page: what their sender is told, and that nobody else waits for them."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from PIL.ExifTags import GPS, IFD

import cnnhub
from cnnhub.errors import ImageError
from demo import texts
from demo.photo import kinds, opening
from demo.photo.photo import Photo
from tests.support import corpus
from tests.support.corpus import Case
from tests.support.places import EXAMPLES
from tests.support.running_space import Server, copy_of_the_space, running

CAT = (EXAMPLES / "cat.jpg").read_bytes()
SLOW = corpus.slow_pictures()[0]
ENDPOINTS = ("classify", "filter", "filter_stack")
MARK = {"meta": {"_type": "gradio.FileData"}}
REFUSED = [case for case in corpus.pictures() if case.expected is None]

pytestmark = pytest.mark.timeout(600)


class Visitor:
    """A program that uploads a photo once, and asks."""

    def __init__(self, address: str, data: bytes) -> None:
        self._client = httpx.Client(base_url=address, timeout=120)
        (self._path,) = self._client.post("/gradio_api/upload", files={"files": ("photo.jpg", data)}).json()

    def ask(self, endpoint: str = "classify") -> str:
        asked = {"image": {"path": self._path, **MARK}}
        event = self._client.post(f"/gradio_api/call/v2/{endpoint}", json=asked).json()["event_id"]
        return self._client.get(f"/gradio_api/call/{endpoint}/{event}").text


def opened(photo: Photo) -> None:
    with photo.opened() as source:
        cnnhub.open_image(source)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(opening, "seconds_for", lambda pixels: 0.1)
    return


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_each_sender_is_told_what_is_wrong_in_each_language(case: Case) -> None:
    for work in (opened, Photo.pixels):
        with pytest.raises(ImageError) as raised:
            work(Photo(case.data))
    assert len({texts.problem(language, raised.value).line for language in texts.LANGUAGES}) == len(texts.LANGUAGES)
    unknown = texts.t("en", "file_unknown")
    if case.name.startswith(("PNG of 50,000", "PNG of 12,000")):
        assert "more than 50 megapixels" in texts.problem("en", raised.value).line
    elif case.name.startswith("PNG of 1 x"):
        assert "more than 16384 pixels on a side" in texts.problem("en", raised.value).line
    elif case.name in ("TIFF", "JPEG2000", "TGA", "ICO"):
        assert unknown in texts.problem("en", raised.value).line


@pytest.mark.parametrize("place", [0, 2])
def test_who_sends_what_takes_long_is_told_so(place: int, hasty: None) -> None:
    case = corpus.slow_pictures(0.25)[place]
    with pytest.raises(ImageError) as raised:
        opened(Photo(case.data))
    assert "takes too long to open" in texts.problem("en", raised.value).line
    assert kinds.TOLD[0] in raised.value.__notes__


def test_other_visitors_do_not_wait_for_a_slow_photo(app: str) -> None:
    """Two slow ones at one endpoint and at another; all three endpoints answer somebody else meanwhile, again and again."""
    said: list[str] = []
    senders = [threading.Thread(target=lambda name=name: said.append(slow.ask(name))) for name in ("classify", "filter")]
    slow, other = Visitor(app, SLOW.data), Visitor(app, CAT)
    for endpoint in ENDPOINTS:  # the first time one imports what it needs
        other.ask(endpoint)
    for sender in senders:
        sender.start()
    answers = 0
    while all(sender.is_alive() for sender in senders):
        assert "event: complete" in other.ask(ENDPOINTS[answers % len(ENDPOINTS)])
        answers += 1
    for sender in senders:
        sender.join()
    assert answers >= len(ENDPOINTS), "the first of the slow ones ended before others were answered"
    assert len(said) == 2 and all("takes more than 2 seconds to open" in each for each in said), said


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_killed_worker_is_told_of_and_the_next_photo_is_opened(app: str, server: Server, count: int) -> None:
    slow, other = Visitor(app, SLOW.data), Visitor(app, CAT)
    for _ in range(count):
        said: list[str] = []
        sender = threading.Thread(target=lambda said=said: said.append(slow.ask()))
        sender.start()
        while sender.is_alive():
            for each in server.workers():
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            time.sleep(0.05)
        sender.join()
        assert re.search(
            "The process that opened the photo ended before it was done|No process that opens pictures can be", said[0]
        )
        assert "event: complete" in other.ask()


def test_a_photo_is_not_handed_out_again_and_nothing_says_where_it_was_taken(app: str, server: Server) -> None:
    exif = Image.Exif()
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (51.0, 30.0, 26.0)})
    data = corpus.encoded(Image.open(io.BytesIO(CAT)), "JPEG", exif=exif)
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(IFD.GPSInfo)
    path = httpx.post(f"{app}/gradio_api/upload", files={"files": ("mine.jpg", data)}).json()[0]
    assert (server.temporary / path).read_bytes() == data
    folder, name = path.rsplit("/", 1)
    for spelt in (path, f"{folder}/./{name}", f"{folder}/x/../{name}", f"/{path}", path.replace("/", "%2F")):
        for before in ("/gradio_api/file=", "/gradio_api/file/", "/file="):
            found = httpx.get(f"{app}{before}{spelt}", follow_redirects=True)
            assert not found.content or found.status_code in (403, 404), (before, spelt)
    client = Client(app, verbose=False)
    for endpoint in ("/filter", "/explain", "/feature_maps"):
        answer = client.predict(handle_file(str(server.temporary / path)), api_name=endpoint)
        with Image.open(answer[0] if isinstance(answer, tuple | list) else answer) as picture:
            assert not picture.getexif() and "exif" not in picture.info, endpoint


@pytest.mark.long
def test_workers_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    with running(copy_of_the_space(tmp_path / "space"), tmp_path / "files") as server:
        workers = server.workers()
        server.process.kill()
        server.process.wait(60)
        _, left = psutil.wait_procs(workers, 20)
        assert workers and not left
