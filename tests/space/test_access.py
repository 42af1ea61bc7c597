"""The page for everybody: axe's rules in each tab and both themes, and the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from demo.tabs import TABS
from tests.support.visiting import CONTENT, Visit

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        ("light", 390),
        ("dark", 1280),
        pytest.param("light", 1280, marks=pytest.mark.long),
        pytest.param("dark", 390, marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_serious(visit_of: Callable[..., Visit], theme: str, width: int) -> None:
    page = visit_of(f"?__theme={theme}&lang=zh-TW", viewport={"width": width, "height": 900}).page
    page.wait_for_function("document.documentElement.lang === 'zh-TW'")
    found = {}
    for tab in TABS:
        page.click(f"#tab-{tab.name}-button")
        for fold in page.locator(f"#tab-{tab.name} .label-wrap").all() if tab.name != "what" else []:
            fold.click()
        page.wait_for_selector(CONTENT[tab.name])
        if tab.name == "what":
            page.click("#why-button")
            page.wait_for_selector(".why-map")
        if tab.name == "filter":
            page.wait_for_selector(".pooling figure img[src]")
        if tab.name == "inside":
            page.wait_for_selector(".large-map img")
            page.click(".layer-facts summary")
            page.click(".layer-weights summary")
            page.wait_for_selector(".weights-told")
            page.click(".layer-list > summary")
            page.click(".inside-examples button")
            page.wait_for_selector(".excited .example")
            page.click("[data-key=spot]")
            page.wait_for_selector(".tile-cell")
            page.wait_for_selector(".excited-spots img")
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                found[f"{tab.name}: {violation['id']}"] = (violation["help"], nodes)
    assert found == {}


def test_the_keyboard_alone_picks_a_photo_and_walks_the_tabs(visit: Visit) -> None:
    page = visit.page
    tab_to(page, ".picker button:nth-child(2)")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#answer h2').textContent.includes('dog')")
    tab_to(page, "#tab-inside-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#journey .sentence h2")
    tab_to(page, ".channels .tile:nth-child(3)")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.large-told')?.textContent.includes('number 3 of')")


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"the Tab key never reaches {selector}")
