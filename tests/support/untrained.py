"""Networks of timm with seeded random weights, as classifiers, without a folder."""

from __future__ import annotations

import torch

import cnnhub
from cnnhub.engines.network import create_network
from cnnhub.engines.torch import TorchEngine
from cnnhub.hub.config import ModelConfig


def untrained(architecture: str, side: int, classes: int = 3, **cfg: object) -> cnnhub.Classifier:
    """A classifier of pictures of this many pixels a side; its batch norms have seen something."""
    told = {"input_size": (3, side, side), "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), **cfg}
    labels = [f"label {number}" for number in range(classes)]
    config = ModelConfig.model_validate(
        {"architecture": architecture, "num_classes": classes, "label_names": labels, "pretrained_cfg": told}
    )
    torch.manual_seed(0)
    network = create_network(config).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return cnnhub.Classifier(config, TorchEngine(network, config.pretrained_cfg), architecture, lambda: network)
