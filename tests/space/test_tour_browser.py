"""The tour in a real browser: each step touched, and what it says compared with a computation of its own."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from gradio_client import Client
from gradio_client.utils import Status
from PIL import Image
from torch import nn

import cnnhub
from cnnhub import anatomy, live
from cnnhub.articles import numbers
from cnnhub.hub import catalogue
from demo import networks, texts
from demo.texts.tour import STEPS
from tests.support.places import EXAMPLES, SPACE
from tests.support.visiting import Visit

pytestmark = pytest.mark.browser
NUMBERS = {name: number for number, name in enumerate(STEPS, 1)}
CAT = Image.open(EXAMPLES / "cat.jpg").convert("RGB")


@pytest.fixture(params=["en", pytest.param("zh-TW", marks=pytest.mark.long), pytest.param("zh-CN", marks=pytest.mark.long)])
def step_of(visit_of: Callable[..., Visit], request: pytest.FixtureRequest) -> Callable[..., Step]:
    def opened(name: str, **options: object) -> Step:
        return Step(visit_of(f"?tab=tour&step={NUMBERS[name]}&lang={request.param}", **options).page, name, request.param)

    return opened


class Step:
    """A step on the page, in one language."""

    def __init__(self, page: Any, name: str, language: str) -> None:
        self.page, self.name, self.language = page, name, language
        page.wait_for_selector(f"#tour [data-step={name}]")

    def text(self, part: str, **values: object) -> str:
        text = texts.template(self.language, f"tour_{self.name}_{part}")
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), text)

    def says(self, part: str, **values: object) -> None:
        """The sentence becomes this, or begins with it."""
        self.says_begin(self.text(part, **values))

    def says_begin(self, wanted: str) -> None:
        self.page.wait_for_function(
            "wanted => document.querySelector('#tour .tour-said')?.textContent.startsWith(wanted)", arg=wanted
        )

    def answers(self, part: str, **values: object) -> None:
        self.page.click("#tour .tour-question summary")
        assert self.text(part, **values) in self.page.inner_text("#tour .tour-question")

    def move(self, part: str, value: float) -> None:
        """Type a number into a slider's field."""
        self.page.fill(f"#tour .tour-slider input[type=number][aria-label^={quoted(self.text(part))}]", str(value))

    def choose(self, part: str, **values: object) -> None:
        self.page.click(f"#tour .segment-buttons button:text-is({quoted(self.text(part, **values))})")


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def tenths(value: float) -> str:
    """To one place, halves up."""
    return f"{Decimal(repr(float(value))).quantize(Decimal('0.1'), ROUND_HALF_UP).normalize():f}"


def three_digits(value: float) -> str:
    """As the page rounds: halves up."""
    exact = Decimal(repr(float(value)))
    return f"{exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), ROUND_HALF_UP).normalize():f}"


def percent(share: float) -> str:
    return texts.percent(share)


def fine(share: float) -> str:
    """With the digits that tell it from all."""
    off = 100 * (1 - share)
    return percent(share) if off >= 0.1 else f"{100 * share:.{math.ceil(-math.log10(off))}f} %"


def test_a_change_says_by_how_much_it_moved_the_answer(step_of: Callable[..., Step]) -> None:
    step = step_of("mapping")
    classifier = cnnhub.load("cats-vs-dogs")
    seen = classifier.to_pixels(EXAMPLES / "cat.jpg")
    swapped = seen[:, :, np.arange(240) ^ 1]
    before, after = (each.scores["cat"] for each in classifier.predictions(np.stack([seen, swapped])))
    name = texts.label_text(step.language, classifier, "cat")
    step.says("said_none", name=name, after=fine(before))
    step.page.click("#tour [data-key=change-swapped]")
    points = f"{float(f'{100 * abs(before - after):.2g}'):f}".rstrip("0")
    step.says("said_swapped", name=name, before=fine(before), after=fine(after), points=points)


def test_the_table_holds_the_photo_s_own_numbers(step_of: Callable[..., Step]) -> None:
    step = step_of("pixels")
    page, grey = step.page, np.asarray(CAT.convert("L"))
    page.wait_for_selector("#tour .tour-grid input")

    def table() -> np.ndarray:
        return np.array(
            page.evaluate("[...document.querySelectorAll('.tour-grid input')].map((one) => Number(one.value))")
        ).reshape(8, 8)

    top, left = (CAT.height - 8) // 2, (CAT.width - 8) // 2
    assert (table() == grey[top : top + 8, left : left + 8]).all()
    page.focus("#tour .tour-whole")
    for key in ("ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    top, left = top + 8, left + 1
    patch = grey[top : top + 8, left : left + 8].copy()
    assert (table() == patch).all()
    step.says("said", low=patch.min(), high=patch.max(), channel=step.text("grey"), row=top + 1, column=left + 1)
    step.choose("red")
    assert (table() == np.asarray(CAT)[top : top + 8, left : left + 8, 0]).all()
    step.choose("grey")
    page.fill("#tour .tour-grid input >> nth=9", "300")
    step.says("range")
    page.fill("#tour .tour-grid input >> nth=9", "0")
    step.says("said_darker", channel=step.text("grey"), before=patch[1, 1], after=0)
    patch[1, 1] = 0
    read = "([x, y]) => [...document.querySelector('.tour-whole canvas').getContext('2d').getImageData(x, y, 1, 1).data]"
    pixel = page.evaluate(read, [left + 1, top + 1])
    assert pixel == [0, 0, 0, 255]
    steepest = np.abs(np.diff(patch.astype(int), axis=1)).max()
    step.answers("answer_patch", low=patch.min(), high=patch.max(), steepest=steepest)


def test_connections_are_counted_against_shared_weights(step_of: Callable[..., Step]) -> None:
    step = step_of("dense")
    layer = {"width": 100, "height": 100, "channels": 1, "neurons": 1000, "side": 5, "maps": 200}

    def said() -> None:
        connections = layer["width"] * layer["height"] * layer["channels"] * layer["neurons"]
        shared = (layer["side"] ** 2 * layer["channels"] + 1) * layer["maps"]
        step.says("said", **layer, connections=f"{connections:,}", shared=f"{shared:,}", times=f"{round(connections / shared):,}")

    said()
    for name, value in (("channels", 3), ("width", 150), ("neurons", 10), ("side", 3)):
        step.move(name, value)
        layer[name] = value
        said()
    step.move("side", 5)
    step.answers("answer_counts", **{**layer, "side": 5}, inputs="45,000", connections="450,000", weights="75", shared="15,200")
    for view in ("flat", "shuffled"):
        step.choose(f"view_{view}")
    # the same pixels, in another order
    whole = step.page.evaluate(
        "[...document.querySelectorAll('.tour-taken-apart canvas')].map((one) => [one.width, one.height])[0]"
    )
    assert whole == [128, 85]  # 150 by 100, no side longer than 128


def test_a_network_of_one_s_own_takes_what_its_anatomy_says(step_of: Callable[..., Step]) -> None:
    step = step_of("dense")
    page = step.page
    page.click(f"#tour summary:text-is({quoted(step.text('calc_title'))})")
    macs = 27 * 100 * 150 * 100 + 900 * 200 * 75 * 50 + 1800 * 400 * 38 * 25
    exercise = {"parameters": "903,400", "weights": "3.6 MB", "macs": f"{macs:,}", "inference": "12.6 MB"}
    total = "#tour .tour-calculator [role=status]"
    assert page.inner_text(total) == step.text("calc_total", **exercise, batch="50", training="565.6 MB")

    def set_to(layer: int, part: str, value: int) -> None:
        page.fill(
            f"#tour .tour-calculator li:nth-child({layer}) input[aria-label*={quoted(step.text(f'calc_{part}') + ' (')}]",
            str(value),
        )

    # pooling in place of the second layer, no padding in the first, a head after the third
    page.select_option("#tour .tour-calculator li:nth-child(1) select >> nth=1", "valid")
    page.select_option("#tour .tour-calculator li:nth-child(2) select >> nth=0", "pool")
    page.click(f"#tour button:text-is({quoted(step.text('calc_more'))})")
    page.select_option("#tour .tour-calculator li:nth-child(4) select >> nth=0", "dense")
    set_to(4, "units", 10)
    layers = [
        nn.Conv2d(3, 100, 3, 2),
        nn.MaxPool2d(2),
        nn.Conv2d(100, 400, 3, 2, padding=1),
        nn.Flatten(),
        nn.Linear(25 * 37 * 400, 10),
    ]
    found = anatomy.trace(nn.Sequential(*layers), (3, 200, 300))
    rows = [row for row in found.rows if row.kind != "flatten"]
    shown = page.locator("#tour .tour-calculator li > span").all_inner_texts()
    for text, row in zip(shown, rows, strict=True):
        assert f"{row.params:,}" in text and f"{row.macs:,}" in text
        assert (
            " × ".join(
                f"{side:,}"
                for side in ((*row.output_shape[:0:-1], row.output_shape[0]) if len(row.output_shape) == 3 else (1, 1, 10))
            )
            in text
        )
    assert f"{found.params:,}" in page.inner_text(total) and f"{found.macs:,}" in page.inner_text(total)

    page.select_option("#tour .tour-calculator li:nth-child(3) select >> nth=1", "valid")
    set_to(3, "side", 31)
    page.fill("#tour .tour-calculator-input input >> nth=1", "40")
    assert step.text("calc_impossible", side=31, width=74, height=9) in page.inner_text("#tour .tour-calculator li:nth-child(3)")
    assert page.inner_text(total) == step.text("calc_stopped")


def test_the_articles_numbers_are_shown_beside_what_comes_out(step_of: Callable[..., Step]) -> None:
    step = step_of("dense")
    page = step.page
    page.click(f"#tour summary:text-is({quoted(step.text('numbers_title'))})")
    page.wait_for_selector("#tour .tour-articles")
    found = [row.split("\t") for row in page.inner_text("#tour .tour-articles").splitlines()[1:]]
    assert [row[1:] for row in found] == [[each.printed, each.found] for each in numbers()]
    assert page.locator("#tour .tour-articles .is-wrong").count() == 2


def test_one_weight_two_weights_and_a_grid(step_of: Callable[..., Step]) -> None:
    step = step_of("weights")
    page = step.page
    page.wait_for_selector("#tour .tour-numbers")

    def grid(place: int) -> np.ndarray:
        rows = page.evaluate(
            """place => { const box = document.querySelectorAll('.tour-numbers')[place];
            const columns = box.viewBox.baseVal.width / 34;
            const values = [...box.querySelectorAll('text')].map((one) => Number(one.textContent.replace('\u2212', '-')));
            const rows = Array.from({length: values.length / columns}, (_, row) => row * columns);
            return rows.map((from) => values.slice(from, from + columns)); }""",
            place,
        )
        return np.array(rows)

    four = grid(0)
    assert four.shape == (6, 6)
    step.move("weight", 1.5)
    assert grid(1) == pytest.approx(four * 1.5, rel=5e-3)
    step.choose("two")
    for pair in ((1, 0.3), (0.1, 5)):
        page.click(f"#tour .segment-buttons button:text-is('({pair[0]}, {pair[1]})')")
        made = pair[0] * four[:, :-1] + pair[1] * four[:, 1:]
        assert grid(1) == pytest.approx(made, rel=5e-3, abs=1e-9)
        step.says("said_two", first=pair[0], second=pair[1], width=6, wide=5, largest=tenths(made.max()))
    step.choose("grid")
    made = sum(four[row : row + 4, 2:] - four[row : row + 4, :-2] for row in range(3))
    assert (grid(1) == made).all()
    step.answers("answer_narrow", width=6, wide=5, three=4)
    step.choose("photo")
    page.wait_for_selector("#tour .tour-pair canvas")
    assert page.evaluate("[...document.querySelectorAll('.tour-pair canvas')].map((one) => one.width)") == [130, 128]


def test_the_right_map_is_known(step_of: Callable[..., Step]) -> None:
    step = step_of("patterns")
    page = step.page
    page.wait_for_selector("#tour .tour-map canvas")
    corners = [tuple(each.bounding_box()[side] for side in "xy") for each in page.locator("#tour .tour-map").all()]
    assert len(set(corners)) == 6, "each is to be seen"
    answered = set()
    for turn in range(3):
        page.click("#tour .tour-map >> nth=0")
        name = page.inner_text("#tour .tour-map >> nth=0")
        asked = page.inner_text("#tour .tour-map.is-asked")
        is_right = page.locator("#tour .tour-map.is-right").count() == 1
        assert is_right == (name == asked)
        step.says("right" if is_right else "wrong", name=asked, other=name)
        score = page.inner_text("#tour .tour-said")
        assert str(turn + 1) in score
        answered.add(asked)
        page.click("#tour [data-key=another]")
    assert len(answered) > 1


def test_a_map_is_made_by_the_filter_that_bears_its_name(step_of: Callable[..., Step]) -> None:
    step = step_of("patterns")
    page = step.page
    page.click("#tour .tour-map >> nth=0")
    for part, is_down in {"kernel_across": False, "kernel_down": True}.items():
        found = page.evaluate(
            """name => { const tiles = [...document.querySelectorAll('.tour-map')];
            const tile = tiles.find((one) => one.innerText.trim() === name);
            const canvas = tile.querySelector('canvas');
            const {width, height} = canvas;
            return [width, height, [...canvas.getContext('2d').getImageData(0, 0, width, height).data]]; }""",
            step.text(part),
        )
        width, height, data = found
        pixels = np.array(data).reshape(height, width, 4)[:, :, :3].astype(int)
        red = pixels[:, :, 0] - pixels[:, :, 2]  # above zero where the map is red
        small = np.asarray(CAT.resize((width + 2, height + 2), Image.Resampling.BOX).convert("L")).astype(float)
        slope = small[2:, 1:-1] - small[:-2, 1:-1] if is_down else small[1:-1, 2:] - small[1:-1, :-2]
        assert np.corrcoef(red.ravel(), slope.ravel())[0, 1] > 0.7, part


def test_one_thing_in_two_places_is_found_twice(step_of: Callable[..., Step]) -> None:
    step = step_of("patterns")
    step.choose("twice")
    cross = np.array([[-1, 2, -1], [2, 4, 2], [-1, 2, -1]])
    most = (cross[cross > 0].sum()) * 220 + cross[cross < 0].sum() * 30
    step.says("said_twice", places=2, largest=most)


def test_the_network_s_own_filters_can_be_asked_for(step_of: Callable[..., Step]) -> None:
    step = step_of("patterns")
    step.choose("network")
    step.page.wait_for_selector("#tour .tour-map img")
    step.page.click("#tour .tour-map >> nth=3")
    found = step.page.inner_text("#tour .tour-map.is-asked")
    assert re.fullmatch(r"\D+\d+", found.strip())


def test_places_of_a_window_are_counted(step_of: Callable[..., Step]) -> None:
    step = step_of("edge")
    for width, height, side, stride, padding, expected in (
        (7, 7, 3, 1, "valid", (5, 5)),
        (7, 7, 3, 1, "same", (7, 7)),
        (13, 6, 6, 5, "valid", (2, 1)),
        (13, 6, 6, 5, "same", (3, 2)),
        (7, 5, 3, 2, "same", (4, 3)),
        (9, 8, 4, 3, "valid", (2, 2)),
        (2, 2, 3, 1, "valid", (0, 0)),
    ):
        for name, value in (("width", width), ("height", height), ("side", side), ("stride", stride)):
            step.move(name, value)
        step.choose(padding)
        wide, high = expected
        # by hand: as many starts as there are, for "same" as often as the stride goes into the cells
        starts = [
            len(range(0, size - side + 1, stride)) if padding == "valid" else -(-size // stride) for size in (width, height)
        ]
        assert expected == tuple(starts)
        if not wide:
            step.says("said_none", side=side, width=width, height=height)
            continue
        found = step.page.inner_text("#tour .tour-said")
        place = re.search(r"(\d+)\D+" + str(wide * high) + r"\b", found.partition(str(high))[2])
        assert place and f"{width} × {height}" in found and f"{wide} × {high}" in found
        assert step.page.locator("#tour .is-output rect").count() == wide * high


def test_a_window_in_the_corner_sees_zeros(step_of: Callable[..., Step]) -> None:
    step = step_of("edge")
    step.choose("same")
    step.says("said", width=7, height=7, wide=7, high=7, place=1, places=49)
    assert step.text("holds_zero", cells=4, outside=5) in step.page.inner_text("#tour .tour-said")
    step.choose("mean")
    step.page.focus("#tour .tour-edge")
    step.page.keyboard.press("ArrowRight")
    assert step.text("holds_mean", cells=6, outside=3) in step.page.inner_text("#tour .tour-said")


def test_ten_filters_make_ten_maps(step_of: Callable[..., Step]) -> None:
    step = step_of("volume")
    for number in (1, 2):
        step.says(
            "said", number=number, filters=10, weights=75, wide=28, high=28, shared=76 * number, total=f"{28 * 28 * number:,}"
        )
        step.page.click("#tour [data-key=next-map]")
    step.move("made", 10)
    step.says("said", number=10, filters=10, weights=75, wide=28, high=28, shared=760, total="7,840")
    assert step.page.locator("#tour .tour-stack canvas").count() == 10
    step.page.click("#tour [data-key=map-3]", position={"x": 8, "y": 8})
    assert step.text("filter", number=4, side=5) in step.page.inner_text("#tour .tour-now")
    assert step.page.inner_text("#tour [data-key=next-map]") == step.text("anew")
    step.answers("answer_shape", input="32 × 32 × 3", wide=28, high=28, filters=10, total="7,840", side=5, weights=75, shared=760)


def test_pooling_keeps_a_quarter_and_the_cat(step_of: Callable[..., Step]) -> None:
    step = step_of("pooling")
    step.says("said_size", width=200, height=133, wide=100, high=66, share=percent(100 * 66 / (200 * 133)))
    step.page.wait_for_function("document.querySelector('.tour-network').textContent.length > 5")
    classifier = cnnhub.load("cats-vs-dogs")
    seen = classifier.to_pixels(EXAMPLES / "cat.jpg")
    pooled = seen.reshape(3, 120, 2, 120, 2).max(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    (expected,) = classifier.predictions(pooled[None])
    name = texts.label_text(step.language, classifier, expected.label)
    assert percent(expected.probability) in step.page.inner_text(".tour-network") and name in step.page.inner_text(
        ".tour-network"
    )
    step.move("shift", 1)
    # the page shrinks the photo to blocks' means first
    small = shrunk(200)
    grey = ((small[..., 0] * 19595 + small[..., 1] * 38470 + small[..., 2] * 7471 + 0x8000) >> 16).astype(float)
    moved = np.concatenate([grey[:, :1], grey[:, :-1]], axis=1)
    pool = lambda values: values[:132, :200].reshape(66, 2, 100, 2).max(axis=(1, 3))  # noqa: E731
    changes = [np.abs(one - two).sum() / one.sum() for one, two in ((grey, moved), (pool(grey), pool(moved)))]
    said = step.page.inner_text("#tour .tour-said")
    assert step.text("said_shift", shift=1, pixels=percent(changes[0]), pooled=percent(changes[1])) in said


def shrunk(side: int) -> np.ndarray:
    """The cat, its longer side so many pixels: the mean of each block."""
    by = max(CAT.size) / side
    width, height = round(CAT.width / by), round(CAT.height / by)
    pixels = np.asarray(CAT).astype(np.int64)
    columns, rows = (
        np.floor(np.arange(count + 1) * whole / count + 0.5).astype(int)
        for count, whole in ((width, CAT.width), (height, CAT.height))
    )
    sums = np.add.reduceat(np.add.reduceat(pixels, rows[:-1], axis=0), columns[:-1], axis=1)
    areas = np.diff(rows)[:, None, None] * np.diff(columns)[None, :, None]
    return np.floor(sums / areas + 0.5).astype(np.int64)


def test_the_small_network_s_fields_grow_as_counted(step_of: Callable[..., Step]) -> None:
    step = step_of("fields")
    step.page.wait_for_selector("#tour .tour-slider")
    step.choose("small")
    step.page.wait_for_function("document.querySelector('#tour .tour-slider input').max === '5'")
    # window on window, counted along a row of input pixels: the first and the last that a unit's value depends on
    sides = []
    first, last = list(range(28)), list(range(28))
    for number, (kind, window, stride) in enumerate(
        [("convolution", 3, 1), ("pooling", 2, 2), ("convolution", 3, 1), ("pooling", 2, 2), ("convolution", 3, 1)], 1
    ):
        starts = range(0, len(first) - window + 1, stride)
        first, last = [first[start] for start in starts], [last[start + window - 1] for start in starts]
        side, units = last[0] - first[0] + 1, len(first)
        sides.append(side)
        step.move("layer", number)
        layer = step.text(kind, kernel=window)
        share = f"{float(f'{100 * side**2 / 28**2:.2g}'):g}"
        step.says("said", layer=layer, columns=units, rows=units, side=side, high=side, input=28, share=share)
    assert sides == [3, 4, 8, 10, 18]
    step.answers("answer_sides", sides=step.text("comma").join(map(str, sides)))


def test_the_chosen_network_s_field_is_framed_on_the_photo(step_of: Callable[..., Step]) -> None:
    step = step_of("fields")
    page = step.page
    page.wait_for_selector("#tour .tour-slider")
    widths = []
    for number in (1, 4, 6, 9):
        step.move("layer", number)
        widths.append(page.locator(".photo-marks").bounding_box()["width"])
    assert widths == sorted(widths) and widths[-1] > 3 * widths[0]


def test_a_temperature_a_loss_and_units_switched_off(step_of: Callable[..., Step]) -> None:
    step = step_of("answer")
    page = step.page
    page.wait_for_selector("#tour .tour-slider")
    classifier = cnnhub.load("cats-vs-dogs")
    logits = classifier.logits(EXAMPLES / "cat.jpg").astype(float)
    name, other = (texts.label_text(step.language, classifier, label) for label in ("cat", "dog"))
    step.move("temperature", 5)
    shares = np.exp(logits / 5) / np.exp(logits / 5).sum()
    written = lambda value: f"{float(f'{value:.3g}'):g}".replace("-", "−")  # noqa: E731
    step.says("said", units="1,280", logit=written(logits[0]), name=name, temperature=5, share=percent(shares[0]), right=name,
              loss=written(-np.log(shares[0])))  # fmt: skip
    page.click(f"#tour .segment-buttons button:text-is({quoted(other)})")
    step.says("said", units="1,280", logit=written(logits[0]), name=name, temperature=5, share=percent(shares[0]), right=other,
              loss=written(-np.log(shares[1])))  # fmt: skip
    step.move("dropout", 50)
    page.wait_for_function(
        "text => document.querySelector('#tour .tour-units').textContent === text",
        arg=step.text("units", units="1,280", off="640"),
    )


def test_a_hundred_dots_are_what_was_measured(step_of: Callable[..., Step]) -> None:
    step = step_of("trust")
    page = step.page
    page.wait_for_selector("#tour .tour-hundred i")
    classifier = cnnhub.load("cats-vs-dogs")
    found = classifier.reliability(classifier.predict(EXAMPLES / "cat.jpg").probability)
    right = min(99, round(100 * found.accuracy)) if found.accuracy < 1 else 100
    assert page.locator("#tour .tour-hundred .is-right").count() == right
    assert f"{found.count:,}" in page.inner_text("#tour .tour-said")
    step.choose("neither")
    page.wait_for_selector("#tour .tour-chart circle")
    assert page.locator("#tour .tour-chart circle").count() == 13
    strange = sum(classifier.predict(path).is_unfamiliar for path in EXAMPLES.iterdir() if path.suffix in (".jpg", ".png"))
    assert page.locator("#tour .tour-chart .is-strange").count() == strange
    step.choose("fooled")
    step.choose("trick_horse")
    page.wait_for_function("alt => document.querySelector('.tour-photo')?.alt === alt", arg=step.text("trick_horse"))


def loss_now(training: live.Training) -> float:
    """On the digits of the next step."""
    batch = training.batch
    return training.network.loss(live.digits().pictures[batch], training.labels[batch])


def learnt(training: live.Training, first: float) -> dict[str, object]:
    """What the page says of it."""
    wrong, held_out = len(training.wrong()), len(training.held_out)
    losses = {"loss": three_digits(loss_now(training)), "first": three_digits(first)}
    read = {"wrong": wrong, "heldOut": held_out, "share": percent(1 - wrong / held_out)}
    return {"steps": training.steps, "batch": 32, **losses, **read}


def test_what_it_learns_is_what_python_learns(step_of: Callable[..., Step]) -> None:
    step = step_of("training")
    page, training = step.page, live.Training(seed=1)
    first = loss_now(training)
    step.says("said", **learnt(training, first))
    for _ in range(5):
        page.click(f"#tour button:text-is({quoted(step.text('step'))})")
        training.step()
    step.says("said", **learnt(training, first))
    step.move("rate", 0.1)
    training.learning_rate = 0.1
    page.click(f"#tour button:text-is({quoted(step.text('step'))})")
    training.step()
    step.says("said", **learnt(training, first))
    shown = page.evaluate("""[...document.querySelectorAll('.tour-misread figure')]
      .filter((one) => one.style.visibility !== 'hidden').map((one) => one.textContent)""")
    wrong = training.wrong()[:8]
    read = training.network.forward(live.digits().pictures[wrong]).argmax(axis=1)
    assert shown == [f"{label} → {answer}" for label, answer in zip(live.digits().labels[wrong], read, strict=True)]
    step.answers("answer_loss", **learnt(training, first))
    step.move("noise", 30)
    other = live.Training(seed=1, learning_rate=0.1, noise=0.3)
    step.says("said", **learnt(other, loss_now(other)))
    page.click(f"#tour button:text-is({quoted(step.text('again'))})")
    other = live.Training(seed=2, learning_rate=0.1, noise=0.3)
    step.says("said", **learnt(other, loss_now(other)))


def test_the_slope_of_a_chosen_weight_is_that_of_two_losses(step_of: Callable[..., Step]) -> None:
    step = step_of("training")
    page, training = step.page, live.Training(seed=1)
    for _ in range(3):
        page.click(f"#tour button:text-is({quoted(step.text('step'))})")
        training.step()
    box = page.locator(".tour-filters svg >> nth=4").bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    page.focus(".tour-filters")
    for filter_, row, column, key in ((5, 2, 3, ""), (6, 2, 1, "ArrowRight"), (6, 3, 1, "ArrowDown")):
        if key:
            page.keyboard.press(key)
        index = ((filter_ - 1) * 3 + row - 1) * 3 + column - 1
        weight, batch = training.network.parameters[index], training.batch
        pictures, labels = live.digits().pictures[batch], training.labels[batch]
        losses = [training.network.with_parameter(index, weight + move).loss(pictures, labels) for move in (-1e-5, 1e-5)]
        slope = (losses[1] - losses[0]) / 2e-5
        way = "grow" if slope < 0 else "shrink"
        place = {"filter": filter_, "row": row, "column": column}
        step.says(f"said_{way}", **place, weight=written(weight), slope=written(training.slope(index).derivative))
        assert training.slope(index).derivative == pytest.approx(slope, rel=1e-4, abs=1e-9)
    assert page.locator("#tour .tour-chart polyline").get_attribute("points").count(",") == 21
    step.answers(f"answer_{way}", **place, slope=written(training.slope(index).derivative), rate="0.05")


def written(value: float) -> str:
    """With three digits and people's minus, in JavaScript's notation."""
    exact = Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), ROUND_HALF_UP).normalize()
    return f"{rounded:f}".replace("-", "−")


def test_a_drawn_digit_is_read_and_an_empty_pad_is_nothing(step_of: Callable[..., Step]) -> None:
    step = step_of("training")
    page = step.page
    page.click(f"#tour button:text-is({quoted(step.text('start'))})")
    steps = "Number(document.querySelector('#tour .tour-said').textContent.match(/[\\d,]+/)?.[0].replace(',', '') ?? 0)"
    page.wait_for_function(f"{steps} > 60")
    page.click(f"#tour button:text-is({quoted(step.text('pause'))})")
    step.choose("view_digit")
    ask = f"#tour button:text-is({quoted(step.text('ask'))})"
    page.click(ask)
    step.says("nothing")
    page.focus("#tour .pad")
    page.keyboard.press("Space")
    step.says("pen_down")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.click(ask)
    page.wait_for_selector("#tour .tour-reading")
    drawing, seen = (pixels_of(page, selector) for selector in ("#tour .pad canvas", ".tour-reading canvas"))
    expected = live.as_digit(drawing)
    assert np.array_equal(seen, np.floor(255 * expected + 0.5))
    page.click(f"#tour button:text-is({quoted(step.text('clear'))})")
    step.says("hint")


def pixels_of(page: Any, selector: str) -> np.ndarray:
    """(H, W) of a grey canvas."""
    width, height, data = page.evaluate(
        """selector => { const canvas = document.querySelector(selector), { width, height } = canvas;
        return [width, height, [...canvas.getContext('2d').getImageData(0, 0, width, height).data]]; }""",
        selector,
    )
    return np.array(data).reshape(height, width, 4)[..., 0]


def test_who_trains_on_the_server_is_told_the_place_in_line(step_of: Callable[..., Step], app: str) -> None:
    step = step_of("training")
    page = step.page
    step.choose("view_server")
    others = [Client(app, verbose=False) for _ in range(2)]
    jobs = [each.submit(seconds=4, api_name="/tour_train") for each in others]
    while not any(job.status().code == Status.IN_QUEUE for job in jobs):  # one trains, one waits
        time.sleep(0.02)
    page.click("#tour [data-key=train]")
    pattern = re.escape(step.text("waiting", before=2, seconds="SECONDS")).replace("SECONDS", r"(\d+)")
    page.wait_for_function("pattern => RegExp(pattern).test(document.querySelector('#tour .tour-said').textContent)", arg=pattern)
    seconds = int(re.search(pattern, page.inner_text("#tour .tour-said"))[1])
    assert 5 < seconds <= 10, "what is left of the first, and the second"
    assert page.is_disabled("#tour [data-key=train]")
    page.wait_for_selector("#tour .tour-learned polyline")
    numbers = dict.fromkeys(("steps", "took", "first", "loss", "heldOut", "share", "wrong"), "NUMBER")
    step.says_begin(step.text("done", **numbers).partition("NUMBER")[0])
    assert all(job.result()["steps"] for job in jobs), "both before"
    assert not page.is_disabled("#tour [data-key=train]")


def test_learning_speaks_seldom_rests_when_left_and_moves_less_where_that_is_asked(visit_of: Callable[..., Visit]) -> None:
    page = visit_of(f"?tab=tour&step={NUMBERS['pixels']}", reduced_motion="reduce").page
    page.wait_for_selector("#tour .tour-grid input")  # the photo's pixels are here: no step is drawn anew
    page.click(f"#tour .tour-dots button >> nth={NUMBERS['training'] - 1}")
    page.wait_for_selector("#tour .tour-misread figcaption:not(:empty)")
    page.evaluate("""() => {
      window.said = []; window.drawn = [];
      const note = (times, selector) => new MutationObserver(() => times.push(performance.now()))
        .observe(document.querySelector(selector), { childList: true, attributes: true, subtree: true });
      note(window.said, '#tour .tour-said');
      note(window.drawn, '.tour-filters');
    }""")
    page.click("#tour [data-key=training-0]")
    page.wait_for_function("window.drawn.length >= 3 && window.said.length >= 2")
    said, drawn = (np.diff(page.evaluate(f"window.{times}")).min() for times in ("said", "drawn"))
    assert said > 1900 and drawn > 900
    page.click("#tab-what-button")
    page.click("#tab-tour-button")
    page.wait_for_selector(f"#tour [data-key=training-0]:text-is({quoted(texts.t('en', 'tour_training_start'))})")


def test_a_head_start_is_shown_as_it_was_measured(step_of: Callable[..., Step]) -> None:
    step = step_of("transfer")
    page, measured = step.page, json.loads((SPACE / "demo/tabs/tour/transfer.json").read_text(encoding="utf-8"))
    page.wait_for_selector("#tour [data-key=look]")
    share = lambda value: f"{four_digits(100 * value)}\u00a0%"  # noqa: E731
    best = max(each["scratch"]["mean"] for each in measured["curve"])
    for place, each in enumerate(measured["curve"]):
        page.fill("#tour .tour-slider input[type=range] >> nth=0", str(place))
        pictures = f"{each['pictures']:,}"
        step.says("said_guess", pictures=pictures, validation=measured["validation"])
        step.move("guess_head", 90)
        step.move("guess_scratch", 55)
        page.click("#tour [data-key=look]")
        head, scratch = each["head"], each["scratch"]
        values = {"pictures": pictures, "seeds": len(measured["seeds"])}
        values["points"] = four_digits(100 * (head["mean"] - scratch["mean"]))
        values |= {"head": share(head["mean"]), "scratch": share(scratch["mean"])}
        values |= {f"{kind}_{end}": share(each[kind][end]) for kind in ("head", "scratch") for end in ("least", "most")}
        step.says("said", **values)
        said = page.inner_text("#tour .tour-said")
        last = measured["curve"][-1]["scratch"]["mean"]
        assert best < head["mean"] and step.text("needs_more", most="1,000", best=share(last)) in said
        guesses = {"head": 0.9, "scratch": 0.55}
        off = {f"off_{kind}": four_digits(100 * abs(guess - each[kind]["mean"])) for kind, guess in guesses.items()}
        assert step.text("guessed", guess_head=share(0.9), guess_scratch=share(0.55), **off) in said
        assert page.is_disabled("#tour [data-key=look]")
    assert page.locator("#tour .tour-chart circle").count() == 2 * len(measured["curve"])
    step.answers("answer_head", **values)
    page.click("#tour .tour-fold summary >> nth=0")
    assert measured["command"] in page.inner_text("#tour .tour-fold pre")
    page.click("#tour .tour-fold summary >> nth=1")
    listed = page.inner_text("#tour .tour-networks")
    for entry in catalogue.builtin_entries():
        known = (entry.config.cnnhub.model_extra or {}).get("metrics", {}).get("validation")
        assert networks.title(step.language, entry.name) in listed
        assert not known or step.text("right", accuracy=share(known["top1"]), validation=f"{known['n']:,}") in listed


def four_digits(value: float) -> str:
    """As JavaScript's toPrecision(4), without zeros at the end."""
    exact = Decimal(float(value))
    return f"{exact.quantize(Decimal(1).scaleb(exact.adjusted() - 3), ROUND_HALF_UP).normalize():f}"


# ---- the frame
def test_back_and_forward_move_between_steps_and_the_address_keeps_one(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=tour")
    page = visit.page
    place = lambda: page.inner_text("#tour .tour-place")  # noqa: E731
    assert place() == f"1 of {len(STEPS)}"
    page.click("#tour .tour-next")
    page.click("#tour .tour-next")
    assert place() == f"3 of {len(STEPS)}" and "step=3" in page.url
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.go_back()
    page.wait_for_function("document.querySelector('#tour .tour-place').textContent.startsWith('2 ')")
    page.go_forward()
    page.wait_for_function("document.querySelector('#tour .tour-place').textContent.startsWith('3 ')")
    page.wait_for_timeout(1500)  # nothing is written to the address while the page goes back or forward
    page.click("#tour .tour-dots button >> nth=4")
    page.wait_for_url("**step=5")
    assert page.get_attribute("#tour .tour-dots button >> nth=4", "aria-current") == "step"
    visit.reload()
    page.wait_for_selector("#tour [data-step=patterns]")


def test_a_step_that_is_drawn_anew_keeps_the_focus(visit_of: Callable[..., Visit]) -> None:
    page = visit_of(f"?tab=tour&step={NUMBERS['pixels']}").page
    page.wait_for_selector("#tour .tour-grid input")
    page.click(f"#tour .tour-dots button >> nth={NUMBERS['training'] - 1}")
    held = (".tour-filters", "[data-key=training-1]", ".segment-buttons [value=all]", "input[type=range]", "input[type=number]")
    for number, selector in enumerate(held):
        page.focus(f"#tour {selector}")
        page.evaluate("window.before = document.querySelector('#tour .tour-step')")
        page.evaluate(f"document.querySelectorAll('.picker button')[{1 + number % 2}].click()")
        page.wait_for_function("document.querySelector('#tour .tour-step') !== window.before")
        assert page.evaluate(f"document.activeElement === document.querySelector('#tour {selector}')"), selector


@pytest.mark.parametrize(
    "asked", ["0", "99", "two", *(pytest.param(each, marks=pytest.mark.long) for each in ("-3", "1e9", "2.5"))]
)
def test_a_step_that_is_not_there_is_the_nearest_or_the_first(visit_of: Callable[..., Visit], asked: str) -> None:
    page = visit_of(f"?tab=tour&step={asked}").page
    page.wait_for_selector("#tour h2")
    last = asked in ("99", "1e9")
    assert page.inner_text("#tour .tour-place").startswith(str(len(STEPS)) if last else "1 ")


def test_without_a_connection_the_steps_go_on_that_need_no_network(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=tour&step=2")
    page = visit.page
    page.wait_for_selector("#tour .tour-grid input")
    page.wait_for_timeout(6000)  # what is fetched ahead has come
    page.context.set_offline(True)
    for name in ("dense", "weights", "patterns", "edge", "volume"):
        page.click("#tour .tour-next")
        page.wait_for_selector(f"#tour [data-step={name}] .tour-controls > *")
        assert page.inner_text("#tour .tour-said"), name
    page.click(f"#tour .tour-dots button >> nth={NUMBERS['mapping'] - 1}")
    page.wait_for_function(
        "text => document.querySelector('#tour .tour-said').textContent === text", arg=texts.t("en", "tour_lost")
    )
    page.click(f"#tour .tour-dots button >> nth={NUMBERS['training'] - 1}")
    page.click(f"#tour button:text-is({quoted(texts.t('en', 'tour_training_step'))})")
    page.wait_for_function("document.querySelector('#tour .tour-said').textContent.startsWith('1 step')")
    page.click("#tour .tour-next")
    page.wait_for_selector("#tour [data-step=transfer] .tour-chart")
    page.context.set_offline(False)
    visit.complaints.clear()  # of the connection


def test_another_language_keeps_what_was_done(visit_of: Callable[..., Visit]) -> None:
    page = visit_of(f"?tab=tour&step={NUMBERS['dense']}").page
    page.fill("#tour .tour-slider input[type=number] >> nth=0", "321")
    page.click("#language label:has-text('正體中文')")
    said = "document.querySelector('#tour .tour-said')?.textContent"
    page.wait_for_function(f"{said}.includes('321 × 100') && {said}.includes('個像素')")


def test_a_number_out_of_its_range_is_marked_and_changes_nothing(visit_of: Callable[..., Visit]) -> None:
    page = visit_of(f"?tab=tour&step={NUMBERS['dense']}").page
    field = "#tour .tour-slider input[type=number] >> nth=0"
    page.wait_for_selector(field)
    before = page.inner_text("#tour .tour-said")
    page.fill(field, "100000")
    assert page.get_attribute(field, "aria-invalid") == "true" and page.inner_text("#tour .tour-said") == before
    page.keyboard.press("Tab")
    assert page.input_value(field) == "100"


def test_a_photo_without_anything_on_it_is_told_and_an_example_offered(visit_of: Callable[..., Visit], tmp_path: Any) -> None:
    page = visit_of(f"?tab=tour&step={NUMBERS['pixels']}").page
    for name, size, key in (("flat", (90, 90), "tour_too_flat"), ("tiny", (5, 90), "tour_too_small")):
        path = tmp_path / f"{name}.png"
        picture = Image.new("RGB", size, (120, 130, 140))
        if name == "tiny":
            picture.putpixel((2, 2), (255, 0, 0))
        picture.save(path)
        page.set_input_files(".photo-input", path)
        said = texts.t("en", key, width=5, height=90, least=8) if name == "tiny" else texts.t("en", key)
        page.wait_for_function("said => document.querySelector('#tour .tour-said')?.textContent === said", arg=said)
    page.click(f"#tour button:text-is({quoted(texts.t('en', 'tour_example'))})")
    page.wait_for_selector("#tour .tour-grid input")


def test_a_worksheet_has_one_page_and_one_of_answers(visit_of: Callable[..., Visit]) -> None:
    page = visit_of(f"?tab=tour&step={NUMBERS['edge']}").page
    page.wait_for_selector("#tour .tour-cells")
    page.evaluate("window.print = () => {}")
    page.click("#tour .tour-print")
    sections = page.evaluate("[...document.querySelectorAll('.tour-sheet section')].map((one) => one.textContent)")
    assert texts.t("en", "tour_edge_question") in sections[0] and "(7 − 3 + 0) / 1 + 1 = 5" in sections[1]
    assert "(7 − 3 + 0) / 1 + 1 = 5" not in sections[0]
    document = page.pdf(format="A4")  # which ends with "afterprint"
    assert len(re.findall(rb"/Type\s*/Page\b", document)) == 2
    assert page.locator(".tour-sheet").count() == 0


def steps_of(page: Any) -> Iterator[str]:
    """One step after the other, each when it is drawn."""
    for name in STEPS:
        page.wait_for_selector(f"#tour [data-step={name}] .tour-controls > *")
        page.wait_for_timeout(200)  # what a network is asked for moves nothing afterwards
        yield name
        if page.locator("#tour .tour-next").count():
            page.click("#tour .tour-next")


def test_on_a_screen_picture_controls_and_sentence_stand_together(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=tour", viewport={"width": 1280, "height": 800}).page
    for name in steps_of(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, name
        bottom = page.evaluate("""Math.max(...[...document.querySelectorAll('.tour-show, .tour-said')]
          .map((one) => one.getBoundingClientRect().bottom + scrollY))""")
        assert bottom <= 800, name


def test_on_a_phone_the_picture_stays_in_sight_while_a_control_is_moved(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=tour", viewport={"width": 390, "height": 844}).page
    for name in steps_of(page):
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        controls = page.locator("#tour .tour-controls :is(button, input)")
        for place in range(controls.count()):
            control = controls.nth(place)
            if not control.is_visible():
                continue
            control.scroll_into_view_if_needed()
            box, picture = control.bounding_box(), page.locator("#tour .tour-picture").bounding_box()
            assert picture["y"] >= -1 and picture["y"] + picture["height"] <= 844 and box["y"] >= picture["y"], (name, place)


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 390), pytest.param("dark", 1280, marks=pytest.mark.long)], ids=["phone", "dark"]
)
def test_axe_finds_nothing_serious_in_any_step(visit_of: Callable[..., Visit], theme: str, width: int) -> None:
    page = visit_of(f"?tab=tour&lang=zh-TW&__theme={theme}", viewport={"width": width, "height": 844}).page
    found = {}
    for name in steps_of(page):
        page.click("#tour summary")
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found[f"{name}: {violation['id']}"] = [node["html"][:160] for node in violation["nodes"][:3]]
    assert found == {}
