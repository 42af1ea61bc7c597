"""From a picture's file to its answer, beside other libraries: the same weights, the same pictures, one run, interleaved.

Each candidate keeps the preprocessing that it brings. Where its first answer on a picture is not cnnhub's, no ratio is given.
"""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "space" / "examples").glob("*.jpg"))
MODEL = ROOT / "cnnhub" / "builtin" / "cats-vs-dogs"
SIZES = ((500, 375), (2000, 1500), (4000, 3000))
ROUNDS, PICTURES = 9, 6  # of single pictures
FOLDER_ROUNDS, FOLDER_PICTURES, BATCH = 3, 192, 32
REFERENCE = "timm"
REST = 0.1  # seconds before each candidate, in which the threads of the one before stop waiting for work and leave the cores

Answer = Callable[[Path], str]
AnswerAll = Callable[[Sequence[Path]], list[str]]


@dataclass
class Timed:
    """What a candidate took, in milliseconds a picture, and what it answered first."""

    values: list[float] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)


def singles(say: Callable[[str], None]) -> dict[str, dict[str, Timed]]:
    """'4000x3000' -> candidate -> its times, one picture at a time."""
    candidates, found = _candidates(say), {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            pictures = _pictures(Path(folder), size, PICTURES)
            found["x".join(map(str, size))] = _interleaved(candidates, pictures, ROUNDS if size[0] < 4000 else ROUNDS // 2)
            say(f"one picture of {size[0]}x{size[1]}")
    return found


def folder(say: Callable[[str], None]) -> dict[str, Timed]:
    """Candidate -> its times over a folder of pictures of 500x375."""
    candidates = _folder_candidates(say)
    times: dict[str, Timed] = {name: Timed() for name in candidates}
    with tempfile.TemporaryDirectory() as place:
        pictures = _pictures(Path(place), SIZES[0], FOLDER_PICTURES)
        for number in range(FOLDER_ROUNDS + 1):  # the first is the warm-up
            for name, run in candidates.items():
                started = time.perf_counter()
                labels = run(pictures)
                if number:
                    times[name].values.append((time.perf_counter() - started) * 1e3 / len(pictures))
                    times[name].labels = labels
            say(f"folder, round {number} of {FOLDER_ROUNDS}")
    return times


def networks_alone() -> dict[str, Timed]:
    """The network without picture or preprocessing: float32 and int8 on onnxruntime, and torch."""
    import numpy as np

    import cnnhub

    engines = {
        "onnxruntime float32": cnnhub.load("cats-vs-dogs").engine,
        "onnxruntime int8": cnnhub.load("cats-vs-dogs", precision="int8").engine,
        "torch": cnnhub.load("cats-vs-dogs", engine="torch").engine,
    }
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, _side(), _side()), np.uint8)
    times = {name: Timed() for name in engines}
    for number in range(ROUNDS + 1):  # the first warms up
        for name, engine in engines.items():
            time.sleep(REST)
            for _ in range(20):
                started = time.perf_counter()
                engine.answer(pixels)
                times[name].values += [(time.perf_counter() - started) * 1e3] if number else []
    return times


def _interleaved(candidates: dict[str, Answer], pictures: Sequence[Path], rounds: int) -> dict[str, Timed]:
    """In each round every candidate answers all pictures, one after the other; another one begins each round."""
    times = {name: Timed(labels=[run(picture) for picture in pictures]) for name, run in candidates.items()}  # warm now
    names = list(candidates)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            time.sleep(REST)
            for picture in pictures:
                started = time.perf_counter()
                candidates[name](picture)
                times[name].values.append((time.perf_counter() - started) * 1e3)
    return times


def _candidates(say: Callable[[str], None]) -> dict[str, Answer]:
    import cnnhub

    def ours(**options: Any) -> Answer:
        classifier = cnnhub.load("cats-vs-dogs", **options)
        return lambda picture: classifier.predict(picture).label

    found: dict[str, Answer] = {
        "cnnhub": ours(),
        "cnnhub, whole decoding": ours(reduced_decoding=False),
        "cnnhub int8": ours(precision="int8"),
        "cnnhub, engine torch": ours(engine="torch"),
        "onnxruntime by hand": _onnxruntime(reduced=False),
        "onnxruntime by hand, reduced decoding": _onnxruntime(reduced=True),
        **_timm(say),
    }
    for package, make in (("transformers", _pipeline), ("fastai", _fastai)):
        if importlib.util.find_spec(package) is None:
            say(f"{package} is not installed; left out")
        else:
            found[package] = make()
    return found


def _onnxruntime(reduced: bool) -> Answer:
    """The limit: our own graph, Pillow and NumPy, and nothing around them."""
    session, labels = _session(), _labels()

    def answer(picture: Path) -> str:
        return labels[int(session.run(["logits"], {"pixels": _pixels(picture, reduced)[None]})[0].argmax())]

    return answer


def _session() -> Any:
    import onnxruntime

    from cnnhub import hub
    from cnnhub.engines import graphs
    from cnnhub.engines.export import with_weights

    files = hub.resolve("cats-vs-dogs")
    graph = graphs.find(files.config, files.weights, "float32", files.builtin)
    assert graph is not None, "it ships"
    return onnxruntime.InferenceSession(
        with_weights(graph, files.weights).SerializeToString(), providers=["CPUExecutionProvider"]
    )


def _pixels(picture: Path, reduced: bool) -> Any:
    import numpy as np

    side = _side()
    with Image.open(picture) as image:
        if reduced:
            image.draft("RGB", (2 * side, 2 * side))
        width, height = image.size
        size = (side, int(side * height / width)) if width <= height else (int(side * width / height), side)
        whole = image.convert("RGB")
        small = whole if min(width, height) == side else whole.resize(size, Image.Resampling.BICUBIC)
        left, top = round((small.width - side) / 2), round((small.height - side) / 2)
        return np.ascontiguousarray(np.asarray(small.crop((left, top, left + side, top + side))).transpose(2, 0, 1))


@cache
def _side() -> int:
    """Of the model's square input, pixels; its crop is the whole shorter side."""
    from cnnhub.hub.folder import read_config

    cfg = read_config(MODEL).pretrained_cfg
    assert (cfg.crop_mode, cfg.crop_pct) == ("center", 1.0)
    return cfg.input_size[-1]


def _timm(say: Callable[[str], None]) -> dict[str, Answer]:
    import timm
    import torch

    transform, labels = None, _labels()

    def answering(**how: Any) -> Answer:
        nonlocal transform
        network: Any = timm.create_model(f"local-dir:{MODEL}", pretrained=True).eval()
        transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network))
        if how.get("channels_last"):
            network = network.to(memory_format=torch.channels_last)
        run = torch.compile(network) if how.get("compiled") else network
        layout = torch.channels_last if how.get("channels_last") else torch.contiguous_format

        def answer(picture: Path) -> str:
            with Image.open(picture) as image, torch.inference_mode():
                pixels = transform(image.convert("RGB"))[None].to(memory_format=layout)
                return labels[int(run(pixels).argmax())]

        return answer

    found = {REFERENCE: answering(), "timm, channels_last": answering(channels_last=True)}
    try:
        compiled = answering(compiled=True)
        compiled(EXAMPLES[0])
        found["timm, torch.compile"] = compiled
    except Exception as error:  # the compiler, or what it needs, is not here
        say(f"torch.compile does not build here ({type(error).__name__}); left out")
    return found


def _pipeline() -> Answer:
    import torch
    from transformers import pipeline

    pipe = pipeline("image-classification", model=str(MODEL), dtype=torch.float32)
    return lambda picture: str(pipe(str(picture))[0]["label"])


def _fastai() -> Answer:
    """`Learner.predict`, with fastai's own resizing and normalisation, and timm's network."""
    import timm
    from fastai.vision.all import (
        CategoryBlock,
        CrossEntropyLossFlat,
        DataBlock,
        ImageBlock,
        IndexSplitter,
        Learner,
        Normalize,
        Resize,
        ResizeMethod,
    )

    network = timm.create_model(f"local-dir:{MODEL}", pretrained=True).eval()
    labels, cfg = _labels(), network.pretrained_cfg
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock(vocab=labels)),
        get_items=lambda _: EXAMPLES,
        splitter=IndexSplitter([0]),
        get_y=lambda path: labels[EXAMPLES.index(path) % 2],
        item_tfms=Resize(_side(), method=ResizeMethod.Crop),
        batch_tfms=Normalize.from_stats(cfg["mean"], cfg["std"]),
    )
    learner = Learner(block.dataloaders(ROOT, bs=1, num_workers=0), network, loss_func=CrossEntropyLossFlat())

    def answer(picture: Path) -> str:
        with learner.no_bar(), learner.no_logging():
            _, _, scores = learner.predict(picture)
        return labels[int(scores.argmax())]

    return answer


def _folder_candidates(say: Callable[[str], None]) -> dict[str, AnswerAll]:
    import cnnhub

    classifier, whole = cnnhub.load("cats-vs-dogs"), cnnhub.load("cats-vs-dogs", precision="int8")
    session, labels = _session(), _labels()

    def by_hand(pictures: Sequence[Path]) -> list[str]:
        import numpy as np

        found = []
        for start in range(0, len(pictures), BATCH):
            batch = np.stack([_pixels(picture, reduced=False) for picture in pictures[start : start + BATCH]])
            found += [labels[number] for number in session.run(["logits"], {"pixels": batch})[0].argmax(axis=1)]
        return found

    candidates: dict[str, AnswerAll] = {
        "cnnhub": lambda pictures: [each.label for each in classifier.predict_many(pictures)],
        "cnnhub int8": lambda pictures: [each.label for each in whole.predict_many(pictures)],
        "onnxruntime by hand": by_hand,
        REFERENCE: _timm_loader(),
    }
    if importlib.util.find_spec("transformers") is None:
        say("transformers is not installed; left out")
    else:
        import torch
        from transformers import pipeline

        pipe = pipeline("image-classification", model=str(MODEL), dtype=torch.float32)
        candidates["transformers"] = lambda pictures: [
            str(answers[0]["label"]) for answers in pipe([str(picture) for picture in pictures], batch_size=BATCH)
        ]
    return candidates


def _timm_loader() -> AnswerAll:
    """timm's transform in a DataLoader of torch with a worker a core, as its validate.py does."""
    import os

    import timm
    import torch

    network = timm.create_model(f"local-dir:{MODEL}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network))
    labels = _labels()

    class Pictures(torch.utils.data.Dataset):  # type: ignore[type-arg]
        def __init__(self, paths: Sequence[Path]) -> None:
            self.paths = paths

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, number: int) -> torch.Tensor:
            with Image.open(self.paths[number]) as image:
                pixels: torch.Tensor = transform(image.convert("RGB"))
            return pixels

    def answer(pictures: Sequence[Path]) -> list[str]:
        loader = torch.utils.data.DataLoader(Pictures(pictures), batch_size=BATCH, num_workers=os.cpu_count() or 1)
        with torch.inference_mode():
            return [labels[int(number)] for pixels in loader for number in network(pixels).argmax(dim=1)]

    return answer


def _labels() -> list[str]:
    from cnnhub.hub.folder import read_config

    return read_config(MODEL).labels()


def _pictures(place: Path, size: tuple[int, int], count: int) -> list[Path]:
    """JPEGs of one size, cut from the example photos at places that change."""
    found = []
    for number in range(count):
        with Image.open(EXAMPLES[number % len(EXAMPLES)]) as example:
            shrink = 1 - 0.02 * (number // len(EXAMPLES) % 10)
            width = min(example.width, example.height * size[0] / size[1]) * shrink
            height = width * size[1] / size[0]
            left, top = (example.width - width) / 2, (example.height - height) / 2
            box = (left, top, left + width, top + height)
            picture = example.convert("RGB").resize(size, Image.Resampling.LANCZOS, box=box)
        found.append(place / f"{size[0]}-{number:04}.jpg")
        picture.save(found[-1], quality=90)
    return found
