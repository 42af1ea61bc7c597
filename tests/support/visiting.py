"""The page in a real Chromium, as a visitor has it."""

from __future__ import annotations

import shutil
from typing import Any

from tests.support.places import ROOT

ARTIFACTS = ROOT / "artifacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DESKTOP = {"width": 1280, "height": 900}
# What of each tab says that it is there.
_SHARED: list[Any] = []
CONTENT = {
    "what": "#answer .bars",
    "filter": "#lab .map img[src]",
    "inside": ".channels .tile",
    "tour": "#tour .tour-controls button",
}


class Visit:
    """A page in the browser, and what it complained about."""

    def __init__(self, browser: Any, url: str, **options: object) -> None:
        self.page = browser.new_page(**{"viewport": DESKTOP, **options}) if options else _context(browser).new_page()
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url, url.partition("?")[0]))
        self.page.goto(url)
        # what is clicked before the page shows what its address asked for is not written to the address
        self.page.wait_for_function("window.cnnhubLink?.isRestored")

    def _note(self, address: str, own: str) -> None:
        if not address.startswith((own, "data:", "blob:")):
            self.elsewhere.append(address)

    def reload(self) -> None:
        """When all answers are here: gradio complains of one that a reload cuts off."""
        self.page.wait_for_function("!document.querySelector('[aria-busy=true]')")
        self.page.wait_for_timeout(1000)
        self.page.reload()

    def heading(self, room: str) -> str:
        return str(self.page.inner_text(f"{room} .sentence h2"))

    def wait_for_heading(self, room: str, text: str) -> None:
        self.page.wait_for_function(
            "([room, text]) => document.querySelector(`${room} .sentence h2`)?.textContent.includes(text)",
            arg=[room, text],
        )

    def keep(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

    def end(self) -> None:
        """Nothing went wrong on the page, and it asked nobody else."""
        assert self.complaints == [], self.complaints
        assert self.elsewhere == [], "the page asked another server"
        self.page.close()


def _context(browser: Any) -> Any:
    """One for all visits that ask for nothing special: the browser then has the page's scripts already, as for one who comes
    back; the page keeps nothing else there."""
    found = next((each for each in browser.contexts if each in _SHARED), None)
    if found is None:
        found = browser.new_context(viewport=DESKTOP)
        _SHARED.append(found)
    found.set_offline(False)  # where a test failed before it could say so
    return found
