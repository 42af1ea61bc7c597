"""Classifier: a picture in, a Prediction out.

What answers is NumPy and runs without torch, whatever the engine needs; what looks inside the network is torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from functools import cached_property, partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from cnnhub import ahead, preprocessing
from cnnhub.engines import Engine
from cnnhub.errors import ArgumentError, CnnHubError, ImageError
from cnnhub.familiarity import Familiarity, energy
from cnnhub.hub.config import Energy, ModelConfig
from cnnhub.hub.labels import label_index
from cnnhub.images import ImageSource, open_to_scale
from cnnhub.prediction import ForwardPass, Prediction, ReliabilityBin

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cnnhub.features import Layer

_Answer: TypeAlias = "tuple[NDArray[np.float32], NDArray[np.float32] | None]"  # logits (N, K), and embeddings (N, D) if wanted
CLOSE = 0.1  # the first label's probability less the second's, below which a large JPEG is decoded whole


class Classifier:
    """An image classifier: labels, preprocessing and an engine that runs a network, made by `load`.

    Its methods may run in several threads. It can be pickled: the copy, in another process say, gives equal logits and
    runs on the same device.

    Attributes:
        labels: one name a class, in the order of the logits.
        config: its config.json. engine: what runs the network. source: what it was loaded from.
        reduced_decoding: whether large JPEGs are decoded at reduced size, see `load`.

    >>> cnnhub.load("cats-vs-dogs")
    Classifier('cats-vs-dogs', tf_efficientnet_lite1, 2 labels)
    """

    def __init__(
        self,
        config: ModelConfig,
        engine: Engine,
        source: str,
        network: Callable[[], torch.nn.Module],
        taught: Familiarity | None = None,
        *,
        reduced_decoding: bool = True,
    ) -> None:
        """`network` builds it, or hands out the one that the engine runs."""
        self.config = config
        self.engine = engine
        self.source = source
        self.labels: list[str] = config.labels()
        self._network = network
        self._taught = taught
        self.reduced_decoding = reduced_decoding

    def __repr__(self) -> str:
        return f"Classifier({self.source!r}, {self.config.architecture}, {len(self.labels)} labels)"

    @property
    def network(self) -> torch.nn.Module:
        """The timm network in eval mode; it is built when it is first asked for.

        >>> type(cnnhub.load("flowers").network).__name__
        'EfficientNet'
        """
        return self._network()

    @property
    def false_alarm(self) -> float | None:
        """The share of the validation pictures, 0 to 1, that were called unfamiliar; None where it was not measured.

        >>> round(cnnhub.load("cats-vs-dogs").false_alarm, 4)
        0.0495
        """
        return self._taught.stored.false_alarm if self._taught else self._energy.false_alarm

    @property
    def threshold(self) -> float | None:
        """The strangeness above which a picture is called unfamiliar; None where the model stores none.

        >>> round(cnnhub.load("imagenet").threshold, 2)
        1.9
        """
        return self._taught.stored.threshold if self._taught else self._energy.threshold

    def reliability(self, probability: float) -> ReliabilityBin | None:
        """How often answers that were about as probable were right, on pictures that the network did not learn from.

        Args:
            probability: an answer's, as `Prediction.probability` gives it.

        Returns:
            None where it was not measured, or where no answer was about as probable.

        Raises:
            ArgumentError: the probability does not lie in 0 to 1.

        >>> found = cnnhub.load("cats-vs-dogs").reliability(0.99)
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
        >>> scores = cnnhub.load("imagenet").predict(load_sample_image("china.jpg"), top_k=2).scores
        >>> [f"{label} {share:.0%}" for label, share in scores.items()]
        ['palace 88%', 'monastery 8%']
        """
        _check_top_k(top_k)
        pixels, answer = self._seen(image)
        return self._predictions(*(answer or self._answer(pixels[None], self.engine)), top_k)[0]

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

        While the network works on one batch, the next is read from `images` and decoded in threads, one a core: `images` may
        be an endless iterator, of which no more than that one batch is read ahead. `progress` shows a bar on standard error.
        With on_error="keep" a picture that cannot be read yields its ImageError in its place; with "raise" it ends the
        iteration.

        Raises:
            ImageError: a picture cannot be read and on_error is "raise".
            ArgumentError: batch_size or top_k is not a positive whole number, on_error is something else, or one picture
                arrived, not several. These are raised at once, not when the first answer is asked for.

        >>> from sklearn.datasets import load_sample_images
        >>> outcomes = cnnhub.load("flowers").predict_many([*load_sample_images().images, b"no picture"], on_error="keep")
        >>> [type(outcome).__name__ for outcome in outcomes]
        ['Prediction', 'Prediction', 'ImageError']
        """
        _check_count("batch_size", batch_size)
        _check_top_k(top_k)
        if on_error not in ("raise", "keep"):
            raise ArgumentError(f"on_error is {on_error!r}; expected 'raise' or 'keep'.")
        outcomes = self._outcomes(_several(images), batch_size, top_k, on_error)
        return _with_bar(outcomes, len(images) if isinstance(images, Sized) else None) if progress else outcomes

    def to_pixels(self, image: ImageSource) -> NDArray[np.uint8]:
        """A picture -> pixels (3, H, W), 0 to 255, scaled and cut as the network was trained: what an engine takes.

        Raises:
            ImageError: the picture cannot be read, or is a sliver.

        >>> cnnhub.load("flowers").to_pixels(np.zeros((300, 400, 3), np.uint8)).shape
        (3, 224, 224)
        """
        return self._seen(image)[0]

    def may_reduce(self, size: tuple[int, int]) -> bool:
        """Whether a JPEG file of this (width, height) is so large that it may be decoded at reduced size.

        Raises:
            ImageError: such a picture is a sliver.

        >>> cnnhub.load("flowers").may_reduce((4000, 3000)), cnnhub.load("flowers").may_reduce((640, 480))
        (True, False)
        """
        least = preprocessing.least_size(size, self.config.pretrained_cfg)
        return self.reduced_decoding and min(size[0] // least[0], size[1] // least[1]) > 1

    def predictions(self, pixels: NDArray[np.uint8], engine: Engine | None = None, top_k: int | None = None) -> list[Prediction]:
        """Pixels (N, 3, H, W), as `to_pixels` gives them -> N predictions, by another engine where one is given.

        >>> flowers = cnnhub.load("flowers")
        >>> len(flowers.predictions(np.zeros((2, 3, 224, 224), np.uint8)))
        2
        """
        return self._predictions(*self._answer(pixels, engine or self.engine), top_k)

    def preprocess(self, image: ImageSource) -> NDArray[np.float32]:
        """A picture -> pixels (3, H, W) float32, normalised as the network was trained (equal to timm's transform).

        Raises:
            ImageError: the picture cannot be read, or is a sliver.

        >>> pixels = cnnhub.load("flowers").preprocess(np.zeros((300, 400, 3), np.uint8))
        >>> pixels.shape, np.unique(pixels)
        ((3, 224, 224), array([-1.], dtype=float32))
        """
        return preprocessing.normalise(self.to_pixels(image), self.config.pretrained_cfg)

    def logits(self, image: ImageSource) -> NDArray[np.float32]:
        """A picture -> logits (K,) float32: what stands before temperature and softmax.

        Raises:
            ImageError: the picture cannot be read.

        >>> cnnhub.load("flowers").logits(np.zeros((300, 400, 3), np.uint8)).shape
        (5,)
        """
        logits, _ = self.engine.answer(self.to_pixels(image)[None])
        return _first(logits)

    def embed(self, image: ImageSource) -> NDArray[np.float32]:
        """A picture -> what the network's last layer, its head, sees: pooled features (num_features,) float32.

        Where hidden layers stand before the head, as in VGG and MobileNetV3, it is their output, and its length the
        network's head_hidden_size.

        Raises:
            ImageError: the picture cannot be read.

        >>> cnnhub.load("flowers").embed(np.zeros((300, 400, 3), np.uint8)).shape
        (1280,)
        """
        _, embeddings = self.engine.answer(self.to_pixels(image)[None], embed=True)
        assert embeddings is not None
        return _first(embeddings)

    def layers(self) -> list[str]:
        """Names of the layers whose output is a stack of maps, shallow to deep.

        >>> cnnhub.load("flowers").layers()[:3]
        ['conv_stem', 'bn1.act', 'bn1']
        """
        return list(self.layer_shapes())

    def layer_shapes(self) -> dict[str, tuple[int, int, int]]:
        """Layer name -> (C, H, W) of its output, in channels and pixels, shallow to deep.

        >>> cnnhub.load("flowers").layer_shapes()["conv_stem"]
        (32, 112, 112)
        """
        return {name: layer.shape for name, layer in self._layers.items()}

    def map_layers(self) -> dict[str, Layer]:
        """Layer name -> how its output is read as a stack of maps, shallow to deep.

        >>> cnnhub.load("flowers").map_layers()["conv_stem"].is_channels_last
        False
        """
        return dict(self._layers)

    def stages(self) -> list[str]:
        """The few layers that mark the way through the network: where the size of the maps changes, shallow to deep.

        >>> cnnhub.load("flowers").stages()
        ['bn1', 'blocks.0', 'blocks.1', 'blocks.2', 'blocks.3', 'blocks.4', 'blocks.5', 'blocks.6', 'bn2']
        """
        from cnnhub import features

        return features.stages(self.layer_shapes())

    def feature_maps(self, image: ImageSource, layers: str | Sequence[str]) -> dict[str, torch.Tensor]:
        """Layer name -> its feature maps (C, H, W) float32 for this picture.

        Raises:
            UnknownNameError: no such layer; the message names near ones.
            ImageError: the picture cannot be read.

        >>> maps = cnnhub.load("flowers").feature_maps(np.zeros((300, 400, 3), np.uint8), ["blocks.1", "bn2"])
        >>> {name: tuple(values.shape) for name, values in maps.items()}
        {'blocks.1': (24, 56, 56), 'bn2': (1280, 7, 7)}
        """
        import torch

        from cnnhub import features
        from cnnhub.engines.torch import device_of

        asked = self._known_layers(layers)
        pixels = torch.from_numpy(self.preprocess(image))[None].to(device_of(self.network))
        return features.feature_maps(self.network, pixels, asked)

    def forward_pass(self, image: ImageSource, layers: str | Sequence[str]) -> ForwardPass:
        """`preprocess`, `feature_maps` and `predict` together: the picture is read and the network run once.

        torch runs the network, whatever the engine.

        Raises:
            UnknownNameError: no such layer; the message names near ones.
            ImageError: the picture cannot be read.

        >>> from sklearn.datasets import load_sample_image
        >>> seen = cnnhub.load("imagenet").forward_pass(load_sample_image("china.jpg"), "bn2")
        >>> seen.pixels.shape, seen.maps["bn2"].shape, seen.prediction.label
        (torch.Size([3, 240, 240]), torch.Size([1280, 8, 8]), 'palace')
        """
        import torch

        from cnnhub import features
        from cnnhub.engines.torch import TorchEngine

        asked = self._known_layers(layers)
        pixels, cfg = self.to_pixels(image), self.config.pretrained_cfg
        with features.recording_copy(self.network, list(asked)) as (private, outputs):
            prediction = self.predictions(pixels[None], TorchEngine(private, cfg))[0]
        normalised = torch.from_numpy(preprocessing.normalise(pixels, cfg))
        return ForwardPass(normalised, {name: layer.maps(outputs[name]) for name, layer in asked.items()}, prediction)

    def label_index(self, label: str) -> int:
        """The class number of a label, the index of its logit.

        Raises:
            UnknownNameError: no class has this label.

        >>> cnnhub.load("flowers").label_index("tulips")
        4
        """
        return label_index(self.labels, label)

    def _known_layers(self, layers: str | Sequence[str]) -> dict[str, Layer]:
        from cnnhub import features

        names = [layers] if isinstance(layers, str) else list(dict.fromkeys(layers))
        features.check_layers(names, list(self._layers))
        return {name: self._layers[name] for name in names}

    @cached_property
    def _layers(self) -> dict[str, Layer]:
        from cnnhub import features
        from cnnhub.engines.network import twice_as_large

        return features.layers_of(self.network, self.config.pretrained_cfg.input_size, lambda: twice_as_large(self.config))

    def _outcomes(
        self, images: Iterator[ImageSource], batch_size: int, top_k: int | None, on_error: str
    ) -> Iterator[Prediction | CnnHubError]:
        for outcomes in ahead.batches(self._try, images, batch_size):
            failure = next((outcome for outcome in outcomes if isinstance(outcome, ImageError)), None)
            if failure is not None and on_error == "raise":
                raise failure
            pixels = [outcome[0] for outcome in outcomes if not isinstance(outcome, ImageError) and outcome[1] is None]
            predictions = iter(self.predictions(np.stack(pixels), top_k=top_k) if pixels else [])
            for outcome in outcomes:
                if isinstance(outcome, ImageError):
                    yield outcome
                else:
                    yield next(predictions) if outcome[1] is None else self._predictions(*outcome[1], top_k)[0]

    def _try(self, image: ImageSource) -> tuple[NDArray[np.uint8], _Answer | None] | ImageError:
        try:
            return self._seen(image)
        except ImageError as error:
            return error

    def _seen(self, image: ImageSource) -> tuple[NDArray[np.uint8], _Answer | None]:
        """A picture -> pixels (3, H, W), and the engine's answer where it had to be known for them.

        A large JPEG is decoded at reduced size, and then whole after all where its first two labels are close: there the few
        values that differ could decide.
        """
        cfg = self.config.pretrained_cfg
        opened = open_to_scale(image, partial(preprocessing.least_size, cfg=cfg) if self.reduced_decoding else None)
        pixels = preprocessing.to_pixels(opened.picture, cfg, opened.size, opened.box)
        if opened.whole is None:
            return pixels, None
        answer = self._answer(pixels[None], self.engine)
        second, first = np.sort(np.append(self._probabilities(answer[0])[0], 0))[-2:]  # where there is one label too
        if first - second >= CLOSE:
            return pixels, answer
        return preprocessing.to_pixels(opened.whole().picture, cfg), None

    def _answer(self, pixels: NDArray[np.uint8], engine: Engine) -> _Answer:
        return engine.answer(pixels, embed=self._taught is not None)

    def _probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        return softmax(logits.astype(np.float64) / self.config.cnnhub.temperature)

    def _predictions(
        self, logits: NDArray[np.float32], embeddings: NDArray[np.float32] | None, top_k: int | None
    ) -> list[Prediction]:
        probabilities = self._probabilities(logits)
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top_k]
        return [
            self._prediction(row, best, strangeness)
            for row, best, strangeness in zip(probabilities, order, self._strangeness(logits, embeddings), strict=True)
        ]

    def _prediction(self, probabilities: NDArray[np.float64], best: NDArray[np.intp], strangeness: float | None) -> Prediction:
        scores = {self.labels[number]: float(probabilities[number]) for number in best}
        is_unfamiliar = None if strangeness is None or self.threshold is None else strangeness > self.threshold
        label = self.labels[best[0]]
        return Prediction(label, scores[label], scores, is_unfamiliar, strangeness)

    def _strangeness(
        self, logits: NDArray[np.float32], embeddings: NDArray[np.float32] | None
    ) -> Sequence[float] | Sequence[None]:
        """Of N pictures, from logits (N, K) before the temperature and embeddings (N, D); None for each without a threshold."""
        if self._taught and embeddings is not None:
            return list(map(float, self._taught.strangeness(logits, embeddings)))
        return [None] * len(logits) if self.threshold is None else list(map(float, energy(logits)))


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Logits (N, K) -> probabilities (N, K), computed in float64.

    >>> softmax(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    exact = logits.astype(np.float64)
    powers = np.exp(exact - exact.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def _first(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    first: NDArray[np.float32] = rows[0]
    return first


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
