"""What a shell completes: names of models, kernels and layers' kinds that need no network to be built."""

from __future__ import annotations

import os
from pathlib import Path


def models(incomplete: str) -> list[str]:
    """Built-in models, cached Hub models and, once a path is begun, the folders that hold a config.json."""
    from cnnhub.hub import CONFIG_NAME, builtin_models, is_folder

    if is_folder(incomplete):
        parent = Path(incomplete if incomplete.endswith("/") else Path(incomplete).parent)
        begun = [path for path in Path(os.path.expanduser(parent)).glob("*/") if any(path.glob(f"**/{CONFIG_NAME}"))]
        return [f"{incomplete[: incomplete.rfind('/') + 1]}{path.name}" for path in begun]
    return [name for name in (*builtin_models(), *_cached_models()) if name.startswith(incomplete)]


def kernels(incomplete: str) -> list[str]:
    """Preset kernels."""
    from cnnhub.kernels import names

    return [name for name in names() if name.startswith(incomplete)]


def _cached_models() -> list[str]:
    """Ids by the names of the cache's folders alone, which takes no time."""
    from huggingface_hub.constants import HF_HUB_CACHE

    folders = sorted(Path(HF_HUB_CACHE).glob("models--*--*"))
    return [folder.name.removeprefix("models--").replace("--", "/", 1) for folder in folders]
