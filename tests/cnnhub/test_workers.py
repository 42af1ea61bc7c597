"""Pictures opened in processes that can be ended: they are the same, and what takes too long or too much is refused."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

import cnnhub
from cnnhub import workers as module
from cnnhub.decoding import Limits, open_encoded
from cnnhub.errors import ImageError, UnknownNameError
from cnnhub.workers import Header, Workers, seconds_for
from tests.support import corpus
from tests.support.places import EXAMPLES, ROOT

CAT = (EXAMPLES / "cat.jpg").read_bytes()
LIMITS = Limits()

needs_timer = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="processor time is not limited here")


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers(most=2)
    yield workers
    workers.close()


def processes() -> set[int]:
    found = set()
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # nor a zombie, of which nothing but the number is left
            found |= {child.pid} if "opener.serve" in " ".join(child.cmdline()) else set()
    return found


def is_opened(workers: Workers) -> bool:
    return workers.open(CAT, "cat.jpg", LIMITS, 60.0).size == (640, 426)


@pytest.mark.parametrize("case", corpus.pictures()[::4], ids=lambda case: case.name)
def test_a_worker_gives_what_this_process_would(workers: Workers, case: corpus.Case) -> None:
    try:
        expected = open_encoded(case.data, "the photo", LIMITS)
    except ImageError as error:
        with pytest.raises(ImageError) as raised:
            workers.open(case.data, "the photo", LIMITS, 60.0)
        assert str(raised.value) == str(error)
        assert getattr(raised.value, "__notes__", []) == getattr(error, "__notes__", [])
        return
    found = workers.open(case.data, "the photo", LIMITS, 60.0)
    assert (found.size, found.box) == (expected.size, expected.box)
    assert np.array_equal(np.asarray(found.picture), np.asarray(expected.picture))


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_is_reduced_and_opened_whole_as_here(workers: Workers, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    jpeg = corpus.encoded(Image.open(io.BytesIO(CAT)).resize((1603, 1201)), "JPEG", exif=exif)
    expected = open_encoded(jpeg, "it", LIMITS, lambda size: (size[0] // 4, size[1] // 4))
    found = workers.open(jpeg, "it", LIMITS, 60.0, lambda size: (size[0] // 4, size[1] // 4))
    assert (found.size, found.box) == (expected.size, expected.box)
    assert np.array_equal(np.asarray(found.picture), np.asarray(expected.picture))
    assert found.whole is not None and expected.whole is not None
    assert np.array_equal(np.asarray(found.whole().picture), np.asarray(expected.whole().picture))
    assert workers.look(jpeg, LIMITS, 60.0) == Header("JPEG", found.size)


def test_a_worker_scales_and_asks_before_it_decodes_and_sends(workers: Workers) -> None:
    asked: list[object] = []
    opened = workers.open(CAT, "it", LIMITS, 60.0, scaled=lambda size: (64, 43), decodes=asked.append, arrives=asked.append)
    assert asked == [(640, 426), (64, 43)]
    assert (opened.size, opened.box) == ((640, 426), (0, 0, 64, 43))
    expected = cnnhub.open_image(CAT).resize((64, 43), Image.Resampling.LANCZOS)
    assert np.array_equal(np.asarray(opened.picture), np.asarray(expected))


def test_an_error_of_the_caller_s_own_ends_no_worker(workers: Workers) -> None:
    assert is_opened(workers)
    before = processes()

    def refuse(size: tuple[int, int]) -> tuple[int, int]:
        raise ImageError("no")

    for options in ({"least": refuse}, {"decodes": refuse}, {"arrives": refuse}):
        with pytest.raises(ImageError, match=r"^no$"):
            workers.open(CAT, "it", LIMITS, 60.0, **options)
    assert is_opened(workers)
    assert processes() == before


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.long)])
def test_a_worker_that_is_killed_is_told_of_and_replaced(workers: Workers, count: int) -> None:
    for _ in range(count):

        def kill(size: tuple[int, int]) -> None:
            for pid in processes():
                os.kill(pid, signal.SIGKILL)

        with pytest.raises(ImageError, match=r"The process that opened it ended before .*status -?\d+\)\. Try again") as raised:
            workers.open(CAT, "it", LIMITS, 60.0, decodes=kill)
        assert raised.value.__notes__ == ["ended"]
        assert is_opened(workers)


def test_one_that_is_killed_while_it_has_nothing_to_do_is_not_missed(workers: Workers) -> None:
    assert is_opened(workers)
    for pid in processes():
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)], 5)
    assert is_opened(workers)


SLOW = corpus.slow_pictures(0.25)


@needs_timer
@pytest.mark.parametrize("case", SLOW, ids=lambda case: case.name)
def test_what_takes_long_is_refused(workers: Workers, case: corpus.Case) -> None:
    with pytest.raises(ImageError, match=r"takes more than 0\.1 seconds to open.*Save it anew") as raised:
        workers.open(case.data, case.name, LIMITS, 0.1)
    assert raised.value.__notes__ == ["slow"]
    assert workers.look(CAT, LIMITS, 60.0) is not None


@needs_timer
@pytest.mark.long
@pytest.mark.parametrize("case", corpus.slow_pictures(), ids=lambda case: case.name)
def test_what_takes_long_at_full_size_is_refused_in_its_time(workers: Workers, case: corpus.Case) -> None:
    with pytest.raises(ImageError, match=r"takes more than [2-5](\.\d)? seconds"):
        workers.open(case.data, case.name, LIMITS, seconds_for)


def test_the_time_follows_what_the_file_announces(workers: Workers) -> None:
    asked: list[int] = []

    def seconds(pixels: int) -> float:
        asked.append(pixels)
        return 60.0

    workers.open(CAT, "it", LIMITS, seconds)
    assert asked == [0, 640 * 426]
    assert [seconds_for(pixels) for pixels in (0, 12_000_000, 50_000_000, 64_000_000)] == [2, 2, 5, 5]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is limited on Linux alone")
def test_what_takes_much_memory_is_refused() -> None:
    frugal = Workers(most=1, memory=60_000_000)
    heavy = corpus.encoded(Image.new("RGBA", (5000, 4000)))
    with pytest.raises(ImageError, match="more memory than may be used") as raised:
        frugal.open(heavy, "it", LIMITS, 60.0)
    assert raised.value.__notes__ == ["heavy"]
    assert is_opened(frugal)
    frugal.close()


@needs_timer
def test_one_that_takes_long_keeps_no_other_waiting(workers: Workers) -> None:
    with pytest.raises(ImageError, match="more than 1 seconds"):
        has_begun, others = threading.Event(), []

        def open_others() -> None:
            has_begun.wait()
            others.extend(is_opened(workers) for _ in range(3))

        thread = threading.Thread(target=open_others)
        thread.start()
        has_begun.set()
        try:
            workers.open(corpus.slow_pictures()[0].data, "it", LIMITS, 1.0)
        finally:
            assert others, "none was opened before the slow one was given up"
            thread.join()


def test_an_end_of_the_one_who_asks_is_the_end_of_his_workers(tmp_path: Path) -> None:
    code = (
        "import os, psutil, signal; from cnnhub.workers import *; workers = Workers(2, ready=2)\n"
        f"workers.open(open({str(EXAMPLES / 'cat.jpg')!r}, 'rb').read(), 'it', Limits(), 60.0)\n"
        "print(*(child.pid for child in psutil.Process().children()), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    pids = [int(word) for word in done.stdout.split()]
    assert pids, done.stderr
    deadline = time.monotonic() + 20
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(psutil.pid_exists, pids))


def test_a_worker_imports_no_more_than_it_needs() -> None:
    code = "import sys; from cnnhub import workers; print({'torch', 'onnxruntime', 'timm', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.strip() == "set()"


def test_open_image_has_limits_of_time_and_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cnnhub.open_image(EXAMPLES / "cat.jpg", max_seconds=60).tobytes() == cnnhub.open_image(CAT).tobytes()
    monkeypatch.setattr(module, "_Worker", lambda memory: pytest.fail("a picture is no file"))
    assert cnnhub.open_image(Image.new("RGB", (3, 2)), max_seconds=60).size == (3, 2)
    monkeypatch.undo()
    with pytest.raises(ImageError, match="expected JPEG or PNG"):
        cnnhub.open_image(corpus.encoded(corpus.painted(), "TIFF"), formats=["JPEG", "PNG"])
    with pytest.raises(ImageError, match="expected GIF"):
        cnnhub.open_image(CAT, formats=["GIF"], max_seconds=60)
    with pytest.raises(UnknownNameError, match=r"no format 'JPG'\. Did you mean JPEG"):
        cnnhub.open_image(CAT, formats=["JPG"])
    if hasattr(signal, "setitimer"):
        with pytest.raises(ImageError, match=r"takes more than 0\.1 seconds"):
            cnnhub.open_image(SLOW[0].data, max_seconds=0.1)
