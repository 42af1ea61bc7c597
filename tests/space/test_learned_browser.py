"""The ways between the laboratory and a network's first layer, in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

import cnnhub
from tests.support.places import EXAMPLES
from tests.support.visiting import Visit

pytestmark = pytest.mark.browser
READY = "window.cnnhubLearned && document.querySelector('#learned .learned-total')"


def query_of(visit: Visit) -> dict[str, str]:
    return dict(visit.page.evaluate("Object.fromEntries(new URLSearchParams(location.search))"))


def shown(visit: Visit) -> dict[str, Any]:
    visit.page.wait_for_function(READY)
    return dict(visit.page.evaluate("cnnhubLearned"))


def test_a_link_shows_a_learned_filter_and_its_arithmetic(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=filter&learned=cats-vs-dogs:14&example=cat.jpg")
    found = shown(visit)
    assert "14" in visit.heading("#learned") and not visit.page.is_visible("#lab .map")
    maps = cnnhub.load("cats-vs-dogs").feature_maps(EXAMPLES / "cat.jpg", "conv_stem")["conv_stem"][14]
    row, column = found["at"]
    assert found["value"] == pytest.approx(maps[row, column].item(), abs=1e-4)
    visit.page.locator("#learned .map").press("Shift+ArrowUp")
    visit.page.locator("#learned .map").press("ArrowRight")
    found = shown(visit)
    assert found["at"] == [max(0, row - 10), min(column + 1, maps.shape[1] - 1)]
    assert found["value"] == pytest.approx(maps[tuple(found["at"])].item(), abs=1e-4)
    assert len(visit.page.query_selector_all("#learned .learned-row")) == 3


def test_another_filter_is_opened_by_its_number(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=filter&learned=cats-vs-dogs:14")
    shown(visit)
    field = visit.page.locator(".learned-number input")
    for wrong in ("32", "-1", "1.5", ""):
        field.fill(wrong)
        field.press("Tab")
        assert field.input_value() == "14"
    field.fill("3")
    field.press("Enter")
    visit.page.wait_for_function("window.cnnhubLearned?.learned === 'cats-vs-dogs:3'")
    assert query_of(visit)["learned"] == "cats-vs-dogs:3"


@pytest.mark.parametrize("leave", ["preset", "button"])
def test_a_preset_leads_back(visit_of: Callable[..., Visit], leave: str) -> None:
    visit = visit_of("?tab=filter&learned=flowers:3")
    shown(visit)
    visit.page.click("#lab .chip[data-preset=emboss]" if leave == "preset" else "#learned .learned-actions button:last-child")
    visit.page.wait_for_selector("#lab .map", state="visible")
    assert not visit.page.query_selector("#learned .map")
    assert "learned" not in query_of(visit)
    visit_of("?" + urlencode(query_of(visit))).page.wait_for_selector("#lab .map", state="visible")


def test_what_it_is_to_a_grey_photo_can_be_edited(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=filter&learned=imagenet:7")
    shown(visit)
    visit.page.click("#learned .learned-grey")
    visit.page.wait_for_function("document.querySelector('#lab .alike-filter:not(.waiting *) span')?.textContent === '1.00'")
    grey = cnnhub.load("imagenet").network.conv_stem.weight.detach()[7].sum(0).flatten().tolist()
    weights = visit.page.evaluate("cnnhubLab.now().settings.weights.flat()")
    assert weights == pytest.approx(grey, abs=1e-4) and "learned" not in query_of(visit)


def test_from_a_kernel_to_the_filters_like_it(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=filter&kernel=sobel_y&task=flowers")
    visit.page.wait_for_selector("#lab .alike-filter")
    assert len(visit.page.query_selector_all("#lab .alike-filter")) == 5
    visit.page.click("#lab .alike-filter >> nth=0")
    visit.page.wait_for_selector("#tab-inside-button[aria-selected=true]")
    visit.page.wait_for_function("document.querySelector('.channels .tile')")
    asked = query_of(visit)
    assert asked["tab"] == "inside" and asked["layer"] == "conv_stem" and asked["channel"].isdecimal()
    visit.page.go_back()
    visit.page.wait_for_selector("#lab .alike-filter", state="visible")


def test_from_inside_to_the_laboratory_and_back(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&layer=conv_stem&channel=5&task=imagenet")
    visit.page.wait_for_function("document.querySelector('.channels .tile')")
    visit.page.evaluate("cnnhubLink.go({ tab: 'filter', learned: 'flowers:5' })")
    assert shown(visit)["learned"] == "flowers:5"
    visit.page.click("#learned .learned-actions button:first-child")
    visit.page.wait_for_selector("#tab-inside-button[aria-selected=true]")
    asked = query_of(visit)
    assert (asked["tab"], asked["layer"], asked["channel"], asked["task"]) == ("inside", "conv_stem", "5", "flowers")
