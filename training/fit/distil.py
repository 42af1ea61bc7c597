"""Knowledge distillation: a network learns the mean answer of several teachers to the very pixels that it sees.

Hinton et al. 2015, "Distilling the knowledge in a neural network", https://arxiv.org/abs/1503.02531. That teachers and
student see the same crop, mixup included: Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and
consistent", https://arxiv.org/abs/2106.05237.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

import cnnhub
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import read_config
from training.fit.recipe import RecipeError
from training.release.record import Parent, parent

SEEN_ALIKE = ("input_size", "interpolation", "mean", "std")  # crops are the student's own


@dataclass(frozen=True)
class Teachers:
    """Trained models whose mean answer takes the place of the labels.

    Attributes:
        about: of each, what its student's card says.
    """

    networks: tuple[torch.nn.Module, ...]
    about: tuple[Parent, ...]

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, 3, H, W), preprocessed as the student's -> the mean of the teachers' probabilities (N, K)."""
        with torch.no_grad():
            return torch.stack([network(pixels).float().softmax(1) for network in self.networks]).mean(0)


def load(folders: tuple[str, ...], device: torch.device | None = None) -> Teachers:
    """The models in `folders`, in eval mode, on the device (the CPU by default).

    Raises:
        CnnHubError: one of them cannot be loaded.
    """
    classifiers = [cnnhub.load(Path(folder), device=device) for folder in folders]
    networks = (each.network.to(memory_format=torch.channels_last) for each in classifiers)
    return Teachers(tuple(networks), tuple(parent(Path(folder)) for folder in folders))


def check(folders: tuple[str, ...], student: ModelConfig) -> None:
    """Whether each teacher answers with the student's labels, in their order, from the same pixels.

    Raises:
        RecipeError: what differs.
    """
    for folder in folders:
        teacher = read_config(Path(folder))
        if teacher.labels() != student.labels():
            raise RecipeError(
                f"--teacher {folder} answers with the labels {teacher.labels()}; the pictures have {student.labels()}. "
                "Take a teacher that was trained on the same task."
            )
        for name in SEEN_ALIKE:
            theirs, ours = getattr(teacher.pretrained_cfg, name), getattr(student.pretrained_cfg, name)
            if theirs != ours:
                raise RecipeError(
                    f"--teacher {folder} sees pictures with {name} {theirs}, the student with {ours}; they must see the "
                    "same. Take a teacher with the student's preprocessing (for another size: --size)."
                )
