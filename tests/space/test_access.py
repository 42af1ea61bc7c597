"""The page for everybody: axe's rules in each tab and both themes, and the keyboard alone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.space.test_browser import CHROMIUM, browser, open_tab  # noqa: F401  (the running Chromium)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; Debian's package chromium brings one"),
]

TABS = ("what", "filter", "inside")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(browser: object, app: str, theme: str, width: int) -> None:  # noqa: F811
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{app}/?__theme={theme}&lang=zh-TW")
    page.wait_for_selector(".bars")
    page.wait_for_function("document.documentElement.lang === 'zh-TW'")
    found = {}
    for tab in TABS:
        open_tab(page, tab)
        for fold in page.locator(f"#tab-{tab} .label-wrap").all() if tab != "what" else []:
            fold.click()
        page.wait_for_timeout(700)
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                found[f"{tab}: {violation['id']}"] = (violation["help"], nodes)
    page.close()
    assert found == {}


def test_the_keyboard_alone_picks_a_photo_and_walks_the_tabs(browser: object, app: str) -> None:  # noqa: F811
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(app)
    page.wait_for_selector(".bars")
    page.wait_for_function("window.cnnhubLink.isRestored")
    tab_to(page, ".picker button:nth-child(2)")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#answer h2').textContent.includes('dog')")
    tab_to(page, "#tab-inside-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#journey .sentence h2")
    tab_to(page, ".channels .tile:nth-child(3)")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.large')?.textContent.includes('number 3 of')")
    page.close()


def tab_to(page, selector: str) -> None:  # noqa: ANN001
    """Press Tab until the element has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"the Tab key never reaches {selector}")
