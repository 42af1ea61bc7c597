"""The first HTML: compressed, in the visitor's language, described as this page; and what strangers' headers can do to it."""

from __future__ import annotations

import gzip
import io
import json
import re
from typing import Any

import httpx
import pytest
from PIL import Image

from demo.serving import cover, first_page


def scope_of(path: str = "/", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "scheme": "http", "path": path, "root_path": "", "query_string": b"", "headers": named}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "127.0.0.1:7860"}, "http://127.0.0.1:7860/"),
        ({"host": "cnnhub.example"}, "http://cnnhub.example/"),
        ({"host": "[::1]:7860"}, "http://[::1]:7860/"),
        ({"host": "a", "x_forwarded_host": "b.example, c", "x_forwarded_proto": "https,http"}, "https://b.example/"),
        ({"host": 'x"><script>alert(1)</script>'}, None),
        ({"host": "good.example/evil?"}, None),
        ({"host": "user@evil.example"}, None),
        ({"host": "a.example", "x_forwarded_host": "b c"}, None),
        ({"host": "a.example", "x_forwarded_proto": "javascript"}, None),
        ({"host": ""}, None),
        ({}, None),
    ],
)
def test_the_own_address_is_a_host_or_nothing(headers: dict[str, str], expected: str | None) -> None:
    assert first_page.own_address(scope_of(**headers)) == expected
    told = first_page.preview(scope_of(**headers), "en")
    assert ("og:image" in told) == (expected is not None)
    assert "<script" not in told and "evil" not in told


def test_properties_come_into_the_page_and_no_text_ends_its_script() -> None:
    config = {"components": [{"id": 1, "props": {"value": "a", "label": "b"}}, {"id": 2, "props": {"value": "c"}}]}
    html = f"<script>window.gradio_config = {json.dumps(config)};</script><p>"
    changed = first_page.with_properties(html, {1: {"value": "</script><i>{}"}})
    found = json.loads(re.search(r"config = (.*);</script><p>$", changed)[1])
    assert found["components"][0]["props"] == {"value": "</script><i>{}", "label": "b"}
    assert found["components"][1] == config["components"][1]
    assert changed.count("</script>") == 1
    assert first_page.with_properties(html, {}) == html and first_page.with_properties("<p>", {1: {}}) == "<p>"


def test_the_cover_is_a_picture_of_the_size_that_is_said() -> None:
    picture = Image.open(io.BytesIO(cover.drawn()))
    assert picture.size == (cover.WIDTH, cover.HEIGHT) and picture.format == "JPEG"
    assert len(cover.drawn()) < 300_000
    assert len(picture.resize((60, 31)).getcolors(10_000)) > 200


def test_a_visitor_gets_it_small_and_in_his_language(app: str) -> None:
    answer = httpx.get(f"{app}/?example=dog", headers={"accept-language": "zh-TW"})
    assert answer.headers["content-encoding"] == "gzip" and "Accept-Language" in answer.headers["vary"]
    assert len(gzip.compress(answer.content)) < 120_000
    html = answer.text
    assert html.startswith("<!doctype html>") and 'lang="zh-TW"' in html
    heads = re.findall(r'property="og:(\w+)" content="(.*?)"', html)
    assert dict(heads)["title"] == "cnnhub"
    assert "Gradio" not in html.partition("<script>window.gradio_config")[0]
    assert httpx.get(dict(heads)["image"]).headers["content-type"] == "image/jpeg"
    plain = httpx.get(app, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and int(plain.headers["content-length"]) == len(plain.content)
    assert httpx.head(app).status_code in (200, 405)


@pytest.mark.browser
def test_the_first_page_is_light(browser: Any, app: str) -> None:
    """What is ours, beyond gradio's own scripts and styles, as it travels."""
    page = browser.new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: dict[str, float] = {}
    names: dict[str, str] = {}
    network.on("Network.requestWillBeSent", lambda event: names.update({event["requestId"]: event["request"]["url"]}))
    network.on("Network.dataReceived", lambda event: count(event["requestId"], event["encodedDataLength"]))

    def count(request: str, size: float) -> None:
        sizes[request] = sizes.get(request, 0) + size

    page.goto(app)
    page.wait_for_function("window.cnnhubLink?.isRestored")
    page.wait_for_timeout(1000)
    ours = {names[request]: size for request, size in sizes.items() if not re.search(r"/assets/|/static/|/theme", names[request])}
    assert 50_000 < sum(ours.values()) < 250_000, ours
    assert len([url for url in ours if "cat.jpg" in url]) == 1, "the photo came twice"
    page.close()
