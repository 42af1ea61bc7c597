"""Engines run a network: pixels (N, 3, H, W) in, logits (N, K) out, in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cnnhub.errors import ModelTooLargeError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENGINES = ("auto", "torch", "onnx")
PRECISIONS = ("float32", "int8")


class Engine(Protocol):
    """What a Classifier needs of an engine.

    Attributes:
        why: a sentence: why this engine answers, and not another.
    """

    name: str
    why: str

    def answer(self, pixels: NDArray[np.uint8], *, embed: bool = False) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Run the network once; several threads may do so at the same time.

        Args:
            pixels: (N, 3, H, W), 0 to 255; the engine normalises them.
            embed: whether the embeddings are wanted.

        Returns:
            Logits (N, K) and embeddings (N, D), which is what the head sees; None in place of those that are not wanted.
        """
        ...


def check_engine(name: str, precision: str = "float32") -> None:
    """Raise UnknownNameError where there is no such engine or precision."""
    if name not in ENGINES:
        raise UnknownNameError("engine", name, ENGINES)
    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)


def check_size(architecture: str, parameters: int, most: int) -> None:
    """Raise ModelTooLargeError where a network has more parameters than may be loaded."""
    if parameters > most:
        raise ModelTooLargeError(
            f"{architecture} has {parameters:,} parameters; the limit is {most:,}. Pass max_parameters=... to raise it."
        )
