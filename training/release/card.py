"""Model cards, made from a model's own config.json through huggingface_hub's ModelCard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from cnnhub.errors import CnnHubError
from cnnhub.files import write_atomically
from cnnhub.hub import BUILTIN_FOLDER
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import CARD_NAME, read_config, write_config
from training.data.tasks import TASKS, Task
from training.measure import testlog
from training.measure.evaluate import CONFUSION, RELIABILITY, home
from training.measure.plots import CURVES

_TEMPLATES = Path(__file__).parent / "templates"
_PICTURES = (("Training", CURVES), ("Given labels and answers", CONFUSION), ("Confidence and accuracy", RELIABILITY))
MEASURED = (
    "n", "top1", "top1_interval", "top5", "loss", "ece", "loss_uncalibrated", "ece_uncalibrated", "precision", "recall",
    "confusion", "false_alarm",
)  # fmt: skip
# What the template reads of config.json's "cnnhub".
_TOLD = (
    "metrics", "recipe", "counts", "crops", "head_only", "best_epoch", "minutes", "earlier", "note", "command", "data",
    "git_commit", "stopped", "skipped_steps", "backbone", "energy", "neighbours", "temperature", "label_texts", "blend",
    "teachers", "soup",
)  # fmt: skip


def write(folder: Path, name: str, config: ModelConfig, task: Task | None) -> None:
    """Write the card of a fine-tuned model beside its config.json, which holds all that it says."""
    ours = {key: None for key in _TOLD} | config.cnnhub.model_dump()
    metrics, data_of = ours["metrics"] or {}, ours["data"] or {}
    backbone = ours["backbone"] or {"origin": ours.get("origin")}
    source = data_of.get("source")
    dataset = source if source and "://" not in source else None
    data = _metadata(name, dataset, "apache-2.0" if task else None)
    data.eval_results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=dataset or "imagefolder",
            dataset_name=task.title if task else name,
            dataset_split=split,
            dataset_revision=data_of.get("revision"),
            metric_type="accuracy",
            metric_value=round(score["top1"], 4),
        )
        for split, score in metrics.items()
    ]
    _save(
        folder,
        data,
        "finetuned.md",
        **{
            **ours,
            "name": name,
            "source": name if folder.resolve().parent == BUILTIN_FOLDER else as_source(folder),
            "is_ours": task is not None,
            "title": task.title if task else name,
            "labels": config.labels(),
            "cfg": config.pretrained_cfg,
            "about": task.about(data_of) if task else "The trainer's own pictures.",
            "terms": task.data_terms if task else "Not stated.",
            "origin": backbone["origin"],
            "registered_here": config.architecture.startswith("cnnhub_"),
            "pictures": [(title, file) for title, file in _PICTURES if (folder / file).is_file()],
            "log": testlog.summary(folder),
            "commands": [each for each in _commands(ours, metrics) if each],
        },
    )


def write_imagenet(folder: Path, config: ModelConfig) -> None:
    data = _metadata("imagenet", None)
    data.datasets = ["ILSVRC/imagenet-1k"]
    _save(folder, data, "imagenet.md", cfg=config.pretrained_cfg)


def _commands(ours: dict[str, Any], metrics: dict[str, Any]) -> list[str | None]:
    """The command lines that made the model what it is, in their order."""
    return [ours["command"], *(m.get("command") for m in metrics.values()), (ours["neighbours"] or {}).get("command")]


def record(source: str, result: dict[str, Any], command: str) -> None:
    """Put a measured split into the config.json of a built-in model or a folder, and write its card again.

    What was fitted on validation is put there too; the plots come along where the split was drawn.
    """
    folder = recordable(source)
    config = read_config(folder)
    ours = config.cnnhub.model_dump()
    split, energy = result["split"], dict(result.get("energy") or {})
    measured = {key: result[key] for key in MEASURED if key in result}
    changes: dict[str, Any] = {"metrics": {**ours.get("metrics", {}), split: {**measured, "command": command}}}
    if split == "validation":
        changes |= {"temperature": result["temperature"], "reliability": {"split": split, "bins": result["reliability"]}}
    if energy:
        kept = {**(ours.get("energy") or {}), **energy}
        kept["detection"] = {**(ours.get("energy") or {}).get("detection", {}), **energy.get("detection", {})}
        changes["energy"] = kept
    config = config.with_metadata(**changes)
    write_config(folder, config)
    if (drawn := result.get("contact_sheet")) and (split == "test" or "test" not in changes["metrics"]):
        for file in (CONFUSION, RELIABILITY):
            if (picture := Path(drawn).parent / file).is_file():
                write_atomically(folder / file, picture.read_bytes())
    name = ours.get("name") or folder.resolve().name
    write(folder, name, config, TASKS.get(name))


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
    card = ModelCard.from_template(metadata, template_path=str(_TEMPLATES / template), percent=_percent, **values)
    card.save(folder / CARD_NAME)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
