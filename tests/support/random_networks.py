"""timm's networks with seeded random weights, as models in a folder."""

from __future__ import annotations

from pathlib import Path

import timm
import torch

import cnnhub
from cnnhub.hub import folder
from cnnhub.hub.config import ModelConfig

LABELS = [f"label {number}" for number in range(10)]


def classifier_of(name: str, place: Path, side: int = 96) -> cnnhub.Classifier:
    """An architecture of timm with ten labels, from a folder as any other."""
    torch.manual_seed(0)
    network = timm.create_model(name, num_classes=len(LABELS)).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    cfg = {"input_size": (3, side, side), "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "interpolation": "bicubic"}
    told = {
        "architecture": name, "num_classes": len(LABELS), "num_features": network.num_features, "label_names": LABELS,
        "pretrained_cfg": cfg,
    }  # fmt: skip
    folder.write(place, ModelConfig.model_validate(told), network)
    return cnnhub.load(place)
