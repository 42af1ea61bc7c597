"""The wheel works outside of the checkout."""

from __future__ import annotations

from pathlib import Path

from tests.support import check_wheel


def test_the_wheel_predicts_from_another_folder(tmp_path: Path) -> None:
    check_wheel.check(tmp_path, full=False)
