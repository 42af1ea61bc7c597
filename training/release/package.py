"""Package a backbone with its own ImageNet classes as a model folder: how the built-in `imagenet` was made."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from timm.models import PretrainedCfg

import cnnhub
from cnnhub.engines.network import build
from cnnhub.files import write_atomically
from cnnhub.hub import BUILTIN_FOLDER
from cnnhub.hub.config import CnnHubMetadata, PretrainedConfig
from cnnhub.hub.folder import WEIGHTS_NAME, read_config, write_config
from cnnhub.hub.labels import imagenet_labels
from cnnhub.loading import MAX_PARAMETERS
from training.data.writable import check_free
from training.measure import breeds
from training.release import card


def package(weights: Path, output: Path, pets: Path | None = None) -> None:
    """Write config.json, the weights as they are, and the card, after checking that they fit together.

    Args:
        weights: model.safetensors with a config.json beside it, which says how they are used.
        pets: the Oxford-IIIT Pets, on which the temperature is fitted (`training.measure.breeds`); without them it is 1.
    """
    check_free(output)
    texts = read_config(BUILTIN_FOLDER / "imagenet").cnnhub.label_texts  # the classes in Chinese, whatever the network
    config = read_config(weights.parent)
    ours = {
        "label_names": imagenet_labels(),
        "pretrained_cfg": _as_timm_reads_it(config.pretrained_cfg),
        "cnnhub": CnnHubMetadata(label_texts=texts),
    }
    config = config.model_copy(update=ours)
    build(config, weights, MAX_PARAMETERS)
    write_atomically(output / WEIGHTS_NAME, weights.read_bytes())
    write_config(output, config)
    if pets:
        found = breeds.measure(cnnhub.load(output), pets)
        config = config.with_metadata(temperature=found["temperature"], breeds=found)
        write_config(output, config)
    card.write_imagenet(output, config)


def _as_timm_reads_it(cfg: PretrainedConfig) -> PretrainedConfig:
    """Without what somebody wrote beside timm's own fields, which timm refuses."""
    known = {each.name for each in dataclasses.fields(PretrainedCfg)}
    return PretrainedConfig.model_validate({name: value for name, value in cfg.model_dump().items() if name in known})
