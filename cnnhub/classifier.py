"""Classifier: a picture in, a Prediction out; and `load`, which finds and builds one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from numbers import Integral
from typing import Any, Literal, overload

import numpy as np
import torch
from timm.data import create_transform

from cnnhub import features, hub
from cnnhub.engines import Engine, check_engine
from cnnhub.engines.network import blueprint, build
from cnnhub.engines.torch import TorchEngine
from cnnhub.errors import ArgumentError, CnnHubError, DeviceError, ImageError
from cnnhub.familiarity import Familiarity, energy, unit_length
from cnnhub.hub.config import MAX_CLASSES, Energy, ModelConfig
from cnnhub.hub.folder import read_familiar
from cnnhub.hub.labels import label_index
from cnnhub.images import ImageSource, open_image

MAX_PARAMETERS = 400_000_000
MAX_RESIZED_PIXELS = 32_000_000


def load(
    source: str | os.PathLike[str],
    *,
    revision: str | None = None,
    engine: str = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    device: str | torch.device | None = None,
    num_classes: int | None = None,
    labels: Sequence[str] | None = None,
    max_parameters: int = MAX_PARAMETERS,
    max_bytes: int | None = None,
) -> Classifier:
    """Load an image classifier.

    Args:
        source: a built-in name ("cats-vs-dogs", "flowers", "imagenet"), a Hub id ("owner/name",
            "owner/name@revision"), or a folder (a Path, or a string starting with ./, ../, ~ or /).
        revision: a branch, tag or commit of a Hub repository.
        engine: "torch"; "onnx" runs onnxruntime on the CPU, after an export that takes a second or two
            (`pip install cnnhub[onnx]`); "auto" is torch.
        cache_dir, token, local_files_only: as huggingface_hub understands them.
        device: where the network runs, such as "cpu" or "cuda"; None is the CPU.
        num_classes: put a fresh head with so many outputs, random weights, on the network; its labels are "class 0",
            "class 1", .... The old labels, temperature and threshold go.
        labels: the same, with these labels.
        max_parameters: refuse larger networks; of those on the Hub, before the weights are downloaded.
        max_bytes: refuse a repository on the Hub one of whose two files is larger, before it is downloaded.

    Raises:
        ModelNotFoundError, ModelConfigError, ModelWeightsError: see each.
        UnknownNameError: there is no such engine.
        ArgumentError: num_classes or labels cannot be a head's.
        DeviceError: the device cannot be used, or not with this engine. EngineError: the engine is not installed.

    >>> from sklearn.datasets import load_sample_image
    >>> load("imagenet").predict(load_sample_image("china.jpg")).label
    'palace'
    """
    check_engine(engine)
    on = _device(device, engine)
    files = hub.resolve(
        source,
        revision=revision,
        cache_dir=cache_dir,
        token=token,
        local_files_only=local_files_only,
        max_bytes=max_bytes,
        check=lambda config: blueprint(config, max_parameters),
    )
    with torch.random.fork_rng(devices=[]):  # the initial weights, soon replaced, are drawn from a copy of torch's generator
        network: Any = build(files.config, files.weights, max_parameters)
    config = files.config
    if num_classes is not None or labels is not None:
        config = config.with_labels(_head_labels(num_classes, labels))
        network.reset_classifier(config.num_classes)
    network.to(on).eval().requires_grad_(False)
    return Classifier(config, network, _engine(engine, network, on, config), files.source, _taught(files, config, network))


@dataclass(frozen=True)
class Prediction:
    """What a network answers for one picture.

    Attributes:
        label: the most probable label.
        probability: its probability, 0 to 1.
        scores: label -> probability, largest first.
        is_unfamiliar: whether the picture looks like nothing that the network was trained on: whether its strangeness is
            above `Classifier.threshold`; None where the model stores none. `Classifier.false_alarm` says how often that is
            wrong.
        strangeness: how far the picture is from what the network was taught (`cnnhub.familiarity`); None without a threshold.

    >>> Prediction("cat", 0.75, {"cat": 0.75, "dog": 0.25}).label
    'cat'
    """

    label: str
    probability: float
    scores: dict[str, float]
    is_unfamiliar: bool | None = None
    strangeness: float | None = None


@dataclass(frozen=True)
class ForwardPass:
    """One picture on its way through a network.

    Attributes:
        pixels: what the network was given, (3, H, W) float32, as `Classifier.preprocess` gives it.
        maps: layer name -> its feature maps (C, H, W) float32.
        prediction: what came out.

    >>> ForwardPass(torch.zeros(3, 2, 2), {}, Prediction("cat", 1.0, {"cat": 1.0})).prediction.label
    'cat'
    """

    pixels: torch.Tensor
    maps: dict[str, torch.Tensor]
    prediction: Prediction


@dataclass(frozen=True)
class ReliabilityBin:
    """Pictures with known labels whose answer's probability lay in (lower, upper].

    Attributes:
        count: how many there were.
        accuracy: the share of them, 0 to 1, whose answer was right.

    >>> ReliabilityBin(0.8, 0.9, 50, 0.84).accuracy
    0.84
    """

    lower: float
    upper: float
    count: int
    accuracy: float


class Classifier:
    """An image classifier: labels, preprocessing and a network, made by `load`.

    Its methods may run in several threads. It can be pickled: the copy, in another process say, gives equal logits and
    runs on the same device.

    Attributes:
        labels: one name a class, in the order of the logits.
        config: its config.json. network: the timm network, in eval mode. source: what it was loaded from.

    >>> load("cats-vs-dogs")
    Classifier('cats-vs-dogs', mobilenetv2_100, 2 labels)
    """

    def __init__(
        self,
        config: ModelConfig,
        network: torch.nn.Module,
        engine: Engine,
        source: str,
        taught: Familiarity | None = None,
    ) -> None:
        self.config = config
        self.network = network
        self.engine = engine
        self.source = source
        self.labels: list[str] = config.labels()
        self._taught = taught
        self._transform = create_transform(
            **config.pretrained_cfg.model_dump(include={"input_size", "interpolation", "crop_pct", "crop_mode", "mean", "std"})
        )

    def __repr__(self) -> str:
        return f"Classifier({self.source!r}, {self.config.architecture}, {len(self.labels)} labels)"

    @property
    def false_alarm(self) -> float | None:
        """The share of the validation pictures, 0 to 1, that were called unfamiliar; None where it was not measured.

        >>> load("cats-vs-dogs").false_alarm
        0.04875
        """
        return self._taught.stored.false_alarm if self._taught else self._energy.false_alarm

    @property
    def threshold(self) -> float | None:
        """The strangeness above which a picture is called unfamiliar; None where the model stores none.

        >>> load("imagenet").threshold is None
        True
        """
        return self._taught.stored.threshold if self._taught else self._energy.threshold

    def reliability(self, probability: float) -> ReliabilityBin | None:
        """How often answers that were about as probable were right, on pictures that the network did not learn from.

        Args:
            probability: an answer's, as `Prediction.probability` gives it.

        Returns:
            None where it was not measured, or no picture's answer was about as probable.

        Raises:
            ArgumentError: the probability does not lie in 0 to 1.

        >>> found = load("cats-vs-dogs").reliability(0.99)
        >>> found.lower < 0.99 <= found.upper, found.count > 700
        (True, True)
        """
        if not 0 <= probability <= 1:
            raise ArgumentError(f"probability={probability!r} arrived; expected a number from 0 to 1.")
        stored = self.config.cnnhub.reliability
        for each in stored.bins if stored else ():
            if each.lower < probability <= each.upper:
                return ReliabilityBin(each.lower, each.upper, each.count, each.correct / each.count)
        return None

    @property
    def _energy(self) -> Energy:
        return self.config.cnnhub.energy or Energy()

    def predict(self, image: ImageSource, top_k: int | None = None) -> Prediction:
        """Classify one picture.

        Args:
            image: a path, bytes, an http(s) URL, a PIL image, or an array (H, W, 3) of uint8.
            top_k: keep only the K largest scores, without renormalising.

        Raises:
            ImageError: the picture cannot be read.
            ArgumentError: top_k is not a positive whole number.

        >>> from sklearn.datasets import load_sample_image
        >>> [f"{label} {p:.0%}" for label, p in load("imagenet").predict(load_sample_image("china.jpg"), top_k=2).scores.items()]
        ['palace 43%', 'monastery 11%']
        """
        _check_top_k(top_k)
        return self._predictions(self.preprocess(image)[None], top_k, self.engine)[0]

    @overload
    def predict_many(
        self,
        images: Iterable[ImageSource],
        batch_size: int = 32,
        top_k: int | None = None,
        on_error: Literal["raise"] = "raise",
        progress: bool = False,
    ) -> Iterator[Prediction]: ...
    @overload
    def predict_many(
        self,
        images: Iterable[ImageSource],
        batch_size: int = 32,
        top_k: int | None = None,
        *,
        on_error: Literal["keep"],
        progress: bool = False,
    ) -> Iterator[Prediction | CnnHubError]: ...
    def predict_many(
        self,
        images: Iterable[ImageSource],
        batch_size: int = 32,
        top_k: int | None = None,
        on_error: Literal["raise", "keep"] = "raise",
        progress: bool = False,
    ) -> Iterator[Any]:
        """Classify many pictures, a batch at a time, yielding in input order.

        `images` may be an endless iterator: it is read no further ahead than one batch. `progress` shows a bar on
        standard error. With on_error="keep" a picture that cannot be read yields its ImageError in its place; with
        "raise" it ends the iteration.

        Raises:
            ImageError: a picture cannot be read and on_error is "raise".
            ArgumentError: batch_size or top_k is not a positive whole number, on_error is something else, or one picture
                arrived, not several. These are raised at once, not when the first answer is asked for.

        >>> from sklearn.datasets import load_sample_images
        >>> outcomes = load("flowers").predict_many([*load_sample_images().images, b"no picture"], on_error="keep")
        >>> [type(outcome).__name__ for outcome in outcomes]
        ['Prediction', 'Prediction', 'ImageError']
        """
        _check_count("batch_size", batch_size)
        _check_top_k(top_k)
        if on_error not in ("raise", "keep"):
            raise ArgumentError(f"on_error is {on_error!r}; expected 'raise' or 'keep'.")
        outcomes = self._outcomes(_several(images), batch_size, top_k, on_error)
        return _with_bar(outcomes, len(images) if isinstance(images, Sized) else None) if progress else outcomes

    def preprocess(self, image: ImageSource) -> torch.Tensor:
        """A picture -> pixels (3, H, W) float32, normalised as the network was trained (timm's transform).

        Raises:
            ImageError: the picture cannot be read, or is a sliver.

        >>> pixels = load("flowers").preprocess(np.zeros((300, 400, 3), np.uint8))
        >>> pixels.shape, pixels.unique()
        (torch.Size([3, 224, 224]), tensor([-1.]))
        """
        opened = open_image(image)
        self._check_shape(opened.size)
        pixels: torch.Tensor = self._transform(opened)
        return pixels

    def logits(self, image: ImageSource) -> torch.Tensor:
        """A picture -> logits (K,) float32: what stands before temperature and softmax.

        Raises:
            ImageError: the picture cannot be read.

        >>> load("flowers").logits(np.zeros((300, 400, 3), np.uint8)).shape
        torch.Size([5])
        """
        return self.engine.logits(self.preprocess(image)[None])[0]

    def embed(self, image: ImageSource) -> torch.Tensor:
        """A picture -> what the network's last layer, its head, sees: pooled features (num_features,) float32.

        Where hidden layers stand before the head, as in VGG and MobileNetV3, it is their output, and its length the
        network's `head_hidden_size`.

        Raises:
            ImageError: the picture cannot be read.

        >>> load("flowers").embed(np.zeros((300, 400, 3), np.uint8)).shape
        torch.Size([1280])
        """
        pixels = self.preprocess(image)[None].to(self._network_device)
        with torch.inference_mode():
            network: Any = self.network
            features: torch.Tensor = network.forward_head(network.forward_features(pixels), pre_logits=True)
            return features[0].float().cpu()

    def layers(self) -> list[str]:
        """Names of the layers whose output is a stack of maps, shallow to deep.

        >>> load("flowers").layers()[:3]
        ['conv_stem', 'bn1.act', 'bn1']
        """
        return list(self.layer_shapes())

    def layer_shapes(self) -> dict[str, tuple[int, int, int]]:
        """Layer name -> (C, H, W) of its output, in channels and pixels, shallow to deep.

        >>> load("flowers").layer_shapes()["conv_stem"]
        (32, 112, 112)
        """
        return dict(self._layer_shapes)

    def stages(self) -> list[str]:
        """The few layers that tell the journey: where the size of the maps changes, shallow to deep.

        >>> load("flowers").stages()
        ['bn1', 'blocks.0', 'blocks.1', 'blocks.2', 'blocks.3', 'blocks.4', 'blocks.5', 'blocks.6', 'bn2']
        """
        return features.stages(self.layer_shapes())

    def feature_maps(self, image: ImageSource, layers: str | Sequence[str]) -> dict[str, torch.Tensor]:
        """Layer name -> its feature maps (C, H, W) float32 for this picture.

        Raises:
            UnknownNameError: no such layer; the message names near ones.
            ImageError: the picture cannot be read.

        >>> maps = load("flowers").feature_maps(np.zeros((300, 400, 3), np.uint8), ["blocks.1", "bn2"])
        >>> {name: tuple(values.shape) for name, values in maps.items()}
        {'blocks.1': (24, 56, 56), 'bn2': (1280, 7, 7)}
        """
        names = self._known_layers(layers)
        pixels = self.preprocess(image)[None].to(self._network_device)
        return features.feature_maps(self.network, pixels, names)

    def forward_pass(self, image: ImageSource, layers: str | Sequence[str]) -> ForwardPass:
        """`preprocess`, `feature_maps` and `predict` together: the picture is read and the network run once.

        torch runs the network, whatever the engine.

        Raises:
            UnknownNameError: no such layer; the message names near ones.
            ImageError: the picture cannot be read.

        >>> from sklearn.datasets import load_sample_image
        >>> seen = load("imagenet").forward_pass(load_sample_image("china.jpg"), "bn2")
        >>> seen.pixels.shape, seen.maps["bn2"].shape, seen.prediction.label
        (torch.Size([3, 224, 224]), torch.Size([1280, 7, 7]), 'palace')
        """
        names = self._known_layers(layers)
        pixels = self.preprocess(image)
        with features.recording_copy(self.network, names) as (private, maps):
            prediction = self._predictions(pixels[None], None, TorchEngine(private, self._network_device))[0]
        return ForwardPass(pixels, features.of_first(maps, names), prediction)

    def label_index(self, label: str) -> int:
        """The class number of a label, the index of its logit.

        Raises:
            UnknownNameError: no class has this label.

        >>> load("flowers").label_index("tulips")
        4
        """
        return label_index(self.labels, label)

    def _check_shape(self, size: tuple[int, int]) -> None:
        """Refuse a sliver: bringing its shorter side to the input's size would make the longer one immense."""
        cfg = self.config.pretrained_cfg
        side = max(cfg.input_size[1:]) / cfg.crop_pct
        if cfg.crop_mode == "center" and side * side * max(size) / min(size) > MAX_RESIZED_PIXELS:
            raise ImageError(
                f"The picture is {size[0]} x {size[1]} pixels, a sliver that cannot be classified. "
                "Crop it to something less long."
            )

    @property
    def _network_device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _known_layers(self, layers: str | Sequence[str]) -> list[str]:
        names = [layers] if isinstance(layers, str) else list(dict.fromkeys(layers))
        features.check_layers(names, self.layers())
        return names

    @cached_property
    def _layer_shapes(self) -> dict[str, tuple[int, int, int]]:
        return features.layer_shapes(self.network, self.config.pretrained_cfg.input_size)

    def _outcomes(
        self, images: Iterator[ImageSource], batch_size: int, top_k: int | None, on_error: str
    ) -> Iterator[Prediction | CnnHubError]:
        while batch := list(islice(images, batch_size)):
            outcomes = [self._try_preprocess(image, on_error) for image in batch]
            pixels = [outcome for outcome in outcomes if isinstance(outcome, torch.Tensor)]
            predictions = iter(self._predictions(torch.stack(pixels), top_k, self.engine) if pixels else [])
            for outcome in outcomes:
                yield next(predictions) if isinstance(outcome, torch.Tensor) else outcome

    def _try_preprocess(self, image: ImageSource, on_error: str) -> torch.Tensor | CnnHubError:
        try:
            return self.preprocess(image)
        except ImageError as error:
            if on_error == "raise":
                raise
            return error

    def _predictions(self, pixels: torch.Tensor, top_k: int | None, engine: Engine) -> list[Prediction]:
        """Pixels (N, 3, H, W) -> N predictions."""
        logits, strangeness = self._logits_and_strangeness(pixels, engine)
        probabilities = torch.softmax(logits.double() / self.config.cnnhub.temperature, dim=1)
        values, indices = probabilities.topk(min(top_k or len(self.labels), len(self.labels)), dim=1)
        predictions = []
        for row, numbers, strange in zip(values.tolist(), indices.tolist(), strangeness, strict=True):
            scores = {self.labels[number]: value for number, value in zip(numbers, row, strict=True)}
            is_unfamiliar = None if strange is None or self.threshold is None else strange > self.threshold
            predictions.append(Prediction(self.labels[numbers[0]], row[0], scores, is_unfamiliar, strange))
        return predictions

    def _logits_and_strangeness(self, pixels: torch.Tensor, engine: Engine) -> tuple[torch.Tensor, list[float] | list[None]]:
        """Pixels (N, 3, H, W) -> logits (N, K) before the temperature, and N numbers, or nothings without a threshold."""
        if self._taught:
            logits, embeddings = engine.logits_and_embeddings(pixels)
            return logits, self._taught.strangeness(logits.numpy(), embeddings.numpy()).tolist()
        logits = engine.logits(pixels)
        return logits, [None] * len(logits) if self.threshold is None else energy(logits.numpy()).tolist()


def _taught(files: hub.ModelFiles, config: ModelConfig, network: Any) -> Familiarity | None:
    """What the model keeps of its training pictures; nothing beside a fresh head."""
    stored = config.cnnhub.neighbours
    if files.familiar is None or stored is None:
        return None
    whole = read_familiar(files.familiar.parent, stored.k, getattr(network, "head_hidden_size", None) or network.num_features)
    return Familiarity(unit_length(whole), stored)


def _head_labels(num_classes: int | None, labels: Sequence[str] | None) -> list[str]:
    """The labels of a fresh head."""
    if labels is None:
        if isinstance(num_classes, bool) or not isinstance(num_classes, int) or not 1 <= num_classes <= MAX_CLASSES:
            raise ArgumentError(f"num_classes={num_classes!r} arrived; expected a whole number from 1 to {MAX_CLASSES:,}.")
        return [f"class {number}" for number in range(num_classes)]
    names = [] if isinstance(labels, str) or not isinstance(labels, Iterable) else list(labels)
    if (not names and labels != []) or not all(isinstance(name, str) and name for name in names):
        raise ArgumentError(f"labels={labels!r} arrived; expected a list of names such as ['ant', 'bee'].")
    if not 1 <= len(names) <= MAX_CLASSES or len(set(names)) < len(names):
        different = len(set(names))
        raise ArgumentError(f"{len(names)} labels arrived, {different} different ones; expected at least one, and each once.")
    if num_classes not in (None, len(names)):
        raise ArgumentError(f"num_classes={num_classes} and {len(names)} labels arrived. Leave num_classes out.")
    return names


def _check_count(name: str, value: Any, otherwise: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ArgumentError(f"{name} is {value!r}; expected a whole number of at least 1{otherwise}.")


def _check_top_k(top_k: int | None) -> None:
    if top_k is not None:
        _check_count("top_k", top_k, ", or None for all")


def _several(images: Iterable[ImageSource]) -> Iterator[ImageSource]:
    """An iterator over pictures. A path, bytes or an array that is one picture would be iterated over, too, to no good."""
    is_array_of_one = isinstance(images, np.ndarray) and images.ndim == 3 and images.shape[2] in (3, 4)
    if isinstance(images, str | bytes | bytearray) or is_array_of_one or not isinstance(images, Iterable):
        what = "array" if is_array_of_one else type(images).__name__
        raise ArgumentError(f"One {what} arrived; predict_many expects a list or an iterator of pictures. predict takes one.")
    return iter(images)


def _with_bar(outcomes: Iterator[Prediction | CnnHubError], total: int | None) -> Iterator[Prediction | CnnHubError]:
    from rich.console import Console
    from rich.progress import track

    return iter(track(outcomes, "classifying", total=total, console=Console(stderr=True), transient=True))


def _engine(name: str, network: torch.nn.Module, device: torch.device, config: ModelConfig) -> Engine:
    if name != "onnx":
        return TorchEngine(network, device)
    from cnnhub.engines.onnx import OnnxEngine

    return OnnxEngine(network, config.pretrained_cfg.input_size)


def _device(device: str | torch.device | None, engine: str) -> torch.device:
    try:
        chosen = torch.device("cpu" if device is None else device)
        if engine == "onnx" and chosen.type != "cpu":
            raise DeviceError(f"engine='onnx' runs on the CPU; device is {str(chosen)!r}. Leave one of them out.")
        torch.zeros(1, device=chosen).cpu()  # "meta" takes values and gives none back
    except (RuntimeError, AssertionError, TypeError) as error:  # torch raises any of them for a backend that is not there
        why = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        raise DeviceError(
            f"The device {device!r} cannot be used: {why}. This machine has {', '.join(_devices())}; "
            "leave device out for the CPU."
        ) from error
    return chosen


def _devices() -> list[str]:
    """What torch can use here."""
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]
