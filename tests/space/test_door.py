"""The door: what is refused before gradio hears of it, and what every answer says to the browser."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnhub
from demo.photo import uploads
from demo.serving import bodies, door
from demo.serving.budget import Budget
from demo.serving.door import Door
from demo.serving.hosts import Hosts
from tests.support.places import EXAMPLES
from tests.support.running_space import Server

JSON = {"content-type": "application/json"}
JOIN = "/gradio_api/queue/join"


async def inner(scope: dict, receive, send) -> None:
    """An app that reads its body and says how long it was."""
    read, more = 0, True
    while more:
        message = await receive()
        read, more = read + len(message["body"]), message.get("more_body", False)
    await say(send, 200, {"read": str(read)})


async def say(send, status: int, content: dict[str, str]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"x-frame-options", b"none")]})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


def ask(opened: Door, method: str, path: str, app=inner, **options: object) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app=opened.middleware(app), client=("10.0.0.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, **options)

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop may run in this one
        return thread.submit(asyncio.run, once()).result()


@pytest.mark.parametrize("path", door.READY)
def test_health_says_loading_until_the_models_answer(path: str) -> None:
    opened = Door()
    answer = ask(opened, "GET", path)
    assert (answer.status_code, answer.json()) == (503, {"status": "loading", "version": cnnhub.__version__})
    opened.is_ready = True
    answer = ask(opened, "GET", path)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": cnnhub.__version__})


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://127.0.0.1/x",
        "/gradio_api/file=HTTPS://127.0.0.1/x",
        "/gradio_api/file=%68ttp://127.0.0.1/x",
        "/gradio_api/proxy=http://127.0.0.1/x",
        "/gradio_api/process_recording",
        "/gradio_api/vibe-edit/",
        "/gradio_api/deep_link?session_hash=x",
        "/some/root/gradio_api/proxy=x",
        "/gradio_api/dev/reload",
    ],
)
def test_what_the_page_does_not_use_is_closed(path: str) -> None:
    assert ask(Door(), "GET", path).status_code == 404


def test_what_the_page_uses_is_open() -> None:
    for path in ("/", "/config", "/gradio_api/file=/tmp/http:/x.png", "/gradio_api/queue/data", "/gradio_api/upload"):
        assert ask(Door(), "GET", path).json() == {"read": "0"}


def test_a_body_may_be_as_large_as_a_photo_in_base64_and_no_larger() -> None:
    fitting = uploads.MAX_BYTES * 4 // 3
    assert ask(Door(), "POST", "/x", content=b"x" * fitting).json() == {"read": str(fitting)}
    announced = ask(Door(), "POST", "/x", content=b"x" * (bodies.MAX_BYTES + 1))
    opened = Door()

    async def pieces():
        for _ in range(bodies.MAX_BYTES // 2**20 + 2):
            yield b"x" * 2**20

    unannounced = ask(opened, "POST", "/x", content=pieces())
    for answer in (announced, unannounced):
        assert answer.status_code == 413 and "larger than" in answer.json()["detail"]
    assert opened.open_requests == 0


@pytest.mark.parametrize("path", door.ALIVE)
def test_it_says_that_it_lives_before_it_is_ready(path: str) -> None:
    assert ask(Door(), "GET", path).json() == {"status": "alive", "version": cnnhub.__version__}


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("127.0.0.1", True),
        ("192.168.7.9:7860", True),
        ("[::1]:7860", True),
        ("LOCALHOST:7860", True),
        ("page.localhost", True),
        ("me-cnnhub.hf.space", True),
        ("demo.example.org:443", True),
        ("example.org", False),
        ("demo.example.org.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("0x7f.1", False),
        ("[", False),
    ],
)
def test_only_its_own_names_are_answered(host: str, is_known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_HOST", "me-cnnhub.hf.space")
    monkeypatch.setenv("CNNHUB_HOSTS", "other.example, demo.example.org")
    answer = ask(Door(), "GET", "/config", headers={"host": host})
    assert answer.status_code == (200 if is_known else 421)
    assert is_known or "CNNHUB_HOSTS" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("origin", "host", "is_foreign"),
    [
        ("http://127.0.0.1:7860", "127.0.0.1:7860", False),
        ("https://127.0.0.1", "127.0.0.1:443", False),
        ("https://demo.example.org", "127.0.0.1:7860", False),
        ("http://localhost:3000", "localhost:7860", True),
        ("https://evil.example", "127.0.0.1:7860", True),
        ("null", "127.0.0.1:7860", True),
        ("", "127.0.0.1:7860", True),
        ("file://", "127.0.0.1:7860", True),
        ("https://127.0.0.1:7860@evil.example", "127.0.0.1:7860", True),
    ],
)
def test_pages_of_other_sites_cannot_have_it_work(origin: str, host: str, is_foreign: bool) -> None:
    opened = Door(hosts=Hosts(["demo.example.org"]))
    for method in ("POST", "OPTIONS", "DELETE"):
        answer = ask(opened, method, JOIN, headers={"host": host, "origin": origin})
        assert answer.status_code == (403 if is_foreign else 200)
    assert ask(opened, "GET", "/", headers={"host": host, "origin": origin}).status_code == 200


def test_every_answer_tells_the_browser_what_it_may_do() -> None:
    async def failing(scope, receive, send) -> None:
        raise ValueError

    opened = Door(endpoints={"classify"})
    answers = [ask(opened, "GET", path) for path in ("/", "/config", "/healthz", "/livez", "/gradio_api/dev/reload")]
    answers += [
        ask(opened, "GET", "/", headers={"host": "evil.example"}),
        ask(opened, "POST", "/gradio_api/call/no"),
        ask(opened, "GET", "/", failing),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 503, 200, 404, 421, 404, 500]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'self' https://huggingface.co" in answer.headers["content-security-policy"]
    assert answers[0].headers["x-frame-options"] == "none", "what gradio says itself is kept"
    file = ask(opened, "GET", "/gradio_api/file=photos/x.svg")
    assert file.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_fails_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(error: Exception):
        async def app(scope, receive, send) -> None:
            raise error

        return app

    full = ask(Door(), "POST", "/gradio_api/upload", failing(OSError(errno.ENOSPC, "No space left on device")))
    assert full.status_code == 507 and "disk is full" in full.json()["detail"]
    assert ask(Door(), "POST", JOIN, failing(KeyError(99_999))).status_code == 404
    assert capsys.readouterr().err == ""
    other = ask(Door(), "GET", "/", failing(ValueError("/home/me/secret")))
    assert other.status_code == 500 and "secret" not in other.text
    assert "ValueError: /home/me/secret" in capsys.readouterr().err


def test_an_endpoint_that_there_is_not_is_named_as_such() -> None:
    opened = Door(endpoints={"classify", "filter"})
    for call in door.CALLS:
        answer = ask(opened, "POST", f"/gradio_api/{call}nope", json={"data": []})
        assert answer.status_code == 404 and "There are: /classify, /filter." in answer.json()["detail"]
        assert ask(opened, "POST", f"/gradio_api/{call}filter", json={"data": []}).status_code == 200


def pieces(body: bytes):
    async def made():
        for start in range(0, len(body), 2**20):
            yield body[start : start + 2**20]

    return made()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_json_may_be_long_for_a_picture_alone(is_chunked: bool) -> None:
    picture = base64.b64encode((EXAMPLES / "cat.jpg").read_bytes() * 4)
    assert len(picture) > 3 * bodies.MAX_JSON_BYTES
    texts = {
        200: [b'{"data": ["' + picture + b'"]}', b'{"data": ["data:image/jpeg;base64,' + picture + b'", 3]}', b'{"data": [1]}'],
        413: [
            b"[" + b'{"a":1},' * 3_400_000 + b"1]",
            b'{"data": ["' + b"a" * 100_000 + b'"]}',
            b'{"data": ["' + picture + b'", "' + b"a" * 70_000 + b'"]}',
            b'{"data": ["/9j/' + b"<" * 100_000 + b'"]}',
            b'["Qk"' * 5_000_000,
            b'"' * 20_000_000,
        ],
        400: [b"[" * 60_000, b'{"a":' * 1000],
    }
    for status, group in texts.items():
        for body in group:
            answer = ask(Door(), "POST", JOIN, content=pieces(body) if is_chunked else body, headers=JSON)
            assert answer.status_code == status, (body[:40], answer.text)
            assert status != 200 or answer.json() == {"read": str(len(body))}


@settings(max_examples=200)
@given(
    st.recursive(st.text() | st.integers(), lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside), max_leaves=20)
)
def test_the_depth_of_json_is_the_depth_of_its_values(value: object) -> None:
    def deep(value: object) -> int:
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inside is None else 1 + max(map(deep, inside), default=0)

    assert bodies._depth(json.dumps(value).encode()) == deep(value)
    assert bodies._depth(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == deep(value)


def test_an_address_uploads_so_much_a_minute_and_a_class_passes() -> None:
    now = [0.0]
    opened = Door(budget=Budget(now=lambda: now[0]))

    def upload(size: int = 10) -> httpx.Response:
        return ask(opened, "POST", "/gradio_api/upload", content=b"x" * size)

    for _ in range(40 * 6):
        now[0] += 0.01
        assert upload().status_code == 200
    statuses = [upload().status_code for _ in range(60)]
    assert statuses == [200] * 10 + [429] * 50
    refused = upload()
    assert "at most 250, or 600 MB" in refused.json()["detail"] and 1 <= int(refused.headers["retry-after"]) <= 60
    assert ask(opened, "POST", JOIN, json={}).status_code == 200, "only photos are counted"
    now[0] += 61
    assert upload().status_code == 200
    opened.budget.bytes = 100
    assert upload(100).status_code == 200
    assert upload().status_code == 429
    assert ask(Door(budget=opened.budget), "POST", "/gradio_api/upload").status_code == 429


def test_uploads_that_come_at_once_are_counted_when_they_begin() -> None:
    opened = Door(budget=Budget(count=1))
    second: list[int] = []

    async def slow(scope, receive, send) -> None:
        second.append(ask(opened, "POST", "/gradio_api/upload", content=b"x").status_code)
        await inner(scope, receive, send)

    assert ask(opened, "POST", "/gradio_api/upload", slow, content=b"x").status_code == 200
    assert second == [429]


def test_what_may_be_uploaded_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNHUB_UPLOADS_A_MINUTE", "7")
    monkeypatch.setenv("CNNHUB_UPLOAD_MEGABYTES_A_MINUTE", "3")
    assert (Budget.of_environment().count, Budget.of_environment().bytes) == (7, 3 * 2**20)
    for wrong in ("0", "-1", "many", "1e3"):
        monkeypatch.setenv("CNNHUB_UPLOADS_A_MINUTE", wrong)
        with pytest.raises(SystemExit, match=r"^CNNHUB_UPLOADS_A_MINUTE is '.*'; expected a whole number"):
            Budget.of_environment()


def test_the_page_names_no_place_on_the_machine(server: Server) -> None:
    for path in ("/config", "/", "/?lang=zh-TW&tab=tour", "/gradio_api/info"):
        text = httpx.get(server.url + path).text
        assert str(server.temporary) not in text and str(cnnhub.__path__[0]) not in text, path
    uploaded = httpx.post(f"{server.url}/gradio_api/upload", files={"files": ("a.jpg", b"x")}).json()
    assert not uploaded[0].startswith("/")


def test_an_upload_without_a_file_name_and_half_of_one_leave_nothing(server: Server) -> None:
    before = server.files()
    head = {"content-type": "multipart/form-data; boundary=x"}
    nameless = b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\nabc\r\n--x--\r\n'
    answer = httpx.post(f"{server.url}/gradio_api/upload", content=nameless, headers=head)
    assert answer.status_code == 400 and "file name" in answer.text
    large = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n' + b"y" * 21 * 2**20
    assert httpx.post(f"{server.url}/gradio_api/upload", content=large + b"\r\n--x--\r\n", headers=head).status_code == 413
    for body in (large + b"y" * 9 * 2**20, nameless[:-8] + b"\r\n--x" + large[3:] + b"y" * 9 * 2**20):

        def chunked(body: bytes = body):
            yield from (body[start : start + 2**20] for start in range(0, len(body), 2**20))

        assert httpx.post(f"{server.url}/gradio_api/upload", content=chunked(), headers=head).status_code == 413
    assert server.files() == before


def test_other_sites_are_told_nothing_by_gradio_either(server: Server) -> None:
    """gradio's own answers to a browser's question whether another site may ask."""
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST", "host": "192.168.1.7:7860"}
    for method in ("OPTIONS", "GET"):
        answer = httpx.request(method, f"{server.url}/config", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
