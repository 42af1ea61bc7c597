"""How the server behaves: ready, kept within its limits, swept of photos, ended without cutting an answer."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import ClassVar

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file
from PIL import Image

import cnnhub
from demo import assets, texts
from demo.photo import uploads
from demo.serving import gradio_fixes
from demo.serving import serve as serving
from tests.support.places import EXAMPLES
from tests.support.running_space import Server, copy_of_the_space, running

DOG = EXAMPLES / "dog.jpg"
MARK = {"meta": {"_type": "gradio.FileData"}}
KEPT = 12.0  # seconds, in place of ten minutes

pytestmark = pytest.mark.timeout(900)  # a server takes a minute to start where other work goes on


@pytest.mark.parametrize("given", ["abc", "0", "65536", "-1", "²", "1" * 99])
def test_an_impossible_port_is_a_sentence(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", given)
    with pytest.raises(
        SystemExit, match=r"^GRADIO_SERVER_PORT is '.*'; expected a whole number from 1 to 65535, such as 7860\.$"
    ):
        uploads.port()
    monkeypatch.setenv("GRADIO_SERVER_PORT", "")
    assert uploads.port() == 7860


def test_a_busy_port_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Page:
        fns: ClassVar[dict[int, object]] = {}
        blocks: ClassVar[dict[int, object]] = {}

        def launch(self, **options: object) -> None:
            raise OSError("Cannot find empty port in range: 7861-7861.")

    monkeypatch.setenv("GRADIO_SERVER_PORT", "7861")
    monkeypatch.setattr(serving.gradio_fixes, "describe", lambda page: None)
    with pytest.raises(SystemExit, match=r"Port 7861 cannot be served on.*GRADIO_SERVER_PORT=7862 make app"):
        serving.serve(Page(), {"css": ""}, tmp_path, [], lambda *_: {})  # type: ignore[arg-type]


def test_a_user_without_a_name_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    monkeypatch.setattr(uploads.tempfile, "tempdir", None)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    assert uploads.prepare().parent == tmp_path


def test_a_file_is_deleted_by_when_it_came(tmp_path: Path) -> None:
    sweeper = uploads.Sweeper(tmp_path, 600, lambda: {str(tmp_path / "kept" / "cat.jpg")})
    for name in ("kept/cat.jpg", "a/photo.jpg", "a/.photo.jpg.x1", "tmpq8"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    sweeper.sweep(1000)
    sweeper.sweep(1440)
    assert (tmp_path / "a" / "photo.jpg").exists()
    (tmp_path / "a" / "photo.jpg").touch()  # used again: that does not make it younger
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "later.jpg").write_bytes(b"x")
    sweeper.sweep(1450)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "b/later.jpg",
        "kept/cat.jpg",
    ]
    (tmp_path / "b" / "later.jpg").unlink()
    (tmp_path / "b" / "again").write_bytes(b"x")
    (tmp_path / "b" / "again").rename(tmp_path / "b" / "later.jpg")  # uploaded once more: a new file
    sweeper.sweep(1890)
    assert (tmp_path / "b" / "later.jpg").exists()
    sweeper.sweep(2340)
    assert not (tmp_path / "b" / "later.jpg").exists()


def test_a_sweep_that_comes_late_makes_no_file_younger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"x")
    monkeypatch.setattr(uploads.time, "time", lambda: photo.stat().st_ctime + 200)
    sweeper = uploads.Sweeper(tmp_path, 600, set)
    sweeper.sweep(1000)
    sweeper.sweep(1249)
    assert photo.exists(), "450 seconds are kept; it is 449 seconds old"
    sweeper.sweep(1251)
    assert not photo.exists()


def test_sweeps_leave_time_to_keep_the_promise() -> None:
    sweeper = uploads.Sweeper(Path(), uploads.PROMISED_SECONDS, set)
    # it comes right after a sweep, and is old enough right after another one
    assert sweeper.interval + sweeper._age + sweeper.interval < uploads.PROMISED_SECONDS
    assert uploads.PROMISED_SECONDS == 600  # what the page says in three languages


def test_empty_folders_go_when_nobody_can_be_filling_them(tmp_path: Path) -> None:
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / "old", (0, 0))
    uploads.Sweeper(tmp_path, 600, set).sweep(0)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_nobody_is_promised_more_than_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNHUB_PHOTO_SECONDS", "86400")
    assert uploads.kept_seconds() == uploads.PROMISED_SECONDS
    monkeypatch.setenv("CNNHUB_PHOTO_SECONDS", "4")
    assert uploads.kept_seconds() == 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_space(tmp_path_factory.mktemp("space"))


def upload(server: Server, data: bytes, name: str = "photo.jpg") -> httpx.Response:
    return httpx.post(f"{server.url}/gradio_api/upload", files={"files": (name, data)}, timeout=60)


def break_off_an_upload(server: Server, data: bytes) -> None:
    """Half of a photo arrives, then the connection ends."""
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="half.jpg"\r\n\r\n' + data
    kind = f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}"
    head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\n{kind}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
        deadline = time.monotonic() + 30
        while not any(Path(name).name.startswith("tmp") for name in server.files()):
            assert time.monotonic() < deadline, "the half never arrived"
            time.sleep(0.05)


def test_a_photo_of_21_mb_gets_a_sentence(server: Server) -> None:
    answer = upload(server, b"\xff\xd8" + b"x" * 21 * 2**20)
    assert answer.status_code == 413
    assert "maximum allowed size" in answer.text
    assert upload(server, DOG.read_bytes()).status_code == 200


def test_photos_are_deleted_in_time_and_after_a_kill_and_the_last_answer_is_given(folder: Path, tmp_path: Path) -> None:
    """All that a visitor makes is watched from outside: the upload, a broken-off one, maps and galleries."""
    temporary = tmp_path / "files"
    before = set(folder.rglob("*.*"))
    with running(folder, temporary, CNNHUB_PHOTO_SECONDS=str(KEPT)) as server:
        at_start = server.files()
        assert {Path(name).name for name in at_start} == set(texts.example_names("en")), (
            "of each example the copy that all visitors get"
        )
        watched: dict[tuple[str, int], tuple[float, float]] = {}
        client = Client(server.url, verbose=False)
        for number, example in enumerate((DOG, EXAMPLES / "tulips.jpg")):
            photo = tmp_path / f"own-{number}.jpg"
            photo.write_bytes(example.read_bytes() + b"a visitor's own")
            for endpoint in ("/classify", "/filter", "/feature_maps"):
                client.predict(handle_file(str(photo)), api_name=endpoint)
                watch(server, watched)
        break_off_an_upload(server, DOG.read_bytes())
        end = time.monotonic() + KEPT
        while time.monotonic() < end:
            watch(server, watched)
            if int(time.monotonic()) % 3 == 0:  # in use all the time: kept no longer for it
                assert len(upload(server, DOG.read_bytes()).json()) == 1
        until_gone = time.monotonic() + KEPT
        while server.files() > at_start and time.monotonic() < until_gone:
            watch(server, watched)
        assert server.files() == at_start
        lives = [last - first for (name, _), (first, last) in watched.items() if name not in at_start]
        assert len(lives) >= 7, "two photos, half of one, two maps, two galleries"
        assert max(lives) < KEPT

        upload(server, DOG.read_bytes())
        server.process.kill()
        server.process.wait()
        assert server.files() > at_start, "a killed process leaves its photos"
    port = int(server.url.rpartition(":")[2])
    server.log.unlink()  # it tells of the upload that was broken off
    with running(folder, temporary, port=port) as server:
        assert server.files() == at_start
        an_answer_under_way_is_given_before_the_end(server)
        assert server.files() == set(), "at the end the folder is emptied"
    added = {path for path in folder.rglob("*.*") if "__pycache__" not in path.parts} - before
    assert added == set(), "something lies beside the app: a photo, or gradio's notes on its subclasses"


def an_answer_under_way_is_given_before_the_end(server: Server) -> None:
    large = io.BytesIO()
    Image.radial_gradient("L").resize((8000, 6250)).convert("RGB").save(large, "JPEG")
    (path,) = upload(server, large.getvalue()).json()
    call = {"image": {"path": path, **MARK}}
    event = httpx.post(f"{server.url}/gradio_api/call/v2/filter", json=call).json()["event_id"]
    workers = server.workers()
    server.process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    answer = httpx.get(f"{server.url}/gradio_api/call/filter/{event}", timeout=60)
    assert "event: complete" in answer.text
    assert server.process.wait(30) == 0
    assert time.monotonic() - started < 20
    _, left = psutil.wait_procs(workers, 20)
    assert workers and not left
    assert "Traceback" not in server.log.read_text()


def watch(server: Server, watched: dict[tuple[str, int], tuple[float, float]]) -> None:
    """Note when each file was first and last seen; a file that is written anew is another one."""
    for path in server.paths():
        with contextlib.suppress(FileNotFoundError):
            key, now = (str(path.relative_to(server.temporary)), path.stat().st_ino), time.monotonic()
            watched[key] = watched.get(key, (now, now))[0], now
    time.sleep(0.05)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("node") is None, reason="no node here; gradio renders on the server with it")
def test_with_server_side_rendering(folder: Path, tmp_path: Path) -> None:
    with running(folder, tmp_path / "files", GRADIO_SSR_MODE="True") as server:
        assert "with SSR" in server.log.read_text()
        page = httpx.get(server.url).text
        assert "/_app/immutable/" in page, "Node did not render the page"
        scoped = gradio_fixes.with_own_scope(assets.page_file("page/style.css"))
        assert scoped in page, "gradio has written the style sheet anew: with_own_scope may not be needed any more"
        answer = Client(server.url, verbose=False).predict(handle_file(str(DOG)), api_name="/classify")
        assert answer["label"] == "dog"
        assert httpx.get(f"{server.url}/gradio_api/file=http://127.0.0.1:1/x").status_code == 404
        assert server.stop() == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)


def test_without_server_side_rendering(server: Server) -> None:
    assert "with SSR" not in server.log.read_text()
    assert "/_app/immutable/" not in httpx.get(server.url).text
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok", "version": cnnhub.__version__}


@pytest.mark.parametrize(
    ("query", "preferred", "expected"),
    [
        ("", "", "en"),
        ("?lang=zh-TW", "en", "zh-TW"),
        ("?tab=filter&lang=zh-CN", "zh-TW", "zh-CN"),
        ("?lang=tlh", "zh-HK,zh;q=0.9", "zh-TW"),
        ("", "fr,zh-CN;q=0.8,en;q=0.5", "zh-CN"),
    ],
)
def test_the_first_html_is_in_the_language_that_the_page_will_choose(
    server: Server, query: str, preferred: str, expected: str
) -> None:
    answer = httpx.get(f"{server.url}/{query}", headers={"accept-language": preferred})
    assert "Accept-Language" in answer.headers["vary"]
    assert re.findall(r'<html\s+lang="([^"]*)"', answer.text) == [expected]
    assert answer.text.rstrip().endswith("</html>")
