"""Model cards, made from a model's own config.json through huggingface_hub's ModelCard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from cnnhub.config import ModelConfig
from cnnhub.hub import BUILTIN_FOLDER, CONFIG_NAME
from training.tasks import TASKS, Task

CARD_NAME = "README.md"
_TEMPLATES = Path(__file__).parent / "templates"


def write(folder: Path, name: str, config: ModelConfig, task: Task | None) -> None:
    """Write the card of a fine-tuned model beside its config.json."""
    ours = config.cnnhub.model_dump()
    metrics = ours.get("metrics", {})
    backbone = ours.get("backbone") or {"origin": ours.get("origin")}
    data = _metadata(name, task.dataset if task else None, "apache-2.0" if task else None)
    data.eval_results = [
        EvalResult(
            task_type="image-classification",
            dataset_type=task.dataset or "imagefolder" if task else "imagefolder",
            dataset_name=task.title if task else name,
            dataset_split=split,
            metric_type="accuracy",
            metric_value=round(score["top1"], 4),
        )
        for split, score in metrics.items()
    ]
    _save(
        folder,
        data,
        "finetuned.md",
        name=name,
        source=name if folder.resolve().parent == BUILTIN_FOLDER else f"./{folder.name}",
        is_ours=task is not None,
        title=task.title if task else name,
        labels=config.label_names,
        cfg=config.pretrained_cfg,
        about=task.data if task else "The trainer's own pictures.",
        terms=task.data_terms if task else "Not stated.",
        origin=backbone["origin"],
        registered_here=config.architecture.startswith("cnnhub_"),
        **{
            key: ours.get(key)
            for key in (
                "metrics",
                "recipe",
                "counts",
                "crops",
                "head_only",
                "best_epoch",
                "minutes",
                "earlier",
                "note",
                "command",
                "data",
                "git_commit",
                "stopped",
                "skipped_steps",
            )
        },
    )


def write_imagenet(folder: Path, config: ModelConfig) -> None:
    data = _metadata("imagenet", None)
    data.datasets = ["ILSVRC/imagenet-1k"]
    _save(folder, data, "imagenet.md", cfg=config.pretrained_cfg)


def record(folder: Path, result: dict[str, Any]) -> None:
    """Put a measured split into the folder's config.json and write its card again."""
    config = ModelConfig.read(folder / CONFIG_NAME)
    ours = config.cnnhub.model_dump()
    measured = {key: result[key] for key in ("n", "top1", "loss", "recall")}
    metrics = {**ours.get("metrics", {}), result["split"]: measured}
    config = config.model_copy(update={"cnnhub": config.cnnhub.model_copy(update={"metrics": metrics})})
    config.write(folder / CONFIG_NAME)
    name = ours.get("name") or folder.resolve().name
    write(folder, name, config, TASKS.get(name))


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
    card = ModelCard.from_template(metadata, template_path=str(_TEMPLATES / template), **values)
    card.save(folder / CARD_NAME)
