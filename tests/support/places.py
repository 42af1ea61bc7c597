"""Where things lie, and the smallest model."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
SPACE = ROOT / "space"
EXAMPLES = SPACE / "examples"
SHARED = ROOT.parent / "shared"


def tiny_config(**changes: object) -> dict[str, object]:
    """The config.json of a network that is built in milliseconds (0.04 million parameters)."""
    return {
        "architecture": "test_byobnet",
        "num_classes": 3,
        "label_names": ["ant", "bee", "cow"],
        "pretrained_cfg": {"input_size": [3, 64, 64], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
        **changes,
    }
