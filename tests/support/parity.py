"""One repository, three readers: `python -m tests.support.parity [--photos 50] [--folder DIR]` prints how far they are apart.

Networks with seeded random weights are pushed by timm itself to a Hub on the loopback. cnnhub, timm (its `hf-hub:` and its
transform) and transformers (its pipeline, float32) load them and answer for the same pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.support.loopback_hub import LoopbackHub, serve

EXAMPLES = Path(__file__).parents[2] / "space" / "examples"
OLDER = "older"  # a branch whose config.json is laid out as those of the timm/ repositories are
OLDEST = "oldest"  # and one with every key at the root, as timm wrote it before them
NAMES = ["ant", "bee", "cow", "dog", "elk"]


@dataclass
class Case:
    """A network to publish; `data` is how its pixels are prepared, `model` what else stands in its config.json."""

    architecture: str
    data: dict[str, Any]
    model: dict[str, Any] = field(default_factory=lambda: {"label_names": NAMES})
    classes: int = len(NAMES)
    pickle_too: bool = False  # timm's default, which leaves a pickle beside the safetensors

    @property
    def name(self) -> str:
        return f"me/{self.architecture}"


CASES = [
    Case("resnet18", {"input_size": (3, 128, 128), "crop_pct": 0.95}),
    Case("efficientnet_lite0", {"input_size": (3, 128, 128), "interpolation": "bilinear", "mean": (0.5,) * 3, "std": (0.5,) * 3}),
    Case("mobilenetv3_small_050", {"input_size": (3, 160, 160), "interpolation": "bilinear"}, {}, classes=1000),
    Case("convnext_atto", {"input_size": (3, 96, 128), "crop_mode": "squash", "crop_pct": 1.0}),
    Case("densenet121", {"input_size": (3, 96, 96), "crop_mode": "border", "interpolation": "lanczos"}),
    Case("regnetx_002", {"input_size": (3, 112, 112), "interpolation": "nearest", "crop_pct": 0.7}, pickle_too=True),
    Case("ghostnet_050", {"input_size": (3, 96, 96), "interpolation": "hamming", "crop_pct": 1.15}),
    Case("mobilenetv4_conv_small_035", {"input_size": (3, 299, 299), "crop_pct": 0.9}),
    Case(
        "cnnhub_shufflenet_v2_x1_0",
        {"input_size": (3, 128, 128), "interpolation": "box", "crop_pct": 0.82},
        {"label_names": NAMES, "cnnhub": {"temperature": 2.5}},
    ),
]


@dataclass
class Row:
    """What was found for one architecture.

    Attributes:
        logits: the largest difference of a logit to timm's, over every layout of config.json.
        probabilities: the largest difference of a probability to transformers'.
        same_order: whether the classes come in transformers' order for each picture (those within 1e-6 of each other may swap).
        same_labels: whether transformers gives the classes the same names (it does not tell two of one name apart).
    """

    architecture: str
    preparation: str
    classes: int
    logits: float
    probabilities: float
    same_order: bool
    same_labels: bool
    photos: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=50)
    parser.add_argument("--cases", type=int, default=len(CASES), help="how many of the networks, drawn with a seed")
    parser.add_argument("--folder", type=Path, help="of photos, spread evenly; else the examples and crops of them")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with serve() as hub, tempfile.TemporaryDirectory() as folder:
        for name in [name for name in os.environ if name.startswith("HF_")]:
            del os.environ[name]
        os.environ |= {"HF_ENDPOINT": hub.url, "HF_HOME": f"{folder}/home", "HF_HUB_DISABLE_XET": "1"}
        os.environ |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "TRANSFORMERS_VERBOSITY": "error"}
        photos = from_folder(arguments.folder, arguments.photos) if arguments.folder else pictures(Path(folder), arguments.photos)
        rows = []
        cases = random.Random(1).sample(CASES, arguments.cases)
        for case in cases:
            publish(case, hub, photos)
            rows.append(compare(case, photos))
            print(f"{case.architecture}: done", file=sys.stderr)
        show(rows, as_pushed(cases[0].name))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def from_folder(folder: Path, count: int) -> list[Path]:
    """So many photos, no two of them one file, spread over the folder's sorted paths."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if len(found) < count:
        sys.exit(f"{folder} holds {len(found)} JPEG and PNG files; expected at least {count}.")
    return [found[number * len(found) // count] for number in range(count)]


def pictures(folder: Path, count: int) -> list[Path]:
    """The example photos as they are, then seeded crops of them."""
    from PIL import Image

    originals = sorted(EXAMPLES.glob("*.jpg"))
    rng = random.Random(5)
    for number in range(len(originals), count):
        with Image.open(originals[number % len(originals)]) as photo:
            width, height = (round(side * rng.uniform(0.3, 1)) for side in photo.size)
            left, top = rng.randint(0, photo.width - width), rng.randint(0, photo.height - height)
            photo.convert("RGB").crop((left, top, left + width, top + height)).save(folder / f"{number}.png")
    return [*originals, *sorted(folder.glob("*.png"))][:count]


def publish(case: Case, hub: LoopbackHub, photos: list[Path]) -> None:
    """Push as timm does, then add the older layouts of config.json beside it."""
    import timm

    import cnnhub.classics  # noqa: F401  so that timm and transformers know ours

    network = seeded(case, photos)
    safe = "both" if case.pickle_too else True
    timm.models.push_to_hf_hub(
        network, case.name, token="hf_writer", model_config=dict(case.model), data_config=case.data, safe_serialization=safe
    )
    repository = hub.repositories[case.name]
    files = dict(repository.commits[repository.refs["refs/heads/main"]])
    config = json.loads(files["config.json"])
    del config["model_args"]
    repository.commit(f"refs/heads/{OLDER}", {**files, "config.json": json.dumps(config).encode()})
    root = {"architecture": config["architecture"], "num_features": config["num_features"], **config["pretrained_cfg"]}
    if "label_names" in config:
        root["labels"] = config["label_names"]
    repository.commit(f"refs/heads/{OLDEST}", {**files, "config.json": json.dumps(root).encode()})


def seeded(case: Case, photos: list[Path]) -> Any:
    """A network with random weights whose batch norms have seen pictures, so that its answers differ."""
    import timm
    import torch

    torch.manual_seed(len(case.architecture))
    network = timm.create_model(case.architecture, num_classes=case.classes, drop_rate=0.1)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.stack([read(photo, timm.data.create_transform(**case.data)) for photo in photos[:8]]))
    return network.eval()


def read(photo: Path, transform: Any) -> Any:
    from PIL import Image

    with Image.open(photo) as image:
        return transform(image.convert("RGB"))


def compare(case: Case, photos: list[Path]) -> Row:
    import torch
    from transformers import pipeline

    revisions = ("main", OLDER, OLDEST)
    differences = [logit_difference(f"{case.name}@{revision}", photos) for revision in revisions]
    pipe = pipeline("image-classification", model=case.name, revision=OLDER, dtype=torch.float32)
    distance, same_order, same_labels = against_transformers(case, pipe, photos)
    return Row(
        case.architecture,
        preparation(case),
        case.classes,
        max(differences),
        distance,
        same_order,
        same_labels,
        len(photos),
    )


def preparation(case: Case) -> str:
    import cnnhub

    cfg = cnnhub.load(f"{case.name}@{OLDER}").config.pretrained_cfg
    return f"{cfg.input_size[1]} x {cfg.input_size[2]}, {cfg.crop_pct} {cfg.crop_mode}, {cfg.interpolation}"


def logit_difference(source: str, photos: list[Path]) -> float:
    """The largest difference between cnnhub's logits and timm's."""
    import timm
    import torch

    import cnnhub

    ours = cnnhub.load(source, engine="torch")
    theirs = timm.create_model(f"hf-hub:{source}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(theirs))
    with torch.inference_mode():
        pairs = ((ours.logits(photo), theirs(read(photo, transform)[None])[0].numpy()) for photo in photos)
        return max(float(abs(mine - other).max()) for mine, other in pairs)


def against_transformers(case: Case, pipe: Any, photos: list[Path]) -> tuple[float, bool, bool]:
    """The largest difference between probabilities, whether the order is the same, and whether the names are."""
    import torch

    import cnnhub

    ours = cnnhub.load(f"{case.name}@{OLDER}", engine="torch")
    names = [pipe.model.config.id2label[number] for number in range(case.classes)]
    same_labels = all(mine == other or mine.startswith(f"{other} (") for mine, other in zip(ours.labels, names, strict=True))
    distance, same_order = 0.0, True
    for photo in photos:
        mine = torch.from_numpy(ours.logits(photo)).double().softmax(0).tolist()  # before the temperature
        answers = pipe(str(photo), top_k=case.classes)
        assert len(answers) == case.classes
        order = []
        for answer in answers:
            among = [number for number, name in enumerate(names) if name == answer["label"]]  # two are called crane
            order.append(min(among, key=lambda number: abs(mine[number] - answer["score"])))
            distance = max(distance, abs(mine[order[-1]] - answer["score"]))
        following = zip(order, order[1:], strict=False)
        same_order &= all(mine[later] <= mine[earlier] + 1e-6 for earlier, later in following)
    return distance, same_order, same_labels


def as_pushed(name: str) -> str:
    """What transformers says of a config.json as timm pushes it today."""
    from transformers import AutoModelForImageClassification

    try:
        AutoModelForImageClassification.from_pretrained(name)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).rpartition(')')[2].strip()}."
    return "it loads."


def show(rows: list[Row], refusal: str) -> None:
    import timm
    import transformers
    from rich.console import Console
    from rich.table import Table

    titles = ("architecture", "input, crop, interpolation", "classes", "max |logit - timm's|", "max |p - transformers'|")
    table = Table(*titles, "same order", "same labels", "photos")
    for row in rows:
        numbers = (str(row.classes), f"{row.logits:.1e}", f"{row.probabilities:.1e}")
        agreement = ("yes" if row.same_order else "NO", "yes" if row.same_labels else "NO", str(row.photos))
        table.add_row(row.architecture, row.preparation, *numbers, *agreement)
    console = Console(width=180)
    console.print(table)
    versions = f"transformers {transformers.__version__} of what timm {timm.__version__} pushes"
    console.print(f"{versions}: {refusal} So it read the branch {OLDER!r}, with a config.json as in the timm/ repositories.")
    console.print(f"cnnhub and timm read what was pushed, {OLDER!r} and {OLDEST!r}.")


if __name__ == "__main__":
    main()
