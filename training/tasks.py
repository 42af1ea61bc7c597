"""Tasks: a dataset with its labels, how people call them, and its terms."""

from __future__ import annotations

from dataclasses import dataclass

from cnnhub.errors import UnknownNameError


@dataclass(frozen=True)
class Task:
    """A named dataset.

    Attributes:
        label_texts: language -> label -> what a reader sees. Labels are the dataset's folder names.
        data: one paragraph for the card: what the pictures are and where they come from.
        data_terms: what their licences allow, apart from the licence of the weights.
        squashed_from: width / height that its pictures had before they were squashed to squares; None if they
            were not.
        dataset: its id on the Hub, for the card's metadata; None if it has none.
    """

    name: str
    title: str
    label_texts: dict[str, dict[str, str]]
    data: str
    data_terms: str
    squashed_from: float | None = None
    dataset: str | None = None


def get(name: str) -> Task:
    """The task with this name; UnknownNameError names near ones."""
    if name not in TASKS:
        raise UnknownNameError("task", name, TASKS)
    return TASKS[name]


_CATS_VS_DOGS = Task(
    name="cats-vs-dogs",
    title="Cats vs. dogs",
    label_texts={
        "en": {"cat": "cat", "dog": "dog"},
        "zh-TW": {"cat": "貓", "dog": "狗"},
        "zh-CN": {"cat": "猫", "dog": "狗"},
    },
    data=(
        "Photos of cats and dogs from two sources mixed: the Dogs vs. Cats competition (Asirra) and "
        "collections of breed photos from public repositories. Shorter side 232 pixels, JPEG quality 80; near "
        "duplicates were removed across the splits."
    ),
    data_terms=(
        "The origins of the single photos are unknown and their licences not stated; they were used for research, "
        "are not distributed with this model, and the licence of the weights says nothing about them."
    ),
)

_FLOWERS = Task(
    name="flowers",
    title="Five flowers",
    label_texts={
        "en": {
            "daisy": "daisy",
            "dandelion": "dandelion",
            "roses": "rose",
            "sunflowers": "sunflower",
            "tulips": "tulip",
        },
        "zh-TW": {
            "daisy": "雛菊",
            "dandelion": "蒲公英",
            "roses": "玫瑰",
            "sunflowers": "向日葵",
            "tulips": "鬱金香",
        },
        "zh-CN": {
            "daisy": "雏菊",
            "dandelion": "蒲公英",
            "roses": "玫瑰",
            "sunflowers": "向日葵",
            "tulips": "郁金香",
        },
    },
    data=(
        "Photos (and some paintings) of five flowers: the later, larger collection of the TensorFlow flower "
        "photos' classes, 4,317 pictures before cleaning, not the 3,670 of tf_flowers. Squashed to 227 x 227 "
        "pixels; near duplicates were removed across the splits; some labels are wrong."
    ),
    data_terms=(
        "The single photos have licences of their own, most of them Creative Commons; they were used for research "
        "and are not distributed with this model, and the licence of the weights says nothing about them."
    ),
    squashed_from=4 / 3,  # what most cameras make; the shape of each single photo is lost
)

TASKS = {task.name: task for task in (_CATS_VS_DOGS, _FLOWERS)}
