"""The report of the benchmarks: medians, ratios only where answers agree, and README's table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import answers, report
from benchmarks.answers import Timed

FOUND = {
    "500x375": {
        "cnnhub": Timed([9.0, 10.0, 30.0], ["cat", "dog"]),
        "timm": Timed([40.0, 50.0, 60.0], ["cat", "dog"]),
        "fastai": Timed([90.0], ["dog", "dog"]),
    },
    "folder": {"cnnhub": Timed([4.0], ["cat"]), "timm": Timed([10.0], ["cat"])},
}


def test_a_ratio_is_given_where_all_first_answers_agree() -> None:
    assert report.rows_of(FOUND) == [
        ["cnnhub", "10.0 ms", "4.0 ms"],
        ["timm", "50.0 ms (5.00x)", "10.0 ms (2.50x)"],
        ["fastai", "90.0 ms (answers 1 of 2 otherwise)", ""],
    ]


def test_readme_s_table_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- measured: answers -->\nstale words\n<!-- end -->\nafter\n")
    for _ in range(2):
        report.write_readme(FOUND, readme)
    text = readme.read_text()
    assert text.startswith("before\n<!-- measured: answers -->\n| milliseconds a picture | 500x375 | folder |\n| --- |")
    assert "| timm | 50.0 ms (5.00x) | 10.0 ms (2.50x) |\n" in text and text.endswith("<!-- end -->\nafter\n")
    assert "stale" not in text and text.count("| cnnhub |") == 1
    readme.write_text("no place")
    with pytest.raises(ValueError, match="0 places for the table"):
        report.write_readme(FOUND, readme)


def test_json_and_plot(tmp_path: Path) -> None:
    report.write_json(tmp_path / "out.json", {"start, milliseconds": {"import": [3.0, 1.0, 2.0]}}, FOUND)
    held = json.loads((tmp_path / "out.json").read_text())
    assert held["median"]["start, milliseconds"]["import"] == 2.0
    assert held["answers, milliseconds"]["500x375"]["timm"]["median"] == 50.0
    report.draw_answers(FOUND, tmp_path / "speed.png")
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")


def test_each_candidate_answers_every_picture_each_round(tmp_path: Path) -> None:
    pictures = answers._pictures(tmp_path, (300, 200), 3)
    asked: list[tuple[str, str]] = []
    candidates = {name: lambda picture, name=name: asked.append((name, picture.name)) or name for name in ("one", "other")}
    times = answers._interleaved(candidates, pictures, rounds=2)
    assert {name: (len(each.values), each.labels) for name, each in times.items()} == {
        "one": (6, ["one"] * 3),
        "other": (6, ["other"] * 3),
    }
    order = ["one"] * 3 + ["other"] * 3
    assert [name for name, _ in asked[6:]] == order + order[::-1], "not interleaved, or the same one first again"


def test_by_hand_is_the_same_preparation(tmp_path: Path) -> None:
    """What stands for "onnxruntime by hand" gives the network the very pixels that cnnhub gives it."""
    import numpy as np

    import cnnhub

    ours, exact = (cnnhub.load("cats-vs-dogs", reduced_decoding=reduced) for reduced in (True, False))
    for size in ((500, 375), (375, 500), (2000, 1500)):
        (picture,) = answers._pictures(tmp_path, size, 1)
        assert np.array_equal(answers._pixels(picture, reduced=False), exact.to_pixels(picture))
        assert np.array_equal(answers._pixels(picture, reduced=True), ours.to_pixels(picture))
