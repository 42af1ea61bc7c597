"""Knowledge distillation: a network learns the mean answer of several teachers to the very pixels that it sees.

Hinton et al. 2015, "Distilling the knowledge in a neural network", https://arxiv.org/abs/1503.02531. That teachers and
student see the same crop, mixup included: Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and
consistent", https://arxiv.org/abs/2106.05237.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

import cnnhub
from cnnhub.hub.config import ModelConfig, PretrainedConfig
from cnnhub.hub.folder import read_config
from training.fit.recipe import RecipeError
from training.release.record import Parent, parent


@dataclass(frozen=True)
class Teacher:
    """A trained network, and how it wants to see pictures."""

    network: torch.nn.Module
    sees: PretrainedConfig


@dataclass(frozen=True)
class Teachers:
    """Trained models whose mean answer takes the place of the labels."""

    all: tuple[Teacher, ...]
    about: tuple[Parent, ...]  # of each, what its student's card says

    def __call__(self, pixels: torch.Tensor, student: PretrainedConfig) -> torch.Tensor:
        """Pixels (N, 3, H, W), preprocessed as the student's -> the mean of the teachers' probabilities (N, K)."""
        with torch.no_grad():
            answers = [each.network(_as_seen(pixels, student, each.sees)).float().softmax(1) for each in self.all]
            return torch.stack(answers).mean(0)


def load(folders: tuple[str, ...], device: torch.device | None = None) -> Teachers:
    """The models in `folders`, in eval mode, on the device (the CPU by default).

    Raises:
        CnnHubError: one of them cannot be loaded.
    """
    classifiers = [cnnhub.load(Path(folder), device=device) for folder in folders]
    teachers = (Teacher(each.network.to(memory_format=torch.channels_last), each.config.pretrained_cfg) for each in classifiers)
    return Teachers(tuple(teachers), tuple(parent(Path(folder)) for folder in folders))


def check(folders: tuple[str, ...], student: ModelConfig) -> None:
    """Whether each teacher answers with the student's labels, in their order.

    Raises:
        RecipeError: which labels arrived.
    """
    for folder in folders:
        teacher = read_config(Path(folder))
        if teacher.labels() != student.labels():
            raise RecipeError(
                f"--teacher {folder} answers with the labels {teacher.labels()}; the pictures have {student.labels()}. "
                "Take a teacher that was trained on the same task."
            )


def _as_seen(pixels: torch.Tensor, student: PretrainedConfig, teacher: PretrainedConfig) -> torch.Tensor:
    """The student's crop as the teacher would have got it: the same picture with other numbers, and of another size."""
    mean, std = (torch.tensor(values).view(3, 1, 1).to(pixels) for values in (student.mean, student.std))
    theirs, spread = (torch.tensor(values).view(3, 1, 1).to(pixels) for values in (teacher.mean, teacher.std))
    if (student.mean, student.std) != (teacher.mean, teacher.std):
        pixels = (pixels * (std / spread) + (mean - theirs) / spread).contiguous(memory_format=torch.channels_last)
    if pixels.shape[-2:] != teacher.input_size[1:]:
        pixels = F.interpolate(pixels, teacher.input_size[1:], mode="bilinear", antialias=True)
    return pixels
