"""The page's JavaScript modules: each is needed, served as it is under an address that changes with it, and waited for."""

from __future__ import annotations

import posixpath
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from demo import assets
from demo.assets import MODULES, MODULES_AT
from demo.serving import modules
from demo.serving.first_page import FirstPage
from tests.support.sampled import sampled
from tests.support.visiting import DESKTOP

IMPORT = re.compile(r'^import .+ from "(.+)";$|new Worker\(new URL\("(.+?)"', re.M)
TRIGGER = re.compile(r'\btrigger\("(\w+)"')


def imported(name: str) -> set[str]:
    """The module and all that it imports, directly or not."""
    found, folder = {name}, posixpath.dirname(name)
    for paths in IMPORT.findall(MODULES[name].decode()):
        found |= imported(posixpath.normpath(posixpath.join(folder, *paths)))
    return found


@pytest.fixture(scope="module")
def scripts(app: str) -> dict[str, str]:
    """`js_on_load` of the page's components, by the module that it loads."""
    props = [component["props"] for component in httpx.get(f"{app}/config").json()["components"]]
    loaded = [each["js_on_load"] for each in props if MODULES_AT in (each.get("js_on_load") or "")]
    return {re.findall(rf'"{MODULES_AT}/(.+?)"', script)[0]: script for script in loaded}


def test_every_module_is_drawn_by_a_component_or_imported(scripts: dict[str, str]) -> None:
    assert len(scripts) == 16
    assert set().union(*map(imported, scripts)) == set(MODULES)


def test_what_a_module_triggers_is_known_to_gradio(scripts: dict[str, str]) -> None:
    for name, script in scripts.items():
        named = set(re.findall(r'"(\w+)"', script.rpartition("// triggers")[2]))
        assert named == set(TRIGGER.findall(MODULES[name].decode())), name


def test_a_module_that_is_not_there_is_not_loaded() -> None:
    with pytest.raises(KeyError, match=r"no module page/commons\.js; there are page/address\.js, page/api_docs\.js"):
        assets.mounted("page/commons.js")


def test_each_is_served_as_it_is(app: str) -> None:
    for name, content in MODULES.items():
        answer = httpx.get(f"{app}/{MODULES_AT}/{name}")
        assert (answer.status_code, answer.content) == (200, content), name
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers.get("content-encoding") in ("br", "gzip") or len(content) < 500


def test_the_first_html_names_them_all(app: str) -> None:
    html = httpx.get(app).text
    assert html.index(assets.first_html()) < html.index("assets/index-"), "gradio begins before"
    first = re.findall(rf'import \* as \w+ from "\./{MODULES_AT}/(.+?)";', html)
    later = re.findall(rf'<link rel="modulepreload" href="{MODULES_AT}/(.+?)" fetchpriority="low">', html)
    assert sorted([*first, *later]) == list(MODULES)
    assert {name.rpartition("/")[0] for name in first} == {"page", "tabs/what"}


def test_a_change_is_another_address_for_all() -> None:
    changed = {**MODULES, "page/common.js": MODULES["page/common.js"] + b"\n"}
    renamed = {name.replace("crop", "cut"): content for name, content in MODULES.items()}
    addresses = [assets.address_of(each) for each in (MODULES, changed, renamed)]
    assert len(set(addresses)) == 3 and addresses[0] == MODULES_AT


def test_behind_a_prefix() -> None:
    """Of a proxy that takes the prefix away, and of one that leaves it and says so."""

    async def first_html(_request: Request) -> HTMLResponse:
        return HTMLResponse("<head></head>")

    app = Starlette(
        routes=[*modules.routes(), Route("/", first_html)], middleware=[Middleware(FirstPage(lambda asked: {}).middleware)]
    )

    def ask(root_path: str, path: str) -> list[str]:
        client = TestClient(app, root_path=root_path)
        return [client.get(f"{path}/{name}").text for name in ("", f"{MODULES_AT}/page/common.js")]

    for root_path, path in (("", ""), ("/a/b", ""), ("/a/b", "/a/b")):
        html, module = ask(root_path, path)
        assert html.startswith(f"<head>{assets.first_html()}<meta ") and module == MODULES["page/common.js"].decode()
        assert f'content="http://testserver{root_path}/gradio_api/cover.jpg"' in html
    assert ask("", "/a/b") == ["Not Found"] * 2


@pytest.fixture(params=sampled([True, False], 2), ids=["named by the first HTML", "named by nobody"])
def slow_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page whose modules come one by one, and late; gradio waits for the first of them where the HTML names them."""

    def unnamed(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace(assets.first_html(), ""))

    page = browser.new_page(viewport=DESKTOP)
    page.complaints = []
    page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.route("**/gradio_api/modules/**", lambda route: (time.sleep(0.15), route.continue_()))
    if not request.param:
        page.route("**/?tab=*", unnamed)
    yield page
    page.close()


@pytest.mark.browser
def test_what_comes_before_its_module_is_not_lost(slow_page: Any, app: str, request: pytest.FixtureRequest) -> None:
    """What Python says meanwhile, and the events of gradio's that call a module."""
    slow_page.goto(f"{app}/?tab=filter&example=dog&lang=zh-TW&kernel=gaussian&fold=pooling")
    slow_page.wait_for_function("window.cnnhubLink?.isRestored")
    assert slow_page.evaluate("'cnnhubModules' in window") == ("named by the first" in request.node.name)
    slow_page.wait_for_selector("#lab .map img[src]")
    slow_page.wait_for_function("cnnhubLab.now().photo && !cnnhubLab.now().busy")
    slow_page.wait_for_selector(".pooling h3")
    assert "高斯" in slow_page.inner_text("#lab .sentence h2")
    assert slow_page.get_attribute(".photo-picture", "alt") == "一隻小狗"
    assert slow_page.get_attribute("html", "lang") == "zh-TW"
    assert "tab=filter" in slow_page.url and "example=dog" in slow_page.url
    slow_page.click("#tab-what-button")
    slow_page.wait_for_selector("#answer .bars")
    slow_page.click("#compare .label-wrap")
    slow_page.wait_for_selector(".second .picker button:nth-child(12) img")
    slow_page.wait_for_function("!location.search.includes('tab=')")
    assert slow_page.complaints == []
