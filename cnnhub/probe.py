"""`python -m cnnhub.probe [onnx]`: import and use torch, torchvision and the engines, for `cnnhub.doctor`.

It runs in a process of its own, since a broken installation may end the process that imports it. Each step that ends well
prints a line of JSON; where the last one stands tells which failed.
"""

from __future__ import annotations

import json
import sys
import time


def main(engines: tuple[str, ...]) -> None:
    """Try everything in turn; the first thing that is broken ends the process."""
    _try_torch()
    _try_torchvision()
    for engine in engines:
        _try_engine(engine)


def _try_torch() -> None:
    import torch

    _report(
        "torch",
        cuda_build=torch.version.cuda,
        gpus=[torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())],
        cuda_works=torch.cuda.is_available(),
        threads=torch.get_num_threads(),
    )


def _try_torchvision() -> None:
    import torch
    import torchvision

    torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    build = getattr(torchvision.version, "cuda", None)  # 13000 is 13.0; a build for the CPU does not have it
    _report("torchvision", cuda_build=f"{build // 1000}.{build % 1000 // 10}" if isinstance(build, int) else build)


def _try_engine(name: str) -> None:
    import numpy as np

    import cnnhub

    classifier = cnnhub.load("cats-vs-dogs", engine=name)
    picture = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    total = sum(classifier.predict(picture).scores.values())
    started = time.perf_counter()
    classifier.predict(picture)
    milliseconds = 1000 * (time.perf_counter() - started)
    assert abs(total - 1) < 1e-6, f"the probabilities add up to {total}"
    _report(f"engine {name}", milliseconds=milliseconds, why=classifier.engine.why)


def _report(step: str, **facts: object) -> None:
    print(json.dumps({"step": step, **facts}), flush=True)


if __name__ == "__main__":
    main(("torch", "onnx") if "onnx" in sys.argv else ("torch",))
