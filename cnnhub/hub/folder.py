"""A model folder: config.json, the weights, and what the model keeps of its training pictures.

Every model folder is read and written here, be it a built-in model, a training run's output or a commit in the Hub's cache.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnhub.errors import ModelConfigError, ModelWeightsError
from cnnhub.files import open_regular, read_bounded, write_atomically
from cnnhub.hub.config import ModelConfig

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
FAMILIAR_NAME = "familiar.safetensors"
CARD_NAME = "README.md"

MAX_CONFIG_BYTES = 256_000
MAX_FAMILIAR_BYTES = 50_000_000
MAX_HEADER_BYTES = 2_000_000  # of safetensors: names, shapes and places of some 15,000 tensors; read, not mapped, and parsed


@dataclass(frozen=True)
class Taught:
    """What a model keeps of its training pictures.

    Attributes:
        embeddings: (N, D), as whole numbers of 8 bits: only directions count.
        probe: (D,), in which direction of embeddings of length 1 pictures look the less familiar; None without one.
    """

    embeddings: NDArray[np.int8]
    probe: NDArray[np.float32] | None


def read_config(folder: Path) -> ModelConfig:
    """Read and validate a folder's config.json.

    Raises:
        ModelConfigError: the file is missing, no regular file, too large, not JSON, or not a model's description.
    """
    path = folder / CONFIG_NAME
    try:
        data = read_bounded(path, MAX_CONFIG_BYTES)
    except OSError as error:
        raise ModelConfigError(f"{path} cannot be read: {error}. A model folder holds {CONFIG_NAME}.") from error
    return ModelConfig.parse(data, str(path))


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write a folder's config.json; OSError where the disk refuses."""
    write_atomically(folder / CONFIG_NAME, config.to_json())


def metadata(folder: Path) -> dict[str, Any]:
    """What stands under "cnnhub" in a folder's config.json.

    Raises:
        ModelConfigError: as `read_config` does.
    """
    return read_config(folder).cnnhub.model_dump()


def write(folder: Path, config: ModelConfig, network: torch.nn.Module) -> None:
    """Write a model folder; matrices and convolutions in half precision, batch norm and biases as they are."""
    import torch
    from safetensors.torch import save

    state = {
        name: tensor.detach().cpu().to(torch.float16 if tensor.ndim > 1 else tensor.dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    write_atomically(folder / WEIGHTS_NAME, save(state, metadata={"format": "pt"}))
    write_config(folder, config)


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors of a folder that this project wrote, as they are stored; `engines.network` checks anybody else's.

    Raises:
        ModelWeightsError: there is none, or it is not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / WEIGHTS_NAME
    check_header(path)
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelWeightsError(f"{path} cannot be read: {error}. Train again or copy it there.") from error


def check_header(path: Path) -> None:
    """Raise ModelWeightsError where a file cannot be safetensors, or has a header that would take seconds to parse."""
    try:
        with open_regular(path) as file:
            size = int.from_bytes(file.read(8), "little")
    except OSError as error:
        raise ModelWeightsError(f"{path} cannot be read: {error}. Train again or copy it there.") from error
    if size > MAX_HEADER_BYTES:
        raise ModelWeightsError(
            f"{path} is not a whole safetensors file, or says too much of itself: its header has {size:,} bytes; expected at "
            f"most {MAX_HEADER_BYTES:,}. Save it again with safetensors.torch.save_file, without metadata."
        )


def weights_sha256(folder: Path) -> str:
    """The hash of the file of weights, which identifies a model."""
    with (folder / WEIGHTS_NAME).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_familiar(folder: Path, at_least: int, length: int | None = None) -> Taught:
    """What a model keeps of its training pictures.

    Args:
        at_least: how many pictures there must be.
        length: how many numbers an embedding of the network has, to be compared; None compares nothing.

    Raises:
        ModelWeightsError: the file is missing or holds something else.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / FAMILIAR_NAME
    try:
        if path.stat().st_size > MAX_FAMILIAR_BYTES:
            raise ModelWeightsError(f"{path} is larger than {MAX_FAMILIAR_BYTES:,} bytes; that is not a {path.name}.")
        check_header(path)
        held = load_file(path)
        whole: NDArray[np.int8] = held["embeddings"]
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelWeightsError(
            f"{path} cannot be read: {error}. config.json asks for it; keep the files of one model together."
        ) from error
    if whole.ndim != 2 or whole.dtype.name != "int8" or len(whole) < at_least or length not in (None, whole.shape[1]):
        raise ModelWeightsError(
            f"{path} holds {whole.dtype} of shape {whole.shape}; expected int8 (N, {length or 'D'}), N at least {at_least}."
        )
    probe: NDArray[np.float32] | None = held.get("probe")
    if probe is not None and (probe.shape != whole.shape[1:] or probe.dtype.name != "float32"):
        raise ModelWeightsError(f"{path} holds a probe of {probe.dtype} {probe.shape}; expected float32 {whole.shape[1:]}.")
    return Taught(whole, probe)


def write_familiar(folder: Path, embeddings: NDArray[np.float32], probe: NDArray[np.float32] | None = None) -> None:
    """Write embeddings (N, D), and a probe (D,) if there is one. Only directions count, so each row is scaled to fill 8 bits."""
    import numpy as np
    from safetensors.numpy import save

    whole = np.rint(embeddings / np.abs(embeddings).max(axis=1, keepdims=True) * 127).astype(np.int8)
    held = {"embeddings": whole, **({} if probe is None else {"probe": probe.astype(np.float32)})}
    write_atomically(folder / FAMILIAR_NAME, save(held))
