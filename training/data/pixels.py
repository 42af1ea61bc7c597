"""From pictures to batches of pixels: timm's transforms, and randomness that a resumed run repeats exactly."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFilter
from timm.data import create_transform
from timm.data.auto_augment import RandAugment

from cnnhub.errors import UnknownNameError
from cnnhub.hub.config import ModelConfig
from cnnhub.images import open_image
from training.data.splits import Pictures

Transform = Callable[[Image.Image], torch.Tensor]
Key = tuple[int, int]  # (number of the picture, seed of what is random about it)
Augmentation = dict[str, Any]  # arguments of timm's create_transform: what happens to a training picture at random


class Pixels(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    """Pictures through a transform: a key -> pixels (3, H, W) and class number.

    What is random about a picture follows from its key alone, not from how many pictures came before, so that a run
    which goes on in the middle of an epoch sees what the uninterrupted one would have seen, with any number of workers.
    """

    def __init__(self, pictures: Pictures, transform: Transform) -> None:
        self.pictures, self.transform = pictures, transform

    def __getitem__(self, key: Key) -> tuple[torch.Tensor, int]:
        index, seed = key
        image = open_image(self.pictures.source(index))
        with seeded(seed):
            return self.transform(image), self.pictures.targets[index]


def loader(pixels: Pixels, batches: Sequence[list[Key]], workers: int) -> Any:
    return torch.utils.data.DataLoader(
        pixels,
        batch_sampler=batches,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=_leave_signals_to_the_main_process,
    )


def training_transform(config: ModelConfig, augmentation: Augmentation) -> Transform:
    """Random crop, flip and augmentation, then numbers as the network wants them."""
    transform: Transform = augmenting(augmentation, **_shared(config))
    return lambda image: transform(_sometimes_set_back(image, augmentation))


def random_part(augmentation: Augmentation) -> Callable[[Image.Image], Image.Image]:
    """What training does to a picture before it becomes numbers: to show it."""
    crop, augment, _ = augmenting(augmentation, input_size=224, separate=True)
    return lambda image: augment(crop(_sometimes_set_back(image, augmentation)))


def augmenting(augmentation: Augmentation, **settings: Any) -> Any:
    """timm's transform for training, whose RandAugment lacks the operations in `augmentation["without"]`.

    Raises:
        UnknownNameError: there is no such operation; which there are.
    """
    known = {name: value for name, value in augmentation.items() if name not in ("without", "set_back")}
    made = create_transform(is_training=True, **settings, **known)
    for step in [step for part in (made if isinstance(made, tuple) else (made,)) for step in part.transforms]:
        if isinstance(step, RandAugment):
            names = {_plain(operation.name) for operation in step.ops}
            for name in augmentation.get("without", ()):
                if name not in names:
                    raise UnknownNameError("operation of RandAugment", name, sorted(names))
            step.ops = [operation for operation in step.ops if _plain(operation.name) not in augmentation.get("without", ())]
    return made


def set_back(image: Image.Image, share: float, page: Image.Image, chance: random.Random) -> Image.Image:
    """The picture at `share` of its width and height, somewhere before a page of its own size."""
    width, height = image.size
    small = image.resize((max(1, round(width * share)), max(1, round(height * share))), Image.Resampling.BICUBIC)
    page.paste(small, (chance.randint(0, width - small.width), chance.randint(0, height - small.height)))
    return page


def blurred(image: Image.Image) -> Image.Image:
    """Nothing but its colours."""
    return image.filter(ImageFilter.GaussianBlur(max(image.size) / 8))


def plain_transform(config: ModelConfig) -> Transform:
    """What a model does with a picture that it classifies."""
    cfg = config.pretrained_cfg
    transform: Transform = create_transform(**_shared(config), crop_pct=cfg.crop_pct, crop_mode=cfg.crop_mode)
    return transform


def stretched(transform: Transform, ratio: float | None) -> Transform:
    """Give pictures back the shape they had before they were squashed, then transform them."""
    if ratio is None:
        return transform
    return lambda image: transform(image.resize((round(image.height * ratio), image.height), Image.Resampling.BICUBIC))


def _sometimes_set_back(image: Image.Image, augmentation: Augmentation) -> Image.Image:
    """In `augmentation["set_back"]` of all cases at 0.35 to 0.9 of its size, before its own blurred colours or a plain colour."""
    share = augmentation.get("set_back", 0.0)
    if not share or random.random() >= share:  # where it is off nothing is drawn, so that earlier runs go on as they began
        return image
    colour = tuple(random.choices(range(256), k=3))
    page = blurred(image) if random.random() < 0.5 else Image.new("RGB", image.size, colour)
    return set_back(image, random.uniform(0.35, 0.9), page, random.Random(random.random()))


def derive(*numbers: int) -> int:
    """A seed (32 bits) that follows from the numbers; near numbers give unrelated seeds (NumPy's SeedSequence)."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the three generators that timm's transforms, mixup and dropout draw from; afterwards they are as before."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


def _leave_signals_to_the_main_process(worker: int) -> None:
    """A terminal sends Ctrl-C to the workers too; the step that the main process finishes needs their pictures."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _plain(operation: str) -> str:
    """What timm calls an operation, without how its magnitude is counted."""
    return operation.removesuffix("Increasing").removesuffix("Rel")


def _shared(config: ModelConfig) -> dict[str, Any]:
    return config.pretrained_cfg.model_dump(include={"input_size", "interpolation", "mean", "std"})
