"""The numbers that articles print, and where they are shown."""

from __future__ import annotations

import pytest

from cnnhub.articles import Number, numbers
from tests.numbers import PAGE, ROWS, as_json, page

# By hand, or as the texts have them; the two slips as they should be.
RIGHT = {
    "vgg16": "138,357,544",
    "vgg16_dense": "25,088 4,096 4,096 1,000",
    "vgg16_sixteen": f"{138_357_544 + 16_016:,}",
    "cifar10": f"{896 + 18_496 + 524_416 + 1_290:,}",
    "mnist": f"{320 + 18_496 + 73_856 + 11_530:,}",
    "mnist_fields": "3 4 8 10 18",
    "fashion": "1,413,834",
    "oneconv_values": f"{148 * 148 * 10:,}",
    "oneconv_one": "219,801",
    "oneconv_two": f"{760 + 2 * 219_041:,}",
    "resnet34_units": "3 4 6 3",
    "dense": "10,000,000",
    "maps_parameters": f"{(5 * 5 * 3 + 1) * 200:,}",
    "maps_products": f"{5 * 5 * 3 * 200 * 150 * 100:,}",
    "maps_memory": "12 MB",
    "maps_memory_hundred": "1.2 GB",
    "volume": "28 x 28 x 10",
    "formula": "30",
    "six_by_six": "4 x 4",
    "thirteen": "3 2",
    "five_by_seven": "3 x 4",
    "pool": "13 x 13",
    "pool_values": "4 1.5",
    "three_in_a_row": "7",
    "three_by_three": "18",
    "grid": "8 x 8",
    "dilated": "1 0 0 0 2 0 0 0 3",
    "exercise_parts": "2,800 180,200 720,400",
    "exercise": "903,400",
    "exercise_inference": f"{((100 * 150 * 100 + 50 * 75 * 200) * 4 + 903_400 * 4) / 1e6:.1f} MB",
    "exercise_training": f"{(200 * (180_000 + 100 * 150 * 100 + 50 * 75 * 200 + 25 * 38 * 400) + 903_400 * 4) / 1e6:.1f} MB",
}
SLIPS = {"oneconv_two", "three_by_three"}


@pytest.fixture(scope="module")
def computed() -> list[Number]:
    return numbers()


def test_each_number_is_right(computed: list[Number]) -> None:
    found = {each.key: each.found for each in computed}
    assert {key: found[key] for key in RIGHT} == RIGHT
    assert {each.key for each in computed if not each.is_right} == SLIPS


def test_the_page_of_the_docs_and_that_of_the_demo_say_what_is_computed(computed: list[Number]) -> None:
    """`python -m tests.numbers` writes them anew."""
    assert PAGE.read_text() == page(computed)
    assert ROWS.read_text() == as_json(computed)
