"""Tasks: a dataset with its labels, how people call them, and its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cnnhub.errors import UnknownNameError
from training.data.sources import Origin, Source


@dataclass(frozen=True)
class Task:
    """A named dataset."""

    name: str
    title: str
    label_texts: dict[str, dict[str, str]]  # language -> label -> what a reader sees. Labels are the dataset's folder names
    published: Source  # where the pictures come from when no other folder is given
    about_published: str  # one paragraph for the card: what they are
    data_terms: str  # what their licences allow, apart from the licence of the weights
    # what is known of folders given in their place: start of the train split's hash -> the paragraph
    collections: dict[str, str] = field(default_factory=dict)
    # width / height that pictures had before they were squashed to squares, where a folder's are square; None if they never were
    squashed_from: float | None = None

    def covers(self, labels: Sequence[str], pictures: Origin | None) -> bool:
        """Whether a run's pictures are the task's, so that its sources and licence may be told of them."""
        return are_named(self.label_texts, labels) and self.about(pictures or Origin()) is not None

    def about(self, pictures: Origin) -> str | None:
        """The paragraph for the pictures that a run had; None where they are not the task's."""
        if pictures.source == self.published.place:
            return self.about_published
        train_hash = pictures.split_hash.get("train", "")
        return next((about for start, about in self.collections.items() if train_hash.startswith(start)), None)


def are_named(label_texts: Mapping[str, Mapping[str, str]], labels: Sequence[str]) -> bool:
    """Whether a task's texts (language -> label -> text) are of these labels."""
    return all(set(texts) == set(labels) for texts in label_texts.values())


def get(name: str) -> Task:
    """The task with this name; UnknownNameError names near ones."""
    if name not in TASKS:
        raise UnknownNameError("task", name, TASKS)
    return TASKS[name]


_CATS_VS_DOGS = Task(
    name="cats-vs-dogs",
    title="Cats vs. dogs",
    label_texts={"en": {"cat": "cat", "dog": "dog"}, "zh-TW": {"cat": "貓", "dog": "狗"}, "zh-CN": {"cat": "猫", "dog": "狗"}},
    published=Source("microsoft/cats_vs_dogs", on_hub=True, label_column="labels"),
    about_published=(
        "Photos of cats and dogs from the Asirra set, as published in microsoft/cats_vs_dogs; rows that cannot be decoded were "
        "left out, and the one split was cut by a hash of each picture into 75 % train, 15 % validation, 10 % test."
    ),
    collections={
        "ca8ca113d9156a0b": (
            "Photos of cats and dogs from two sources mixed: the Dogs vs. Cats competition (Asirra) and "
            "collections of breed photos from public repositories. Shorter side 232 pixels, JPEG quality 80; near "
            "duplicates were removed across the splits."
        )
    },
    data_terms=(
        "The origins of the single photos are unknown and their licences not stated; they were used for research, "
        "are not distributed with this model, and the licence of the weights says nothing about them."
    ),
)

_FLOWERS = Task(
    name="flowers",
    title="Five flowers",
    label_texts={
        "en": {"daisy": "daisy", "dandelion": "dandelion", "roses": "rose", "sunflowers": "sunflower", "tulips": "tulip"},
        "zh-TW": {"daisy": "雛菊", "dandelion": "蒲公英", "roses": "玫瑰", "sunflowers": "向日葵", "tulips": "鬱金香"},
        "zh-CN": {"daisy": "雏菊", "dandelion": "蒲公英", "roses": "玫瑰", "sunflowers": "向日葵", "tulips": "郁金香"},
    },
    published=Source("https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz"),
    about_published=(
        "The 3,670 flower photos of TensorFlow's tutorials (tf_flowers), cut by a hash of each picture into 75 % train, 15 % "
        "validation, 10 % test."
    ),
    collections={
        "8246684f60d6e9cc": (
            "Photos (and some paintings) of five flowers: the later, larger collection of the TensorFlow flower "
            "photos' classes, 4,317 pictures before cleaning, not the 3,670 of tf_flowers. Squashed to 227 x 227 "
            "pixels; near duplicates were removed across the splits; some labels are wrong."
        )
    },
    data_terms=(
        "The single photos have licences of their own, most of them Creative Commons; they were used for research "
        "and are not distributed with this model, and the licence of the weights says nothing about them."
    ),
    squashed_from=4 / 3,  # what most cameras make; the shape of each single photo is lost
)

_FLOWERS_102 = Task(
    name="flowers-102",
    title="Oxford 102 flowers",
    label_texts={},
    published=Source("dpdl-benchmark/oxford_flowers102", on_hub=True),
    about_published=(
        "The Oxford 102 category flower dataset (Nilsback and Zisserman 2008) in its own splits: 1,020 train, 1,020 validation "
        "and 6,149 test pictures."
    ),
    data_terms=(
        "The single photos come from the web and have licences of their own; they were used for research and are not "
        "distributed with this model, and the licence of the weights says nothing about them."
    ),
)

_DIGITS = {str(digit): str(digit) for digit in range(10)}
_MNIST = Task(
    name="mnist",
    title="Handwritten digits",
    label_texts={"en": _DIGITS, "zh-TW": _DIGITS, "zh-CN": _DIGITS},
    published=Source("ylecun/mnist", on_hub=True),
    about_published=(
        "MNIST (LeCun, Cortes and Burges): 60,000 training and 10,000 test pictures of handwritten digits, 28 x 28 pixels, white "
        "on black; a sixth of the training pictures, by a hash of each, is kept for validation."
    ),
    collections={
        "ec56b712217a536d": (
            "MNIST (LeCun, Cortes and Burges) as published in ylecun/mnist: of its 60,000 training pictures, 28 x 28 "
            "pixels, white on black, a sixth by a hash of each is kept for validation; its 10,000 test pictures are the test "
            "split."
        )
    },
    data_terms=(
        "The Hub's copy of MNIST names the MIT licence, other copies CC BY-SA 3.0; its pictures are not distributed with this "
        "model."
    ),
)

_FASHION_MNIST = Task(
    name="fashion-mnist",
    title="Fashion-MNIST",
    label_texts={},
    published=Source("zalando-datasets/fashion_mnist", on_hub=True),
    about_published=(
        "Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 60,000 training and 10,000 test pictures of clothes, 28 x 28 pixels, "
        "grey; a sixth of the training pictures, by a hash of each, is kept for validation."
    ),
    data_terms="Fashion-MNIST is published under the MIT licence; its pictures are not distributed with this model.",
)

_CIFAR_10_LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_CIFAR_10 = Task(
    name="cifar10",
    title="CIFAR-10",
    label_texts={
        "en": {label: label for label in _CIFAR_10_LABELS},
        "zh-TW": dict(zip(_CIFAR_10_LABELS, "飛機 汽車 鳥 貓 鹿 狗 青蛙 馬 船 卡車".split(), strict=True)),
        "zh-CN": dict(zip(_CIFAR_10_LABELS, "飞机 汽车 鸟 猫 鹿 狗 青蛙 马 船 卡车".split(), strict=True)),
    },
    published=Source("uoft-cs/cifar10", on_hub=True, image_column="img"),
    about_published=(
        "CIFAR-10 (Krizhevsky 2009): 50,000 training and 10,000 test pictures of ten classes, 32 x 32 pixels; a sixth of the "
        "training pictures, by a hash of each, is kept for validation."
    ),
    data_terms="The pictures come from the web; they were used for research and are not distributed with this model.",
)

TASKS = {task.name: task for task in (_CATS_VS_DOGS, _FLOWERS, _FLOWERS_102, _MNIST, _FASHION_MNIST, _CIFAR_10)}
