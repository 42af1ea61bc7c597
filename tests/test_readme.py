"""The README's Python runs as printed, and its figures are the cards'."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.support.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_python_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "cat"


@pytest.mark.parametrize("name", ["cats-vs-dogs", "flowers"])
def test_its_figures_are_the_cards(name: str) -> None:
    folder = ROOT / "cnnhub" / "builtin" / name
    test = json.loads((folder / "config.json").read_text())["cnnhub"]["metrics"]["test"]
    size = (folder / "model.safetensors").stat().st_size / 1e6
    assert f"| `{name}` | {test['n']} | {100 * test['top1']:.2f} % | {size:.1f} MB |" in README


def test_the_chinese_one_has_the_same_commands_and_figures() -> None:
    chinese = (ROOT / "README.zh-TW.md").read_text(encoding="utf-8")

    def code(text: str) -> list[str]:
        lines = "\n".join(re.findall(r"```\w+\n(.*?)```", text, re.S)).splitlines()
        return [line.partition("#")[0].rstrip() for line in lines]

    assert code(chinese) == code(README)
    for row in re.findall(r"^\| `.*%.*$", README, re.M):
        assert row in chinese
    for number in re.findall(r"\d+\.\d+ GB", README):
        assert number in chinese


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
