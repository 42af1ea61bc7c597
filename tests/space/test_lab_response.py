"""The response map that the browser makes, beside cnnhub's: values, sizes, statistics, drawn pixels and sentences."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from html import unescape
from typing import Any

import numpy as np
import pytest
import torch

from cnnhub import convolution, invariance, kernels, stack
from cnnhub.errors import GeometryError
from demo import texts
from demo.assets import MODULES_AT
from demo.photo.pixels import Pixels
from demo.tabs.filter import answer as lab_answer
from demo.tabs.filter import pooling
from demo.tabs.filter import settings as lab_settings
from demo.tabs.filter import tab as one_filter
from demo.tabs.filter.settings import Settings, Step
from tests.space.test_lab import seeded_settings
from tests.support.visiting import Visit

pytestmark = pytest.mark.browser

CLOSE = 1e-5  # of a map's largest magnitude
PADDINGS = ("same", "valid", 0, 1, 2, 3)
EVERYTHING = list(itertools.product(kernels.names(), convolution.BORDERS, (1, 2, 3), (1, 2, 3), PADDINGS))
NOISE = np.random.default_rng(6).integers(0, 256, (31, 43, 3), np.uint8)
PHOTO = Pixels("noise", NOISE, (86, 62))  # as if scaled down

# Runs in the page: what its modules make of a photo with each of some settings.
_MADE = """async ([at, packed, offered, words, language, asked]) => {
  const load = (name) => import(new URL(`${at}/tabs/filter/${name}.js`, document.baseURI));
  const [{ respond, responseMap, refusal }, { unpacked }, { saidOf }, { written }, { presetOf }] =
    await Promise.all(["response", "lab_math", "lab_said", "said", "lab_live"].map(load));
  const photo = await unpacked(packed);
  const text = (array) => {
    let letters = "";
    for (const byte of new Uint8Array(array.buffer)) letters += String.fromCharCode(byte);
    return btoa(letters);
  };
  // a palette of its own whose colours tell their number
  const table = Uint32Array.from({ length: 256 }, (_, i) => 0xff000000 + i * 0x010101);
  return asked.map((settings) => {
    const refused = refusal(photo, settings);
    if (refused) return { refused };
    const steps = settings.steps.map((step) => (step.kind === "filter" ? { ...step, ...presetOf(offered, step.name) } : step));
    settings = { ...settings, steps };
    const map = responseMap(photo, settings);
    const made = respond(photo, settings, { signed: table, magma: table });
    const said = saidOf({ words, offered, photo, props: { language } }, { ...made, settings });
    const drawn = ({ picture, ...facts }) => ({ ...facts, pixels: text(picture.pixels) });
    return { ...drawn(made), steps: made.steps.map(drawn), values: map.planes.map(text), said: { ...said,
      low: written(made.low), high: written(made.high) } };
  });
}"""


@pytest.fixture(scope="module")
def page(browser: Any, app: str) -> Iterator[Any]:
    visit = Visit(browser, app)
    yield visit.page
    visit.end()


def of_kernel(name: str) -> list[tuple[Any, ...]]:
    return [case for case in EVERYTHING if case[0] == name]


def settings_of(case: tuple[Any, ...], pick: random.Random) -> Settings:
    """What a case names, and all else at random."""
    name, border, stride, dilation, padding = case
    known = kernels.preset(name)
    filter_ = convolution.Filter(
        known.weights,
        known.divisor * pick.choice((1.0, 1.0, -0.5)),
        bias=pick.choice((0.0, 0.0, 128.0, -7.25)),
        stride=stride,
        dilation=dilation,
        padding=padding,
        border=border,
        flipped=pick.random() < 0.5,
    )
    chosen = Settings(name, filter_, pick.random() < 0.5, pick.choice(lab_settings.DRAWN), pick.choice((0, 1, 2)))
    if pick.random() < 0.2:  # somebody has changed every weight
        own = tuple(tuple(round(weight + pick.uniform(-1, 1), 3) for weight in row) for row in known.weights)
        chosen = replace(chosen, filter=replace(filter_, weights=own))
    return lab_settings.read(chosen.as_json())  # numbers of one's own have no preset's name


def made_by_the_page(page: Any, asked: list[Settings], language: str = "en") -> list[dict[str, Any]]:
    words = one_filter._words(language)["words"]
    arguments = [MODULES_AT, PHOTO.packed(), one_filter._offered(), words, language, [each.as_json() for each in asked]]
    return list(page.evaluate(_MADE, arguments))


def array(text: str, kind: type) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def check_map(made: dict[str, Any], chosen: Settings) -> None:
    try:
        values = convolution.apply_filter(PHOTO.planes(chosen.colour), chosen.filter)
    except GeometryError:
        assert made["refused"] in ("geometry", "reflect")
        return
    largest = max(values.abs().max().item(), 1e-9)
    assert (made["height"], made["width"]) == values.shape[1:]
    seen = np.stack([array(plane, np.float32) for plane in made["values"]])
    assert np.abs(seen.reshape(values.shape) - values.numpy()).max() <= CLOSE * largest
    check_statistics(made, values, chosen, largest)
    drawing = lab_answer.draw(values, chosen)
    check_picture(made, drawing)


def check_statistics(made: dict[str, Any], values: torch.Tensor, chosen: Settings, largest: float) -> None:
    drawing, shown = lab_answer.draw(values, chosen), values[lab_answer.shown_channel(chosen)]
    strongest = lab_answer.strongest_value(shown, chosen.filter)
    border = lab_answer.stronger_in_padding(shown, strongest)
    numbers = {"min": shown.min().item(), "max": shown.max().item(), "low": drawing.scale.low, "high": drawing.scale.limit}
    for name, expected in numbers.items():
        assert made[name] == pytest.approx(expected, abs=CLOSE * largest), name
    for name in ("below", "above"):
        assert made[name] == pytest.approx(getattr(drawing, name), abs=1.5 / shown.numel()), name
    assert made["kind"] == drawing.kind
    for found, expected in ((made["strongest"], strongest), (made["border"], border)):
        if not isinstance(expected, tuple):
            assert found is None
            continue
        assert found["value"] == pytest.approx(expected[0], abs=CLOSE * largest)
        assert shown[found["row"], found["column"]].abs().item() == pytest.approx(abs(expected[0]), abs=CLOSE * largest)
    if not isinstance(strongest, tuple):
        assert made["flat"] == pytest.approx(strongest, abs=CLOSE * largest)


def check_picture(made: dict[str, Any], drawing: lab_answer.Drawing) -> None:
    """Levels of 255: of the palette, of grey, or of each colour."""
    expected = np.asarray(drawing.picture).astype(int)
    seen = array(made["pixels"], np.uint8).reshape(*expected.shape[:2], 4)
    assert (seen[..., 3] == 255).all()
    seen = seen[..., :3] if expected.ndim == 3 else seen[..., 0]
    assert np.abs(seen.astype(int) - expected).max() <= 1


def check_all(page: Any, cases: list[tuple[Any, ...]], seed: int) -> None:
    pick = random.Random(seed)
    asked = [settings_of(case, pick) for case in cases]
    refused = 0
    for made, chosen in zip(made_by_the_page(page, asked), asked, strict=True):
        refused += "refused" in made
        try:
            check_map(made, chosen)
        except (AssertionError, KeyError) as error:
            raise AssertionError(f"with {chosen}") from error
    assert refused < len(asked) / 4


def test_the_page_s_map_is_cnnhub_s(page: Any) -> None:
    pick = random.Random(18)
    sample = [case for name in kernels.names() for case in pick.sample(of_kernel(name), 6)]
    for position, known in enumerate((kernels.names(), convolution.BORDERS, (1, 2, 3), (1, 2, 3), PADDINGS)):
        assert {case[position] for case in sample} == set(known)
    check_all(page, sample, 18)


@pytest.mark.long
@pytest.mark.parametrize("name", kernels.names())
def test_the_page_s_map_is_cnnhub_s_with_every_setting(page: Any, name: str) -> None:
    check_all(page, of_kernel(name), len(name))


def stacks(count: int, seed: int) -> list[Settings]:
    pick = random.Random(seed)
    made = []
    for case in pick.sample(EVERYTHING, count):
        steps = [
            Step(kind="relu"),
            Step(
                kind="pool",
                name=pick.choice(convolution.POOLING_MODES),
                window=pick.choice((2, 3, 4)),
                stride=pick.choice((1, 2, 3)),
            ),
            Step(kind="filter", name=pick.choice(kernels.names()), stride=pick.choice((1, 2))),
            Step(kind="pool", name=pick.choice(convolution.POOLING_MODES), window=3, stride=4),
        ]
        made.append(replace(settings_of(case, pick), steps=tuple(pick.sample(steps, pick.randint(1, 4)))))
    return made


def test_the_page_s_stacks_are_cnnhub_s(page: Any) -> None:
    asked = stacks(60, 4)
    ended = 0
    for made, chosen in zip(made_by_the_page(page, asked), asked, strict=True):
        if "refused" in made:
            continue
        first = stack.run(PHOTO.planes(chosen.colour), chosen.operations()[:1])[0]
        maps, failed = lab_answer.run_steps(first, chosen)
        assert (len(made["steps"]), made["failed"]) == (len(maps), failed)
        ended += failed is not None
        for place, (step, values) in enumerate(zip(made["steps"], maps, strict=True), 1):
            drawing = lab_answer.draw_step(values, chosen, place)
            largest = first.abs().max().item()
            if -CLOSE * largest < values.min() < 0:  # whether a last bit below 0 is seen decides the colours
                continue
            assert (step["height"], step["width"], step["kind"]) == (*values.shape[1:], drawing.kind)
            assert (step["low"], step["high"]) == pytest.approx((drawing.scale.low, drawing.scale.limit), abs=CLOSE * largest)
            check_picture(step, drawing)
    assert 0 < ended < len(asked) / 2


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_page_says_what_the_server_says(page: Any, language: str) -> None:
    """Heading, line, notes, sizes, legend and a step's failure, in every word and digit."""
    asked = stacks(60, 9)
    kinds = set()
    for made, chosen in zip(made_by_the_page(page, asked, language), asked, strict=True):
        if "refused" in made:
            continue
        expected = lab_answer.answer(PHOTO, chosen)
        said = expected["said"][language] | {"low": expected["map"]["low"], "high": expected["map"]["high"]}
        made["said"]["formula"], said["formula"] = (unescape(each["formula"]) for each in (made["said"], said))
        assert made["said"] == said, chosen
        kinds.add(kernels.nature(chosen.filter.kernel()).kind)
    assert len(kinds) >= 8


def test_natures_and_numbers_are_said_as_the_server_says_them(page: Any) -> None:
    pick = random.Random(2)
    weights = [kernels.preset(name).weights for name in kernels.names()]
    weights += [tuple(tuple(float(pick.randint(-2, 2)) for _ in range(3)) for _ in range(3)) for _ in range(300)]
    divisors = [pick.choice((1.0, 9.0, -3.0)) for _ in weights]
    numbers = [pick.choice((1, -1)) * 10 ** pick.uniform(-8, 8) for _ in range(500)] + [
        0.0,
        9999.0,
        1234.5,
        0.25,
        -0.5,
        99995.0,
        9998.7,
    ]
    shares = [0, 1, 1 / 3, 0.9999, 0.0005, 0.125, 0.005, *(pick.random() ** 4 for _ in range(300))]
    asked = [MODULES_AT, list(zip(weights, divisors, strict=True)), numbers, shares]
    kinds, written, percents = page.evaluate(
        """async ([at, grids, numbers, shares]) => {
            const load = (name) => import(new URL(`${at}/tabs/filter/${name}.js`, document.baseURI));
            const [{ nature }, { written, percent }] = await Promise.all(["lab_math", "said"].map(load));
            return [grids.map(([weights, divisor]) => nature(weights, divisor)), numbers.map(written), shares.map(percent)];
        }""",
        asked,
    )
    for found, grid, divisor in zip(kinds, weights, divisors, strict=True):
        expected = asdict(kernels.nature(convolution.Filter(grid, divisor).kernel()))
        assert found["kind"] == expected["kind"], grid
        moments = [found["total"], found["towardsX"], found["towardsY"], found["centre"]]
        assert moments == pytest.approx([expected[name] for name in ("total", "towards_x", "towards_y", "centre")], abs=1e-5)
    assert written == [texts.number(value) for value in numbers]
    assert percents == [texts.percent(share) for share in shares]


def moves(count: int, seed: int) -> list[pooling.Settings]:
    pick = random.Random(seed)
    made = [pooling.FIRST, pooling.Settings(shift_x=0), pooling.Settings(window=8, stride=1, shift_x=3, shift_y=-4)]
    for _ in range(count):
        shift_x, shift_y, angle = (pick.choice((0, pick.randint(-24, 24))) for _ in range(3))
        sizes = pick.choice(pooling.WINDOWS), pick.choice(pooling.STRIDES)
        made.append(pooling.Settings(*sizes, shift_x, shift_y, angle, pick.choice((1, 1, 0.5, 0.85, 1.5))))
    return made


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_what_pooling_survives_is_what_cnnhub_measures(page: Any, language: str) -> None:
    """Every picture to a level of 255, every change to 1e-5, and every word."""
    asked = moves(20, 3)
    found = page.evaluate(
        """async ([at, packed, props, asked]) => {
            const load = (name) => import(new URL(`${at}/tabs/filter/${name}.js`, document.baseURI));
            const [{ unpacked }, { survived }, { shownOf }] = await Promise.all(["lab_math", "pooled", "pooling_said"].map(load));
            const photo = await unpacked(packed);
            return asked.map((settings) => {
                const made = { ...survived(photo, settings), settings, isScaledDown: true };
                const shown = shownOf(props, made);
                const greys = ({ pixels }) => [...pixels].map((pixel) => pixel & 255);
                const seen = Object.entries(made.figures).map(([name, figure]) => [name, greys(figure)]);
                return { shown, changes: made.changes, seen: Object.fromEntries(seen) };
            });
        }""",
        [MODULES_AT, PHOTO.packed(), pooling._props(language), [asdict(each) for each in asked]],
    )
    brightness = PHOTO.planes(colour=False)[0]
    for made, settings in zip(found, asked, strict=True):
        after = invariance.moved(brightness, settings.shift_x, settings.shift_y, settings.angle, settings.scale)
        before, after = (
            {"pixels": values, **invariance.pooled(values, settings.window, settings.stride)} for values in (brightness, after)
        )
        changes = {name: invariance.change(before[name], after[name]) for name in before}
        assert made["changes"] == pytest.approx(changes, abs=CLOSE)
        for name, values in after.items():
            drawn = values.flatten() / (settings.window if name == "l2" else 1)
            assert np.abs(np.array(made["seen"][name]) - drawn.clamp(0, 255).round().numpy()).max() <= 1
        check_pooling_said(made["shown"], pooling.Measured(settings, PHOTO.size, True, before, after, changes), language)


def check_pooling_said(shown: dict[str, Any], measured: pooling.Measured, language: str) -> None:
    said = pooling.describe(language, measured)
    assert (shown["heading"], shown["line"]) == (said.heading, said.line)
    largest = max(measured.changes.values()) or 1.0
    for figure, name in zip(shown["figures"], ("pixels", *pooling.POOLED), strict=True):
        expected = pooling._figure(language, measured, name, largest)
        for key in ("name", "size", "changed"):
            assert figure[key] == expected[key]
        assert figure["bar"] == pytest.approx(expected["bar"], abs=1e-4)
        assert figure["ratio"] == expected["ratio"]


def test_what_the_page_writes_into_the_address_is_read_back(page: Any) -> None:
    asked = [Settings(), *(seeded_settings(seed) for seed in range(60))]
    links = page.evaluate(
        """async ([at, offered, asked]) => {
            const { linkOf } = await import(new URL(`${at}/tabs/filter/lab_link.js`, document.baseURI));
            return asked.map((settings) => linkOf(offered, settings));
        }""",
        [MODULES_AT, one_filter._offered(), [each.as_json() for each in asked]],
    )
    assert set(links[0].values()) == {None}
    for link, chosen in zip(links, asked, strict=True):
        written = {name: str(value) for name, value in link.items() if value is not None}
        assert lab_settings.from_link(written) == replace(chosen, at=None)
