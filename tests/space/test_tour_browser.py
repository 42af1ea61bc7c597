"""The tour in a real browser: each step touched, and what it says compared with a computation of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

import cnnhub
from demo import texts
from demo.texts.tour import STEPS
from tests.support.places import EXAMPLES
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
        wanted = self.text(part, **values)
        self.page.wait_for_function(
            "wanted => document.querySelector('#tour .tour-said')?.textContent.startsWith(wanted)", arg=wanted
        )

    def answers(self, part: str, **values: object) -> None:
        self.page.click("#tour summary")
        assert self.text(part, **values) in self.page.inner_text("#tour .tour-question")

    def move(self, part: str, value: float) -> None:
        """Type a number into a slider's field."""
        self.page.fill(f"#tour .tour-slider input[type=number][aria-label^={quoted(self.text(part))}]", str(value))

    def choose(self, part: str, **values: object) -> None:
        self.page.click(f"#tour .segment-buttons button:text-is({quoted(self.text(part, **values))})")


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def three_digits(value: float) -> str:
    """As the page rounds: halves up."""
    exact = Decimal(repr(float(value)))
    return f"{exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), ROUND_HALF_UP).normalize():f}"


def percent(share: float) -> str:
    return texts.percent(share)


def test_a_change_says_by_how_much_it_moved_the_answer(step_of: Callable[..., Step]) -> None:
    step = step_of("mapping")
    classifier = cnnhub.load("cats-vs-dogs")
    seen = classifier.to_pixels(EXAMPLES / "cat.jpg")
    swapped = seen[:, :, np.arange(240) ^ 1]
    before, after = (each.scores["cat"] for each in classifier.predictions(np.stack([seen, swapped])))
    name = texts.label_text(step.language, classifier, "cat")
    step.says("said_none", name=name, after=percent(before))
    step.page.click("#tour [data-key=change-swapped]")
    points = f"{100 * abs(before - after):.1f}"
    step.says("said_swapped", name=name, before=percent(before), after=percent(after), points=points)


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
    assert whole[0] * whole[1] == 96 * 64


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
        step.says("said_two", first=pair[0], second=pair[1], width=6, wide=5, largest=three_digits(made.max()))
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
    page.click("#tour .tour-dots button >> nth=4")
    assert "step=5" in page.url and page.get_attribute("#tour .tour-dots button >> nth=4", "aria-current") == "step"
    visit.reload()
    page.wait_for_selector("#tour [data-step=patterns]")


@pytest.mark.parametrize("asked", ["0", "99", "-3", "two", "1e9", "2.5"])
def test_a_step_that_is_not_there_is_the_nearest_or_the_first(visit_of: Callable[..., Visit], asked: str) -> None:
    page = visit_of(f"?tab=tour&step={asked}").page
    page.wait_for_selector("#tour h2")
    last = asked in ("99", "1e9")
    assert page.inner_text("#tour .tour-place").startswith(str(len(STEPS)) if last else "1 ")


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
