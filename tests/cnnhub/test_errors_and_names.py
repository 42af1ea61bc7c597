"""The public names, the errors' messages, and what importing costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

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


@pytest.mark.parametrize("words", [6_000_000 * "A", "data:image/png;base64," + 6_000_000 * "A", 2_000_000 * "A b "])
@pytest.mark.parametrize("ask", [cnnhub.open_image, cnnhub.load, lambda name: cnnhub.kernels.preset(name)])
def test_an_error_repeats_a_part_of_what_is_long(ask: Callable[[str], object], words: str) -> None:
    with pytest.raises(errors.CnnHubError) as caught:
        ask(words)
    assert len(str(caught.value)) < 6_000


@pytest.mark.parametrize("token", ["secret\nof mine", "secret of mine", "geheim\u00e4", "se\0cret"])
def test_a_token_that_no_header_can_hold_is_not_printed(token: str) -> None:
    with pytest.raises(errors.AccessDeniedError, match="not shown") as caught:
        cnnhub.load("owner/name", token=token)
    assert "cret" not in str(caught.value) and "geheim" not in str(caught.value)


@pytest.mark.parametrize("said", ["Illegal header value b'Bearer secret\\nof mine'", f"refused: {'hf_' + 17 * 'aB'}"])
def test_no_error_repeats_a_token(said: str) -> None:
    for error in (errors.PushError(f"The push failed: {said}."), errors.HubUnreachableError(said)):
        assert "secret" not in str(error) and "aBaB" not in str(error)
