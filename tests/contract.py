"""What others rely on, recorded: public names with their signatures, every command's --help, the endpoints, the JSON of commands,
the built-in models' logits on packaged photos.

    python -m tests.contract

writes contract.json anew, for a change that is meant; CHANGELOG.md then says what a caller changes.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
TESTS = Path(__file__).parent
RECORD = TESTS / "contract.json"
SPACE = TESTS.parent / "space"
EXAMPLES = SPACE / "examples"
PHOTOS = ("cat.jpg", "dog.jpg", "chelsea.png", "china.jpg", "tulips.jpg", "pizza.jpg")


def record() -> dict[str, Any]:
    """Everything, as JSON holds it."""
    return {
        "names": names(),
        "help": dict(helps()),
        "endpoints": endpoints(),
        "json": outputs(),
        "kept": kept(),
        "logits": logits(),
    }


def names() -> dict[str, str]:
    """Public name -> its kind and signature; of a class its public members too, of a module its public names."""
    import cnnhub

    found: dict[str, str] = {}
    for name in cnnhub.__all__:
        value = getattr(cnnhub, name)
        if inspect.ismodule(value):
            own = {
                n: v for n, v in vars(value).items() if not n.startswith("_") and getattr(v, "__module__", "") == value.__name__
            }
            for inner, each in own.items():
                found |= _described(f"{name}.{inner}", each)
        else:
            found |= _described(name, value)
    return dict(sorted(found.items()))


def helps() -> Iterator[tuple[str, str]]:
    """Command -> what its --help shows, 100 columns wide, without boxes."""
    import typer

    from cnnhub.cli import app as cnnhub_commands

    yield from _helps("cnnhub", typer.main.get_command(cnnhub_commands))
    yield from _helps("python -m training", typer.main.get_command(_training_app()))


def endpoints() -> dict[str, Any]:
    """Name -> parameters and returns, as "Use via API" and gradio_client read them."""
    sys.path.insert(0, str(SPACE))
    from demo.page import build

    found = build().get_api_info()["named_endpoints"]
    return json.loads(json.dumps(dict(sorted(found.items())), default=str))  # gradio's own order is another each time


def outputs() -> dict[str, Any]:
    """The JSON of predict, evaluate and inspect, and what the model folder of a tiny run holds under "cnnhub"."""
    with tempfile.TemporaryDirectory() as place:
        data = draw(Path(place) / "data")
        photos = [str(EXAMPLES / name) for name in PHOTOS]
        predicted = _lines("cnnhub", "predict", "--json", *photos, str(data / "nothing.jpg"))
        measured = _lines(
            "training", "evaluate", "--model", "flowers", "--data", str(data / "flowers"), "--split", "validation",
            "--output", str(Path(place) / "out"), "--json",
        )  # fmt: skip
        inspected = _lines("training", "inspect", "--data", str(data / "flowers"), "--output", str(Path(place) / "in"), "--json")
    text = json.dumps({"predict": predicted, "evaluate": measured, "inspect": inspected})
    return json.loads(text.replace(str(SPACE), "SPACE").replace(place, "PLACE").replace(str(Path.cwd()), "HERE"))


def kept() -> dict[str, Any]:
    """The keys of a checkpoint's state, and those that a finished run leaves under "cnnhub" in its config.json."""
    import safetensors.torch
    import timm
    import torch

    states: list[Any] = []
    save = torch.save

    def noted(state: Any, *arguments: Any, **more: Any) -> None:
        states.append(_keys(state))
        save(state, *arguments, **more)

    with tempfile.TemporaryDirectory() as place:
        data, weights, output = draw(Path(place)) / "flowers", Path(place) / "backbone.safetensors", Path(place) / "run"
        torch.manual_seed(0)
        safetensors.torch.save_file(timm.create_model("test_byobnet").state_dict(), weights)
        torch.save = noted
        try:
            _lines(
                "training", "finetune", "--data", str(data), "--backbone", "test_byobnet", "--backbone-weights", str(weights),
                "--output", str(output), "--epochs", "2", "--batch-size", "4", "--lr", "0.03", "--warmup-epochs", "0",
                "--ema-decay", "0.5", "--mixup", "0", "--size", "64", "--workers", "0",
            )  # fmt: skip
        finally:
            torch.save = save
        config = json.loads((output / "config.json").read_text(encoding="utf-8"))
    return {"checkpoint": states[-1], "cnnhub": _keys({**config["cnnhub"], "git_commit": None})}  # none outside a clone


def logits() -> dict[str, dict[str, list[float]]]:
    """Built-in model -> photo -> its logits (of ImageNet's thousand the first ten)."""
    import cnnhub

    models = {name: cnnhub.load(name) for name in cnnhub.builtin_models()}
    return {
        name: {photo: [round(float(v), 5) for v in model.logits(EXAMPLES / photo)[:10]] for photo in PHOTOS}
        for name, model in models.items()
    }


def draw(folder: Path) -> Path:
    """Two labels of flowers with three pictures each, on which evaluate and inspect have something to say."""
    from PIL import Image

    for split in ("train", "validation"):
        for label, photo in (("daisy", "daisy.jpg"), ("tulips", "tulips.jpg")):
            target = folder / "flowers" / split / label
            target.mkdir(parents=True)
            with Image.open(EXAMPLES / photo) as image:
                for turn in range(3):
                    box = (10 * turn, 0, image.width - (40 if split == "train" else 5), image.height - 20 * turn)
                    image.convert("RGB").crop(box).save(target / f"{turn}.png")
    return folder


def _keys(value: Any) -> Any:
    """Nested keys without values; a dictionary of tensors is one word, and of a list, or of what is numbered, the last part."""
    if isinstance(value, dict) and value:
        parts = {key: _keys(part) for key, part in value.items()}
        if set(parts.values() if all(isinstance(part, str) for part in parts.values()) else ()) == {"Tensor"}:
            return "tensors"
        return {"N": list(parts.values())[-1]} if all(isinstance(key, int) for key in parts) else parts
    if isinstance(value, list) and value:
        return [_keys(value[-1])]
    return type(value).__name__


def _described(name: str, value: Any) -> dict[str, str]:
    if inspect.isclass(value):
        found = {name: f"class({', '.join(base.__name__ for base in value.__bases__)})"}
        if dataclasses.is_dataclass(value):
            found[name] += " " + ", ".join(f"{each.name}: {each.type}" for each in dataclasses.fields(value))
        for inner, each in vars(value).items():
            if not inner.startswith("_") and (
                inspect.isfunction(each) or isinstance(each, property | classmethod | staticmethod)
            ):
                plain = each.fget if isinstance(each, property) else getattr(each, "__func__", each)
                found[f"{name}.{inner}"] = f"{type(each).__name__}{inspect.signature(plain)}"
        return found
    return {name: f"{type(value).__name__}{inspect.signature(value) if callable(value) else ''}"}


def _training_app() -> Any:
    from training.cli import app

    return app


def _helps(prefix: str, command: Any) -> Iterator[tuple[str, str]]:
    """What a reader of --help is told, whatever draws it: texts, options, their defaults and limits."""
    parameters = [
        [
            " / ".join([*each.opts, *each.secondary_opts]),
            getattr(each, "help", None),
            each.metavar,
            each.nargs,
            each.multiple,
            [each.min, each.max],
            None if callable(each.default) else str(each.default),
            each.required,
        ]
        for each in command.params
    ]
    yield prefix, json.dumps([command.help, parameters], ensure_ascii=False)
    for name, inner in getattr(command, "commands", {}).items():
        yield from _helps(f"{prefix} {name}", inner)


def _lines(program: str, *arguments: str) -> list[Any]:
    """Run a command in this process -> its lines of JSON."""
    import contextlib
    import io

    from cnnhub.cli import main as cnnhub_main

    if program == "cnnhub":
        main: Any = cnnhub_main
    else:
        from training.cli import main
    printed = io.StringIO()
    before, sys.argv = sys.argv, [program, *arguments]
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            main()
    finally:
        sys.argv = before
    return [json.loads(line) for line in printed.getvalue().splitlines() if re.match(r"[\[{]", line)]


def write() -> None:
    RECORD.write_text(json.dumps(record(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
