"""The page on small screens: what stands in the first screen, what stays in sight, what keeps its size."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.visiting import Visit

pytestmark = pytest.mark.browser
SCREENS = {"large phone": (390, 844), "small phone": (360, 740)}


def box(page: Any, selector: str) -> dict[str, float]:
    found = page.locator(selector).first.bounding_box()
    return {**found, "bottom": found["y"] + found["height"], "right": found["x"] + found["width"]}


def resize(page: Any, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("window.scrollTo(0, 0)")


def test_the_first_screen_of_a_phone_holds_photo_sentence_and_answer(visit: Visit) -> None:
    page = visit.page
    for width, height in SCREENS.values():
        resize(page, width, height)
        assert box(page, "#answer h2")["y"] < 0.56 * height
        assert box(page, "#answer .bars .row:last-child")["bottom"] < height
        assert box(page, ".photo-frame")["height"] < 0.2 * height
        buttons = page.eval_on_selector_all("#model label", "all => all.map(one => one.getBoundingClientRect().top)")
        assert len(set(buttons)) == 1, "the models' buttons do not stand in one row"
        bar, row = box(page, "#answer .bars dd"), box(page, "#answer .bars .row")
        assert bar["width"] > 0.9 * row["width"]
        tops = page.eval_on_selector_all("#photo .picker button", "all => all.map(one => one.getBoundingClientRect().top)")
        assert len(set(tops)) == 1
        assert page.eval_on_selector("#photo .picker", "one => one.scrollWidth > one.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_one_menu_adds_a_photo_and_the_photo_stays_in_sight(visit: Visit) -> None:
    page = visit.page
    resize(page, 390, 844)
    ways = page.locator(".photo-ways > :not(p)")
    assert not ways.first.is_visible()
    page.click(".photo-add")
    assert ways.all_inner_texts() == ["Upload", "Camera", "Paste", "Draw"] and all(way.is_visible() for way in ways.all())
    assert page.get_attribute(".photo-add", "aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert not ways.first.is_visible()
    page.evaluate("window.scrollTo(0, 400)")
    frame = box(page, ".photo-frame")
    assert 0 <= frame["y"] < 20 and page.evaluate("scrollY") > 100
    resize(page, 1280, 800)
    assert ways.first.is_visible() and not page.is_visible(".photo-add")


def test_on_a_phone_frame_map_and_arithmetic_fit_into_one_screen(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-filter-button")
    page.wait_for_selector("#lab .map img[src]")
    page.wait_for_function("document.querySelector('#lab .value').textContent !== ''")
    for width, height in SCREENS.values():
        resize(page, width, height)
        assert box(page, "#lab .map")["y"] < 0.75 * height, "the map does not begin in the first screen"
        reach = "document.querySelector('#lab .map').getBoundingClientRect().top + scrollY"
        page.evaluate(f"window.scrollTo(0, {reach} - document.querySelector('.photo-stage').offsetHeight)")
        page.wait_for_function("document.querySelector('#photo .photo-marks').offsetParent")
        assert box(page, ".photo-marks")["y"] >= 0
        assert box(page, "#lab .map")["y"] >= box(page, ".photo-frame")["bottom"]
        assert box(page, "#lab .total")["bottom"] <= height
        cells = "all => all.every((one) => one.scrollWidth <= one.clientWidth)"
        assert page.eval_on_selector_all("#lab .strip .cell", cells), "a number in the strip is cut"


def test_a_chinese_heading_ends_no_line_inside_of_a_word(browser: Any, app: str) -> None:
    """Where a line of the longest headings ends on a phone, a sign or a space stands."""
    visit = Visit(browser, f"{app}/?lang=zh-TW&example=pizza", viewport={"width": 390, "height": 844})
    visit.wait_for_heading("#answer", "既不像")
    ends = visit.page.evaluate("""() => {
        const text = document.querySelector('#answer h2').firstChild, ends = [];
        const top = (at) => {
          const range = document.createRange();
          range.setStart(text, at);
          range.setEnd(text, at + 1);
          return range.getBoundingClientRect().top;
        };
        for (let at = 1; at < text.length; at += 1) if (top(at) > top(at - 1) + 5) ends.push(text.data[at - 1]);
        return ends;
    }""")
    assert ends and set(ends) <= set("，。；：、 "), ends
    visit.end()


def test_tiles_of_channels_are_large_enough_to_see_on_every_screen(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-inside-button")
    page.wait_for_selector(".large-map img")
    for width, height in ((1280, 800), (768, 1024), *SCREENS.values()):
        resize(page, width, height)
        assert box(page, ".channels .tile")["width"] >= 36
        assert box(page, ".large-map img")["width"] >= 120
        assert page.evaluate("document.documentElement.scrollWidth") <= width
