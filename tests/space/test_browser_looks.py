"""What holds for every control of every tab: it stands out from what is behind it, and is called what is written on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from demo.tabs import TABS
from demo.texts import t
from tests.support.visiting import CONTENT, Visit

pytestmark = pytest.mark.browser

# Controls whose name is not the text on them, or does not begin with it. Signs alone, such as an arrow, need no reading out.
MISNAMED = """() => [...document.querySelectorAll('button, a, summary, [role=button], [role=tab], .photo-upload input')]
  .filter((one) => one.checkVisibility({visibilityProperty: true}))
  .map((one) => {
    const tidy = (text) => (text ?? '').replace(/\\s+/g, ' ').trim();
    const seen = tidy((one.closest('label') ?? one).innerText);
    return [seen, tidy(one.getAttribute('aria-label') ?? (seen || one.title || one.querySelector('img')?.alt))];
  })
  .filter(([seen, name]) => !name || (/[\\p{L}\\p{N}]/u.test(seen) && !name.startsWith(seen)))"""

# Controls that are neither bordered nor filled three to one against what is behind them: [text, contrast].
FAINT = """() => {
  const rgba = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const isSolid = (colour) => (colour[3] ?? 1) > 0.9;
  const behind = (one) => {
    for (let up = one.parentElement; up; up = up.parentElement) {
      const colour = rgba(getComputedStyle(up).backgroundColor);
      if (isSolid(colour)) return colour;
    }
    return [255, 255, 255];
  };
  const text = '[role=tab], [aria-hidden=true] *, .label-wrap, footer *, #language *'; // words alone, as links are
  const pictures = '.picker *, .tile, .journey *, .photo-frame *';
  const native = 'input[type=range], input[type=file], input[type=radio]';
  return [...document.querySelectorAll('button, select, input, .photo-upload, #model label')]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
    .filter((one) => !one.matches(`${text}, ${pictures}, ${native}`))
    .map((one) => {
      const around = one.closest('.segment-row') ?? one;
      const style = getComputedStyle(around);
      const edge = parseFloat(style.borderTopWidth) ? contrast(rgba(style.borderTopColor), behind(around)) : 1;
      const fill = isSolid(rgba(style.backgroundColor)) ? contrast(rgba(style.backgroundColor), behind(around)) : 1;
      return [(one.innerText || one.className || one.tagName).slice(0, 40), Math.max(edge, fill)];
    })
    .filter(([, found]) => found < 3);
}"""

# Paragraphs that are no caption, smaller than 16 pixels.
SMALL = """() => [...document.querySelectorAll('p, dt, dd, li, summary, .label-wrap span:first-child')]
  .filter((one) => one.checkVisibility() && one.innerText.trim() && !one.closest('.soft, footer, #brand'))
  .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 16).map((one) => one.innerText.slice(0, 40))"""


def opened(page: Any) -> Iterator[str]:
    """Each tab in turn, with all of its folds open."""
    for tab in TABS:
        page.click(f"#tab-{tab.name}-button")
        page.wait_for_selector(CONTENT[tab.name])
        for fold in page.locator(f"#tab-{tab.name} .label-wrap, #tab-{tab.name} summary").all():
            fold.click()
        if tab.name == "filter":
            page.click(".adders button >> nth=1")
            page.wait_for_selector(".step-picture :is(img, canvas)")
        yield tab.name


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), pytest.param("dark", "zh-TW", marks=pytest.mark.long)])
def test_controls_stand_out_and_are_called_what_they_say(visit_of: Callable[..., Visit], theme: str, language: str) -> None:
    page = visit_of(f"?__theme={theme}&lang={language}").page
    found = {}
    for tab in opened(page):
        found |= {
            (tab, name): page.evaluate(script) for name, script in (("named", MISNAMED), ("faint", FAINT), ("small", SMALL))
        }
    assert {place: these for place, these in found.items() if these} == {}


def test_the_rules_of_the_folds_begin_and_end_with_what_is_above_them(visit: Visit) -> None:
    page = visit.page
    edges = page.evaluate("""() => ['#answer', ...['#compare', '#hub'], '#tab-what .gr-accordion'].map((one) => {
        const {left, right} = document.querySelector(one).getBoundingClientRect();
        return [Math.round(left), Math.round(right)];
    })""")
    assert len({tuple(edge) for edge in edges}) == 1


def test_the_photo_fills_its_frame_whatever_its_shape_and_holds_its_cross(visit: Visit) -> None:
    page = visit.page
    for key in ("cat", "dog-and-person", "roses"):
        page.click(f"#photo [data-key={key}]")
        page.wait_for_function("key => document.querySelector('.photo-picture').src.includes(`/${key}.`)", arg=key)
        page.wait_for_function("document.querySelector('.photo-picture').complete")
        shapes = page.evaluate("""() => {
            const [picture, frame] = [document.querySelector('.photo-picture'), document.querySelector('.photo-frame')];
            const [cross, around] = [document.querySelector('.photo-remove'), frame].map((one) => one.getBoundingClientRect());
            return [picture.naturalWidth / picture.naturalHeight, around.width / around.height,
              cross.left >= around.left && cross.right <= around.right && cross.bottom <= around.bottom];
        }""")
        assert shapes[0] == pytest.approx(shapes[1], rel=0.02) and shapes[2], key


def test_the_examples_stand_still_whatever_the_photo_s_shape(visit: Visit) -> None:
    page, tops = visit.page, set()
    for width in (1280, 900):
        page.set_viewport_size({"width": width, "height": 900})
        for key in ("cat", "roses", "dog-and-person", "chelsea"):
            page.click(f"#photo [data-key={key}]")
            page.wait_for_function("key => document.querySelector('.photo-picture').src.includes(`/${key}.`)", arg=key)
            page.wait_for_function("document.querySelector('.photo-picture').complete")
            tops.add((width, round(page.locator("#photo .picker").bounding_box()["y"])))
    assert len(tops) == 2, tops


def test_a_drawing_becomes_the_photo_in_the_middle_of_its_page(visit: Visit) -> None:
    page = visit.page
    page.click("[data-word=draw]")
    page.click("[data-word=draw_use]")
    assert page.inner_text(".photo-problem") == t("en", "photo_draw_nothing")
    pad = page.locator(".photo-frame .pad").bounding_box()
    page.mouse.move(pad["x"] + 20, pad["y"] + 20)
    page.mouse.down()
    page.mouse.move(pad["x"] + 20, pad["y"] + 80, steps=5)
    page.mouse.up()
    page.click("[data-word=draw_use]")
    page.wait_for_function("document.querySelector('.photo-picture').src.startsWith('blob:')")
    page.wait_for_function("document.querySelector('.photo-picture').naturalWidth === 280")
    drawn = page.evaluate(
        """() => {
          const [picture, canvas] = [document.querySelector('.photo-picture'), document.createElement('canvas')];
          [canvas.width, canvas.height] = [280, 280];
          const context = canvas.getContext('2d');
          context.drawImage(picture, 0, 0);
          return [...context.getImageData(0, 0, 280, 280).data].filter((_, i) => i % 4 === 0);
        }"""
    )
    rows, columns = np.nonzero(np.reshape(drawn, (280, 280)) > 127)
    assert [rows.min(), rows.max() + 1] == pytest.approx([40, 240], abs=3), "as high as MNIST's digits stand in their pages"
    assert columns.min() + columns.max() + 1 == pytest.approx(280, abs=4)
    assert page.locator(".photo-frame .pad").is_hidden()

    page.click("[data-word=draw]")  # by keys: a line, used with Enter; Escape ends another one
    for key in (" ", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert page.inner_text(".photo-problem") == t("en", "photo_draw_down")
    before = page.get_attribute(".photo-picture", "src")
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.querySelector('.photo-picture').src !== before", arg=before)
    page.click("[data-word=draw]")
    page.keyboard.press("Escape")
    assert page.locator(".photo-frame .pad").is_hidden()


def test_a_crop_is_pulled_by_its_handles_with_mouse_and_keys(visit: Visit) -> None:
    page = visit.page
    page.click("[data-word=crop]")

    def sides() -> list[float]:
        found = page.locator(".crop-box").bounding_box()
        return [found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]]

    first = sides()
    assert page.locator(".crop-handle").count() == 8
    corner = page.locator("[aria-label='Lower right corner']").bounding_box()
    page.mouse.move(corner["x"] + 12, corner["y"] + 12)
    page.mouse.down()
    page.mouse.move(corner["x"] - 28, corner["y"] - 8)
    page.mouse.up()
    assert sides() == pytest.approx([first[0], first[1], first[2] - 40, first[3] - 20], abs=1)
    now = sides()
    page.focus("[aria-label='Left edge']")
    page.keyboard.press("ArrowRight")
    assert sides()[0] > now[0] + 4 and sides()[1:] == pytest.approx(now[1:], abs=0.5)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.photo-picture').src.startsWith('blob:')")
    assert page.locator(".crop-box").is_hidden()
