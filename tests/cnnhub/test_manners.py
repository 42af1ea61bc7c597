"""What a guest in somebody's program keeps to: documented, and nothing of the program's own state is changed."""

from __future__ import annotations

import builtins
import importlib
import inspect
import os
import pickle
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import cnnhub
from cnnhub import errors
from tests.support.places import EXAMPLES

# What numpy, torch and timm set up when they are imported is theirs; the rest is compared before and after.
STATE = """
import sys, threading, warnings

def state():
    import numpy, PIL.Image, matplotlib, torch, torchvision, timm, onnxruntime
    return {
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch": (torch.get_default_dtype(), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled()),
        "random": torch.get_rng_state().tolist(),
        "numpy": (numpy.geterr(), str(numpy.random.get_state())),
        "pil": (PIL.Image.MAX_IMAGE_PIXELS, PIL.ImageFile.LOAD_TRUNCATED_IMAGES),
        "matplotlib": matplotlib.get_backend(),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "threads alive": threading.active_count(),
        "hooks": (sys.excepthook, sys.getrecursionlimit(), list(sys.path)),
    }

bare = list(warnings.filters)
import cnnhub
assert warnings.filters == bare, "import cnnhub"
before = state()
for engine in ("torch", "onnx"):
    classifier = cnnhub.load("cats-vs-dogs", engine=engine)
    classifier.predict(sys.argv[1]), classifier.feature_maps(sys.argv[1], "bn2"), cnnhub.render, cnnhub.kernels
    after = state()
    assert after == before, [(key, before[key], after[key]) for key in before if after[key] != before[key]]
print("kept")
"""


def test_nothing_global_is_changed() -> None:
    done = subprocess.run([sys.executable, "-c", STATE, str(EXAMPLES / "cat.jpg")], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "kept", done.stderr


def test_the_working_directory_does_not_matter(
    model_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_folder("model")
    monkeypatch.chdir(tmp_path)
    classifier = cnnhub.load("./model")
    before = classifier.logits(EXAMPLES / "cat.jpg")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert np.array_equal(classifier.logits(EXAMPLES / "cat.jpg"), before)
    assert cnnhub.load("cats-vs-dogs").predict(EXAMPLES / "cat.jpg").label == "cat"
    assert os.listdir() == []


@pytest.mark.parametrize("engine", ["torch", "onnx"])
def test_a_pickled_classifier_answers_the_same(model_folder: Callable[..., Path], picture: Image.Image, engine: str) -> None:
    classifier = cnnhub.load(model_folder(cnnhub={"temperature": 2.0, "energy": {"threshold": 0.0}}), engine=engine)
    layer = classifier.stages()[0]
    copy = pickle.loads(pickle.dumps(classifier))
    assert np.array_equal(copy.logits(picture), classifier.logits(picture))
    assert copy.predict(picture) == classifier.predict(picture)
    assert torch.equal(copy.feature_maps(picture, layer)[layer], classifier.feature_maps(picture, layer)[layer])
    assert repr(copy) == repr(classifier)


def test_a_load_leaves_torch_s_random_numbers(model_folder: Callable[..., Path]) -> None:
    folder = model_folder()
    torch.manual_seed(3)
    first = cnnhub.load(folder, num_classes=4).network.get_classifier().weight
    torch.manual_seed(3)
    second = cnnhub.load(folder, num_classes=4).network.get_classifier().weight
    assert torch.equal(first, second), "the caller's seed does not decide a fresh head"


@pytest.mark.parametrize(
    "error",
    [
        errors.UnknownNameError("layer", "conv9", ["conv1", "conv2"]),
        errors.ImageError("x.jpg is empty."),
        errors.ArgumentError("top_k is 0."),
    ],
)
def test_errors_cross_processes(error: errors.CnnHubError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error) and vars(copy) == vars(error)


def everything() -> Iterator[tuple[str, object]]:
    """Name and value of each function, class and method that has no leading underscore."""
    for info in pkgutil.walk_packages(cnnhub.__path__, "cnnhub."):
        if not info.name.endswith("__main__"):
            module = importlib.import_module(info.name)
            yield module.__name__, module
            yield from members(module.__name__, module)


def members(name: str, module: object) -> Iterator[tuple[str, object]]:
    for key, value in vars(module).items():
        is_ours = getattr(value, "__module__", None) == name and (inspect.isfunction(value) or inspect.isclass(value))
        if is_ours and not key.startswith("_"):
            yield f"{name}.{key}", value
            yield from methods(f"{name}.{key}", value) if inspect.isclass(value) else ()


def methods(name: str, owner: type) -> Iterator[tuple[str, object]]:
    for key, value in vars(owner).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if inspect.isfunction(function) and not key.startswith("_"):
            yield f"{name}.{key}", function


def public() -> Iterator[tuple[str, object]]:
    """What `cnnhub.__all__` leads to, but for the single errors."""
    for name in cnnhub.__all__:
        value = getattr(cnnhub, name)
        if inspect.ismodule(value):
            yield from (each for each in members(value.__name__, value) if not is_error(each[1]))
        else:
            yield f"cnnhub.{name}", value
            yield from methods(f"cnnhub.{name}", value) if inspect.isclass(value) else ()


def is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, cnnhub.CnnHubError)


def documentation(value: object) -> str:
    """Its own docstring; a dataclass without one is given its signature."""
    text = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    return "" if not text or text.startswith(f"{getattr(value, '__name__', '')}(") else text


def test_everything_is_documented() -> None:
    found = dict(everything())
    assert len(found) > 80
    assert [name for name, value in found.items() if not documentation(value)] == []


def test_every_public_name_has_an_example_that_is_run() -> None:
    """`--doctest-modules` with cnnhub/ among testpaths runs them."""
    found = dict(public())
    assert len(found) > 30
    assert [name for name, value in found.items() if ">>>" not in documentation(value)] == []


def test_every_error_a_docstring_names_exists() -> None:
    for name, value in everything():
        for line in documentation(value).splitlines():
            for word in line.replace(",", " ").replace(":", " ").split():
                if word.endswith("Error") and word.isidentifier():
                    assert hasattr(errors, word) or hasattr(builtins, word), (name, word)


def test_timm_is_given_its_own_state_back() -> None:
    """Registering our architectures adds names that start with cnnhub_ and replaces none."""
    code = (
        "import timm, cnnhub.classics; home = {name: timm.model_entrypoint(name).__module__ for name in timm.list_models()}; "
        "ours = [name for name in home if name.startswith('cnnhub_')]; "
        "assert ours and all(home[name].startswith('cnnhub.') for name in ours); "
        "assert all(home[name].startswith('timm.') for name in home if name not in ours)"
    )  # in a process of its own: other tests register models too
    subprocess.run([sys.executable, "-c", code], check=True)
