"""A network so small that it learns to read digits while one watches: the twin of what the page trains in the browser.

A convolution with 8 filters 3 x 3 and ReLU, 2 x 2 max pooling, a linear layer and softmax: 810 parameters, all of them in sight.
It learns from 8 x 8 pixels, by stochastic gradient descent with momentum. NumPy alone, in float64; `live_math.js` computes the
same, and tests hold the two together.

>>> training = Training(seed=1)
>>> for _ in range(200):
...     loss = training.step()
>>> training.accuracy() > 0.9
True
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cnnhub.chance import Chance
from cnnhub.errors import ArgumentError
from cnnhub.handwriting import CLASSES, COUNT, SIDE
from cnnhub.handwriting import as_digit as as_digit  # what it learns from, and what it is asked
from cnnhub.handwriting import digits as digits

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Whole: TypeAlias = NDArray[np.int64]

FILTERS, KERNEL = 8, 3
MAP, POOLED = SIDE - KERNEL + 1, (SIDE - KERNEL + 1) // 2  # sides of a feature map before and after pooling
SHAPES = {
    "filters": (FILTERS, KERNEL, KERNEL),
    "filter_biases": (FILTERS,),
    "weights": (CLASSES, FILTERS * POOLED**2),
    "biases": (CLASSES,),
}
PARAMETERS = sum(math.prod(shape) for shape in SHAPES.values())  # 810
HELD_OUT = 0.25  # share of the digits that accuracy is measured on
MOMENTUM = 0.9
STEP = 1e-5  # of the finite difference, in the weight's own unit
_WEIGHTS, _SPLIT, _ORDER, _NOISE = range(4)  # streams of `Chance`


@dataclass(frozen=True)
class Parts:
    """Parameters, or the gradients in them, by what they belong to: views into one vector (810,).

    Attributes:
        filters: (8, 3, 3), applied by correlation. filter_biases: (8,).
        weights: (10, 72) of the linear layer; 72 are 8 channels of 3 x 3 values. biases: (10,).

    >>> Parts.of(np.zeros(810)).weights.shape
    (10, 72)
    """

    filters: Floats
    filter_biases: Floats
    weights: Floats
    biases: Floats

    @classmethod
    def of(cls, vector: Floats) -> Parts:
        """The views into a vector (810,).

        >>> Parts.of(np.arange(810.0)).biases
        array([800., 801., 802., 803., 804., 805., 806., 807., 808., 809.])
        """
        views, start = {}, 0
        for name, shape in SHAPES.items():
            end = start + math.prod(shape)
            views[name] = vector[start:end].reshape(shape)
            start = end
        return cls(**views)


@dataclass(frozen=True)
class Activations:
    """What the network makes of N pictures, layer by layer.

    Attributes:
        maps: (N, 8, 6, 6), after ReLU. pooled: (N, 8, 3, 3). logits, probabilities: (N, 10).

    >>> LiveNetwork().activations(digits().pictures[:2]).pooled.shape
    (2, 8, 3, 3)
    """

    maps: Floats
    pooled: Floats
    logits: Floats
    probabilities: Floats


class LiveNetwork:
    """The network, with random weights as He et al. 2015 draw them and biases of 0.

    Attributes:
        parameters: all 810 in one vector, filters first, then their biases, weights, biases.

    Raises:
        ArgumentError: the seed is no whole number of 32 bits.

    >>> LiveNetwork(seed=1).parts.filters.shape
    (8, 3, 3)
    """

    def __init__(self, seed: int = 0) -> None:
        chance = Chance(seed, _WEIGHTS)
        self.parameters: Floats = np.zeros(PARAMETERS)
        for weights, inputs in ((self.parts.filters, KERNEL**2), (self.parts.weights, SHAPES["weights"][1])):
            drawn = [chance.normal() for _ in range(weights.size)]
            weights[:] = math.sqrt(2 / inputs) * np.reshape(drawn, weights.shape)

    @property
    def parts(self) -> Parts:
        """The parameters by layer; writing into them changes the network.

        >>> network = LiveNetwork()
        >>> network.parts.biases[:] = 1
        >>> network.parameters[-10:].sum()
        np.float64(10.0)
        """
        return Parts.of(self.parameters)

    def activations(self, pictures: ArrayLike) -> Activations:
        """Every layer's output for pictures (N, 8, 8).

        Raises:
            ArgumentError: they have another shape.

        >>> LiveNetwork().activations(digits().pictures[:2]).maps.shape
        (2, 8, 6, 6)
        """
        return self._activations(_as_pictures(pictures))

    def forward(self, pictures: ArrayLike) -> Floats:
        """Pictures (N, 8, 8) -> probabilities (N, 10).

        Raises:
            ArgumentError: they have another shape.

        >>> LiveNetwork().forward(digits().pictures[:2]).sum(axis=1)
        array([1., 1.])
        """
        return self.activations(pictures).probabilities

    def loss(self, pictures: ArrayLike, labels: Whole) -> float:
        """The mean cross-entropy, in nats: 2.3 (the logarithm of 10) where all labels are equally probable.

        >>> network = LiveNetwork()
        >>> network.parameters[:] = 0
        >>> round(network.loss(digits().pictures, digits().labels), 3)
        2.303
        """
        return _cross_entropy(self.activations(pictures).logits, labels)

    def gradients(self, pictures: ArrayLike, labels: Whole) -> Floats:
        """The derivatives (810,) of the loss with respect to every parameter, by back-propagation.

        >>> LiveNetwork().gradients(digits().pictures[:9], digits().labels[:9]).shape
        (810,)
        """
        pictures = _as_pictures(pictures)
        return self._gradients(pictures, labels, self._activations(pictures))

    def with_parameter(self, index: int, value: float) -> LiveNetwork:
        """A copy in which one parameter has another value.

        >>> network = LiveNetwork()
        >>> (network.with_parameter(3, 7.0).parameters != network.parameters).nonzero()[0]
        array([3])
        """
        other = copy.copy(self)
        other.parameters = self.parameters.copy()
        other.parameters[index] = value
        return other

    def _activations(self, pictures: Floats) -> Activations:
        parts = self.parts
        maps = np.tile(parts.filter_biases[:, None, None], (len(pictures), 1, MAP, MAP))
        for row in range(KERNEL):  # one weight after the other, as in JavaScript, so that equal sums are equal in both
            for column in range(KERNEL):
                seen = pictures[:, None, row : row + MAP, column : column + MAP]  # (N, 1, 6, 6)
                maps += parts.filters[:, row, column, None, None] * seen
        maps = np.maximum(maps, 0)
        pooled = _windows(maps).max(axis=-1)
        logits = pooled.reshape(len(pictures), -1) @ parts.weights.T + parts.biases
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return Activations(maps, pooled, logits, shifted / shifted.sum(axis=1, keepdims=True))

    def _gradients(self, pictures: Floats, labels: Whole, seen: Activations) -> Floats:
        count = len(pictures)
        gradients = np.zeros(PARAMETERS)
        parts = Parts.of(gradients)
        of_logits = seen.probabilities.copy()
        of_logits[np.arange(count), labels] -= 1
        of_logits /= count
        parts.biases[:] = of_logits.sum(axis=0)
        parts.weights[:] = of_logits.T @ seen.pooled.reshape(count, -1)
        of_pooled = (of_logits @ self.parts.weights).reshape(seen.pooled.shape)
        of_pooled = np.where(seen.pooled > 0, of_pooled, 0)  # ReLU
        # only the largest value of a window, the first where several are, passes its gradient on
        windows = np.zeros((*of_pooled.shape, 4))
        np.put_along_axis(windows, _windows(seen.maps).argmax(axis=-1)[..., None], of_pooled[..., None], axis=-1)
        of_maps = _unwindowed(windows)
        parts.filter_biases[:] = of_maps.sum(axis=(0, 2, 3))
        for row in range(KERNEL):
            for column in range(KERNEL):
                under = pictures[:, row : row + MAP, column : column + MAP]
                parts.filters[:, row, column] = np.einsum("nfyx,nyx->f", of_maps, under)
        return gradients


@dataclass(frozen=True)
class Slope:
    """The loss on one batch along one weight, all other parameters held.

    Attributes:
        weight: its value now. derivative: of the loss with respect to it, by back-propagation.
        difference: the same from two losses, (loss(w + h) - loss(w - h)) / 2h. It differs where a kink of ReLU or
            pooling lies between the two.
        weights, losses: (points,), the curve around it.

    >>> slope = Training(seed=1).slope(0, points=5)
    >>> slope.losses.shape, float(slope.weights[2]) == slope.weight
    ((5,), True)
    """

    weight: float
    derivative: float
    difference: float
    weights: Floats
    losses: Floats


class Training:
    """A network that learns, a step at a time. A quarter of the digits is held out, the same for every seed.

    `learning_rate`, `batch_size` and `momentum` may be changed between steps. With a rate far too large the loss ends as nan.

    Attributes:
        network: what learns. steps: how many it has taken. seen: how many digits, counting repetitions.
        train, held_out: positions in `digits()`. labels: (1797,), what it is told, with the noise in those of `train`.

    Args:
        seed: of weights, order and noise.
        learning_rate: how far a step goes down the slope.
        batch_size: digits a step.
        noise: the share of training digits, 0 to 1, whose label is replaced by one of the nine others.

    Raises:
        ArgumentError: a setting that means nothing.

    >>> training = Training(seed=1, batch_size=64)
    >>> training.step() > training.step() * 0.5, training.steps, round(training.epoch, 3)
    (True, 2, 0.095)
    """

    def __init__(
        self, seed: int = 0, learning_rate: float = 0.05, batch_size: int = 32, noise: float = 0.0, momentum: float = MOMENTUM
    ) -> None:
        self.network = LiveNetwork(seed)
        self.learning_rate, self.batch_size, self.noise, self.momentum = learning_rate, batch_size, noise, momentum
        places = np.array(Chance(0, _SPLIT).order(COUNT))
        held_out = round(HELD_OUT * COUNT)
        self.held_out, self.train = np.sort(places[:held_out]), np.sort(places[held_out:])
        self._check()
        self.labels = _noisy(digits().labels, self.train, noise, Chance(seed, _NOISE))
        self.steps = self.seen = 0
        self._chance, self._velocity = Chance(seed, _ORDER), np.zeros(PARAMETERS)
        self._begin_pass()

    @property
    def epoch(self) -> float:
        """How many times it has seen as many digits as there are to learn from.

        >>> Training().epoch
        0.0
        """
        return self.seen / len(self.train)

    @property
    def batch(self) -> Whole:
        """Positions of the digits of the next step.

        >>> Training(batch_size=4).batch.shape
        (4,)
        """
        if self._next + self.batch_size > len(self.train):  # a pass ends with its last whole batch
            self._begin_pass()
        return self._order[self._next : self._next + self.batch_size]

    def step(self) -> float:
        """Learn from the next batch: v = momentum v - rate gradient, w = w + v -> the loss on it before the step, nats.

        >>> training = Training(seed=1)
        >>> first = training.step()
        >>> min(training.step() for _ in range(40)) < first
        True
        """
        self._check()
        pictures, labels = self._of_batch()
        with np.errstate(over="ignore", invalid="ignore"):
            seen = self.network._activations(pictures)
            loss = _cross_entropy(seen.logits, labels)
            gradients = self.network._gradients(pictures, labels, seen)
            self._velocity = self.momentum * self._velocity - self.learning_rate * gradients
            self.network.parameters += self._velocity
        self._next += len(pictures)
        self.seen += len(pictures)
        self.steps += 1
        return loss

    def accuracy(self, held_out: bool = True) -> float:
        """The share of held-out digits, 0 to 1, that it reads right; or of training digits whose given label it repeats.

        >>> 0 <= Training().accuracy() < 0.3
        True
        """
        positions = self.held_out if held_out else self.train
        return 1 - len(self._misread(positions)) / len(positions)

    def wrong(self) -> Whole:
        """Positions in `digits()` of the held-out digits that it misreads.

        >>> training = Training()
        >>> len(training.wrong()) == round((1 - training.accuracy()) * len(training.held_out))
        True
        """
        return self._misread(self.held_out)

    def slope(self, index: int, reach: float = 0.5, points: int = 21) -> Slope:
        """What the loss on the next step's batch does along one parameter, from `reach` below to `reach` above its value.

        Raises:
            ArgumentError: there is no such parameter.

        >>> slope = Training(seed=1).slope(0)
        >>> abs(slope.derivative - slope.difference) < 1e-6
        True
        """
        if not 0 <= index < PARAMETERS:
            raise ArgumentError(f"index={index!r} arrived; expected a parameter's number, 0 to {PARAMETERS - 1}.")
        batch = self._of_batch()
        weight = float(self.network.parameters[index])

        def loss(value: float) -> float:
            return self.network.with_parameter(index, value).loss(*batch)

        weights = np.array([weight + reach * (2 * point / (points - 1) - 1) for point in range(points)])
        losses = np.array([loss(value) for value in weights])
        difference = (loss(weight + STEP) - loss(weight - STEP)) / (2 * STEP)
        return Slope(weight, float(self.network.gradients(*batch)[index]), difference, weights, losses)

    def _of_batch(self) -> tuple[Floats, Whole]:
        batch = self.batch
        return digits().pictures[batch], self.labels[batch]

    def _begin_pass(self) -> None:
        self._order, self._next = self.train[self._chance.order(len(self.train))], 0

    def _misread(self, positions: Whole) -> Whole:
        with np.errstate(over="ignore", invalid="ignore"):
            answers = self.network.activations(digits().pictures[positions]).logits.argmax(axis=1)
        misread: Whole = positions[answers != self.labels[positions]]
        return misread

    def _check(self) -> None:
        if not isinstance(self.batch_size, Integral) or not 1 <= self.batch_size <= len(self.train):
            raise ArgumentError(f"batch_size={self.batch_size!r} arrived; expected 1 to {len(self.train)} digits.")
        for name, largest in (("learning_rate", math.inf), ("noise", 1), ("momentum", 1)):
            value = getattr(self, name)
            if not 0 <= value <= largest or math.isinf(value):
                raise ArgumentError(f"{name}={value!r} arrived; expected a number from 0{' to 1' if largest == 1 else ' on'}.")


def thinned(values: Sequence[float], most: int) -> list[float]:
    """At most so many means, in order, each over as many of the values as the others (the last one over the rest).

    >>> thinned([1, 3, 5, 7, 9], 3), thinned([1, 3], 3)
    ([2.0, 6.0, 9.0], [1.0, 3.0])
    """
    each = max(1, math.ceil(len(values) / most))
    return [sum(part) / len(part) for part in (values[start : start + each] for start in range(0, len(values), each))]


def _noisy(labels: Whole, train: Whole, share: float, chance: Chance) -> Whole:
    """Labels of which so many of `train` are wrong; a larger share spoils those of a smaller one and more."""
    spoiled = labels.copy()
    for position in train[chance.order(len(train))][: int(share * len(train) + 0.5)]:
        spoiled[position] = (spoiled[position] + 1 + chance.below(CLASSES - 1)) % CLASSES
    return spoiled


def _as_pictures(pictures: ArrayLike) -> Floats:
    values = np.asarray(pictures, np.float64)
    if values.shape[1:] != (SIDE, SIDE):
        raise ArgumentError(f"Pictures shaped {values.shape} arrived; expected (N, {SIDE}, {SIDE}).")
    return values


def _cross_entropy(logits: Floats, labels: Whole) -> float:
    largest = logits.max(axis=1)
    logs = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    return float((logs - logits[np.arange(len(logits)), labels]).mean())


def _windows(maps: Floats) -> Floats:
    """(N, 8, 6, 6) -> (N, 8, 3, 3, 4): the values of each 2 x 2 window, row by row."""
    halves = maps.reshape(*maps.shape[:2], POOLED, 2, POOLED, 2)
    return halves.transpose(0, 1, 2, 4, 3, 5).reshape(*maps.shape[:2], POOLED, POOLED, 4)


def _unwindowed(windows: Floats) -> Floats:
    """(N, 8, 3, 3, 4) -> (N, 8, 6, 6): `_windows` undone."""
    halves = windows.reshape(*windows.shape[:4], 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return halves.reshape(*windows.shape[:2], MAP, MAP)
