"""Model cards, made from a model's own config.json through huggingface_hub's ModelCard."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from cnnhub.errors import CnnHubError
from cnnhub.files import write_atomically
from cnnhub.hub import BUILTIN_FOLDER
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import CARD_NAME, WEIGHTS_NAME, read_config, write_config
from training.data.sources import Origin
from training.data.tasks import TASKS, Task
from training.data.words import counted
from training.measure import testlog
from training.measure.calibration import FEWEST_MISTAKES
from training.measure.evaluate import CONFUSION, RELIABILITY, Evaluation, home, log_entry
from training.measure.figures import fitted
from training.measure.plots import CURVES
from training.release.origins import BACKBONES
from training.release.record import Record, record_of, shown

_TEMPLATES = Path(__file__).parent / "templates"
_PICTURES = (("Training", CURVES), ("Given labels and answers", CONFUSION), ("Confidence and accuracy", RELIABILITY))


def write(folder: Path, name: str, config: ModelConfig, task: Task | None) -> None:
    """Write the card of a fine-tuned model beside its config.json, which holds all that it says."""
    record, stored = record_of(config), config.cnnhub.model_dump()
    pictures = record.data or Origin()
    task = task if task and task.covers(config.labels(), pictures) else None
    dataset = pictures.source if pictures.source and "://" not in pictures.source else None
    data = _metadata(name, dataset, "apache-2.0" if task else None)
    data.eval_results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=dataset or "imagefolder",
            dataset_name=task.title if task else name,
            dataset_split=split,
            dataset_revision=pictures.revision,
            metric_type="accuracy",
            metric_value=round(figures["top1"], 4),
        )
        for split, figures in record.metrics.items()
    ]
    facts = {
        **vars(record),
        **{key: stored[key] for key in ("temperature", "energy", "neighbours", "label_texts")},
        "name": name,
        "source": name if folder.resolve().parent == BUILTIN_FOLDER else as_source(Path(shown(str(folder)))),
        "is_ours": task is not None,
        "title": task.title if task else name,
        "labels": config.labels(),
        "cfg": config.pretrained_cfg,
        "about": task.about(pictures) if task else "The trainer's own pictures.",
        "terms": task.data_terms if task else "Not stated.",
        "origin": record.backbone.origin if record.backbone else record.origin,
        "backbone_text": BACKBONES.get(_began_with(record) or ""),
        "registered_here": config.architecture.startswith("cnnhub_"),
        "pictures": [(title, file) for title, file in _PICTURES if (folder / file).is_file()],
        "log": testlog.summary(folder, record.metrics.get("test", {}).get("split_hash")),
        "mistakes": _mistakes(record),
        "fewest_mistakes": FEWEST_MISTAKES,
        "from_scratch": bool(record.backbone and record.backbone.origin == "scratch"),
        "commands": _commands(record, stored["neighbours"] or {}),
    }
    _save(folder, data, "finetuned.md", **facts)


def write_again(folder: Path, config: ModelConfig) -> None:
    """The same for a folder whose config.json has changed: its task is on record, and its name unless it is built in."""
    place = folder.resolve()
    task = record_of(config).name or place.name
    write(folder, place.name if place.parent == BUILTIN_FOLDER else task, config, TASKS.get(task))


def write_imagenet(folder: Path, config: ModelConfig) -> None:
    """The same for a backbone with its own thousand classes."""
    data = _metadata("imagenet", None)
    data.datasets = ["ILSVRC/imagenet-1k"]
    neighbours = config.cnnhub.neighbours
    facts = {
        "architecture": config.architecture,
        "breeds": config.cnnhub.model_dump().get("breeds"),
        "backbone_text": BACKBONES.get(hashlib.sha256((folder / WEIGHTS_NAME).read_bytes()).hexdigest()),
        "neighbours": neighbours.model_dump() if neighbours else None,
    }
    _save(folder, data, "imagenet.md", cfg=config.pretrained_cfg, **facts)


def record(source: str, found: Evaluation, command: str) -> None:
    """Put a measured split into the config.json of a built-in model or a folder, and write its card again.

    What was fitted on validation is put there too; the plots come along where the split was drawn.
    """
    folder = recordable(source)
    config = read_config(folder)
    if found.split == "test" and found.log_folder and found.log_folder.resolve() != folder.resolve():
        testlog.append(folder, log_entry(folder, found))  # to be recorded, so the folder is the user's to write to
    metrics = {**record_of(config).metrics, found.split: {**found.recorded(), "command": command}}
    changed = fitted(found.calibration, found.figures) if found.split == "validation" else {}
    if found.false_alarm is not None:
        before = config.cnnhub.energy.model_dump() if config.cnnhub.energy else {}
        detection = {**before.get("detection", {}), **found.energy().get("detection", {})}
        changed["energy"] = {**before, **found.energy(), "detection": detection}
    config = config.with_metadata(metrics=metrics, **changed)
    write_config(folder, config)
    if found.contact_sheet and (found.split == "test" or "test" not in metrics):
        for file in (CONFUSION, RELIABILITY):
            if (picture := found.contact_sheet.parent / file).is_file():
                write_atomically(folder / file, picture.read_bytes())
    write_again(folder, config)


def recordable(source: str) -> Path:
    """The folder of a model that `record` can write to.

    Raises:
        CnnHubError: there is none.
    """
    folder = home(source)
    if folder is None:
        raise CnnHubError(f"--record writes into a model's folder, and {source} is none that can be written to. Leave it out.")
    return folder


def as_source(folder: Path) -> str:
    return str(folder) if folder.is_absolute() or str(folder).startswith("..") else f"./{folder}"


def _commands(record: Record, neighbours: dict[str, Any]) -> list[str]:
    """The command lines that made the model what it is, in their order."""
    earlier = [run.get("command") for run in record.earlier or []]
    lines = [
        *earlier,
        record.command,
        *(figures.get("command") for figures in record.metrics.values()),
        neighbours.get("command"),
    ]
    return [line for line in lines if line]


def _began_with(record: Record) -> str | None:
    """The hash of the weights that the first of all runs began with."""
    first = (record.earlier or [{}])[0].get("backbone_sha256")
    return first or (record.backbone.sha256 if record.backbone else None)


def _mistakes(record: Record) -> int | None:
    """How many of validation's pictures are answered wrong; None where that is not on record."""
    figures = record.validation
    return round(figures["n"] * (1 - figures["top1"])) if "n" in figures else None


def _metadata(name: str, dataset: str | None, license: str | None = "apache-2.0") -> ModelCardData:
    return ModelCardData(
        model_name=f"cnnhub {name}",
        library_name="timm",
        pipeline_tag="image-classification",
        tags=["image-classification", "timm", "transformers", "cnnhub"],
        license=license,
        datasets=[dataset] if dataset else None,
        metrics=["accuracy"],
    )


def _save(folder: Path, metadata: ModelCardData, template: str, /, **values: Any) -> None:
    card = ModelCard.from_template(
        metadata, template_path=str(_TEMPLATES / template), percent=_percent, counted=counted, **values
    )
    card.save(folder / CARD_NAME)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
