"""Many pictures on many machines: `python -m cnnhub.batch`, by Ray Data, on this machine's cores or a whole cluster's.

Ray reads the pictures, shares them out among workers, each of which has loaded the model once, does the part of a worker that
died again, and writes the answers. Needs `pip install cnnhub[batch]`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnnhub import pictures, results
from cnnhub.errors import ArgumentError, CnnHubError, EngineError
from cnnhub.loading import load

if TYPE_CHECKING:
    import pyarrow
    import ray.data

BATCH_SIZE = 32
_HELP = """Say what is in very many pictures: on every core of this machine, or on every machine of a Ray cluster.

Sources are pictures, folders, or what Ray's file systems name, such as s3://bucket/photos. The answers are parquet files in the
folder --output, with the fields of `cnnhub predict --json`, one row for each picture, in no order. They are whole once the
command has ended with status 0; a worker that is killed meanwhile is replaced, and its part done again.
"""
_EXAMPLES = """examples:
  python -m cnnhub.batch photos/ --output answers
  python -m cnnhub.batch --model flowers --workers 2 photos/ --output answers

on a cluster, whose machines have cnnhub[batch] and see the pictures, the same:
  ray start --head                                   # on one machine
  ray start --address=HEAD:6379                      # on each of the others
  ray job submit --address http://HEAD:8265 -- python -m cnnhub.batch s3://bucket/photos --output s3://bucket/answers
"""


def answers(
    sources: Sequence[str],
    model: str = "cats-vs-dogs",
    *,
    workers: int | None = None,
    top_k: int | None = None,
    batch_size: int = BATCH_SIZE,
) -> ray.data.Dataset:
    """Pictures -> a Ray dataset of their answers, computed when it is read or written.

    Args:
        sources: pictures, folders, or addresses of Ray's file systems, which every machine of the cluster can read.
        model: what `load` takes, on every machine.
        workers: processes that have the model, of one core each; None is one for each core of the cluster.
        top_k: keep only the K largest scores.
        batch_size: pictures that a worker answers at once.

    Returns:
        A row for each picture, in no order, with the columns of `results.FIELDS`.

    Raises:
        EngineError: Ray is not installed.
        ArgumentError: there is no picture in the sources.
        ImageError: a folder cannot be read.
    """
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise EngineError(f"Batches on Ray need it ({error.name} is missing): pip install cnnhub[batch].") from error
    files = [file for source in sources for file in _files(source)]
    if not files:
        raise ArgumentError(f"There is no picture in {', '.join(map(str, sources)) or 'an empty list'}; expected at least one.")
    ray.init(ignore_reinit_error=True, log_to_driver=False)
    size = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    blocks = -(-len(files) // batch_size)
    encoded = ray.data.read_binary_files(
        files, include_paths=True, override_num_blocks=blocks, num_cpus=0
    )  # workers have the cores
    return encoded.map_batches(
        Worker,
        batch_size=batch_size,
        compute=ray.data.ActorPoolStrategy(size=size),
        fn_constructor_kwargs={"model": model, "top_k": top_k},
        num_cpus=1,
    )


class Worker:
    """A process with the model."""

    def __init__(self, model: str, top_k: int | None) -> None:
        self._classifier, self._top_k = load(model), top_k

    def __call__(self, batch: dict[str, Any]) -> pyarrow.Table:
        """{"path": N paths, "bytes": N files} -> a table of N rows."""
        outcomes = self._classifier.predict_many(list(batch["bytes"]), len(batch["bytes"]), self._top_k, on_error="keep")
        return results.to_arrow([results.record(*pair) for pair in zip(batch["path"], outcomes, strict=True)])


def main() -> None:
    """The command; an expected error is one line on standard error and exit status 2."""
    parser = argparse.ArgumentParser(
        "python -m cnnhub.batch", description=_HELP, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sources", nargs="+", metavar="IMAGE_OR_DIR")
    parser.add_argument("--output", required=True, metavar="DIR", help="a folder that is not there yet, or is empty")
    parser.add_argument("--model", default="cats-vs-dogs", help="a built-in name, a folder or a Hub id")
    parser.add_argument("--workers", type=int, help="processes with the model, of one core each; all cores by default")
    parser.add_argument("--top-k", type=int, help="keep the K largest scores")
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, help="pictures a worker answers at once")
    asked = vars(parser.parse_args())
    try:
        output = output_folder(asked.pop("output"))
        answers(**asked).write_parquet(output, ray_remote_args={"num_cpus": 0})
    except CnnHubError as error:
        sys.exit(f"error: {error}")


def output_folder(folder: str) -> str:
    """Where Ray may write; ArgumentError where something is already."""
    if "://" in folder:
        return folder
    if os.path.isfile(folder) or (os.path.isdir(folder) and os.listdir(folder)):
        raise ArgumentError(f"{folder} is there already; expected a folder that is not, or is empty. Choose another --output.")
    return os.path.abspath(folder)


def _files(source: str) -> list[str]:
    """The pictures of a folder of ours; anything else is Ray's to find."""
    if not os.path.isdir(source):
        return [source if "://" in source else os.path.abspath(source)]
    found = pictures.find(os.path.abspath(source))
    for phrase in found.in_words():
        print(f"left out in {source}: {phrase}", file=sys.stderr)
    return [str(found.folder / path) for path in found.pictures]


if __name__ == "__main__":
    from cnnhub.batch import main as run  # so that workers import their class by its name, not as a copy of this script

    run()
