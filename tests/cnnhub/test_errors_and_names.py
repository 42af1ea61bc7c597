"""The public names, the errors' messages, and what importing costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cnnhub
from cnnhub import errors


def test_all_names_exist_and_are_the_public_ones() -> None:
    assert sorted(cnnhub.__all__) == sorted(cnnhub._HOME)
    for name in cnnhub.__all__:
        assert getattr(cnnhub, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = cnnhub.lod


def test_import_brings_in_neither_torch_nor_timm() -> None:
    code = (
        "import sys, cnnhub; "
        "print([m for m in ('torch', 'timm', 'numpy', 'PIL', 'huggingface_hub', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_every_error_is_a_cnnhub_error() -> None:
    children = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(children) > 5
    assert all(issubclass(child, errors.CnnHubError) for child in children)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sobelx", "Did you mean sobel_x?"),
        ("SOBEL_X", "Did you mean sobel_x?"),
        ("zzz", "The kernels are: sobel_x, emboss."),
    ],
)
def test_nearest(name: str, expected: str) -> None:
    assert errors.nearest(name, ["sobel_x", "emboss"], "kernels") == expected
