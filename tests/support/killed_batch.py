"""A batch one of whose workers is killed: `python -m tests.support.killed_batch FOLDER MODEL OUTPUT LOG`.

Each worker writes a file in LOG for each picture that it begins, named by its process; the first to begin its second batch is
killed in the middle of it, as the system kills a process for its memory.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cnnhub import batch

LOG = "CNNHUB_TEST_BATCH_LOG"


class LoggedWorker(batch.Worker):
    calls = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        (Path(os.environ[LOG]) / f"{os.getpid()}-ready").touch()

    def __call__(self, pictures: dict[str, Any]) -> Any:
        folder = Path(os.environ[LOG])
        while len(list(folder.glob("*-ready"))) < 2:  # so that both have a part, however long the other takes to start
            time.sleep(0.05)
        descriptor, _ = tempfile.mkstemp(".json", f"{os.getpid()}-", folder)
        with os.fdopen(descriptor, "w") as file:
            json.dump(list(map(str, pictures["path"])), file)
        self.calls += 1
        if self.calls == 2:
            try:
                (folder / "killed").symlink_to(str(os.getpid()))
            except FileExistsError:
                return super().__call__(pictures)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(pictures)


def main(folder: str, model: str, output: str, log: str) -> None:
    import ray

    os.environ[LOG] = log
    ray.init(num_cpus=2, log_to_driver=False)  # whatever this machine has
    batch.Worker = LoggedWorker  # type: ignore[misc]
    batch.answers([folder], model, workers=2, batch_size=4).write_parquet(output, ray_remote_args={"num_cpus": 0})


if __name__ == "__main__":
    from tests.support.killed_batch import main as run  # so that workers import its class by its name

    run(*sys.argv[1:])
