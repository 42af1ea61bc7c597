"""Package a backbone with its own ImageNet classes as a model folder: how the built-in `imagenet` was made."""

from __future__ import annotations

from pathlib import Path

from cnnhub.engines.network import build
from cnnhub.files import write_atomically
from cnnhub.hub.config import CnnHubMetadata
from cnnhub.hub.folder import WEIGHTS_NAME, read_config, write_config
from cnnhub.hub.labels import imagenet_labels
from cnnhub.loading import MAX_PARAMETERS
from training.data.writable import check_free
from training.release import card

_PREPROCESSING = {"crop_pct": 0.875, "crop_mode": "center"}  # shorter side 256, centre 224, as it was trained


def package(weights: Path, output: Path) -> None:
    """Write config.json, the weights as they are, and the card, after checking that they fit together.

    Args:
        weights: model.safetensors with a config.json beside it.
    """
    check_free(output)
    origin = read_config(weights.parent)
    config = origin.model_copy(
        update={
            "label_names": imagenet_labels(),
            "model_args": {"pad_type": "same"},  # TensorFlow's SAME padding, which the weights expect
            "pretrained_cfg": origin.pretrained_cfg.model_copy(update=_PREPROCESSING),
            "cnnhub": CnnHubMetadata(),
        }
    )
    build(config, weights, MAX_PARAMETERS)
    write_atomically(output / WEIGHTS_NAME, weights.read_bytes())
    write_config(output, config)
    card.write_imagenet(output, config)
