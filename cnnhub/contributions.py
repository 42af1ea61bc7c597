"""Which channel of a layer speaks for which label.

A channel's share of a logit is its map times the logit's gradient there, summed over the places: what the logit would lose,
to first order, were the channel zero. Shrikumar et al. 2016, "Not Just a Black Box", https://arxiv.org/abs/1605.01713; Ancona
et al. 2018, "Towards better understanding of gradient-based attribution methods", https://arxiv.org/abs/1711.06104. Where the
head is one linear layer on the mean of each map, the shares of the last maps are exact: with the head's bias they add up to
the logit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnhub.errors import ArgumentError
from cnnhub.features import check_channel, check_layers
from cnnhub.gradients import maps_and_gradients
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch

    from cnnhub.classifier import Classifier
    from cnnhub.images import ImageSource
else:
    torch = Lazy("torch")

_EXACT = 1e-3  # of logits, between the network's and the sums
_MOST = 5  # labels that are compared, where none are named


@dataclass(frozen=True)
class Contributions:
    """What the channels of a layer add to the logits of some labels, for one picture.

    Attributes:
        layer: the layer. labels: those compared.
        amounts: (C, labels), in logits.
        is_exact: whether they add up to the logits, but for the head's bias.

    >>> Contributions("bn2", ("cat", "dog"), torch.tensor([[3.0, 1.0], [1.0, 1.0]])).relative.tolist()
    [[1.0, -1.0], [0.0, 0.0]]
    """

    layer: str
    labels: tuple[str, ...]
    amounts: torch.Tensor
    is_exact: bool = False

    @property
    def relative(self) -> torch.Tensor:
        """The amounts less their mean over the labels: adding the same to all logits changes no probability.

        >>> Contributions("bn2", ("cat", "dog"), torch.tensor([[4.0, 6.0]])).relative.tolist()
        [[-1.0, 1.0]]
        """
        return self.amounts - self.amounts.mean(1, keepdim=True)

    def strongest_first(self) -> list[int]:
        """Channel numbers, those first that speak most for any of the labels.

        >>> Contributions("bn2", ("cat", "dog"), torch.tensor([[9.0, 9.0], [1.0, 2.0]])).strongest_first()
        [1, 0]
        """
        return self.relative.amax(1).argsort(descending=True, stable=True).tolist()

    def speaks_for(self, channel: int) -> tuple[str, float]:
        """The label that gains most by the channel, and how much more than the mean of the labels, in logits.

        Raises:
            ArgumentError: the layer has no such channel.

        >>> Contributions("bn2", ("cat", "dog"), torch.tensor([[4.0, 6.0]])).speaks_for(0)
        ('dog', 1.0)
        """
        check_channel(channel, len(self.amounts), self.layer)
        amount, number = self.relative[channel].max(0)
        return self.labels[int(number)], float(amount)


def contributions(classifier: Classifier, image: ImageSource, layer: str, labels: Sequence[str] | None = None) -> Contributions:
    """What each channel of a layer adds to the logits of the labels.

    Args:
        labels: at least two of the classifier's, to be compared; without them all, or where there are more than 5 the
            5 most probable, the first first.

    Raises:
        UnknownNameError: no such layer or label; the message names near ones.
        ArgumentError: fewer than two labels.
        ImageError: the picture cannot be read.

    >>> import cnnhub, numpy as np
    >>> found = contributions(cnnhub.load("cats-vs-dogs"), np.zeros((300, 400, 3), np.uint8), "bn2")
    >>> found.labels, tuple(found.amounts.shape)
    (('cat', 'dog'), (1280, 2))
    """
    from cnnhub.engines.torch import device_of

    check_layers([layer], classifier.layers())
    if labels is not None and len(set(labels)) < 2:
        raise ArgumentError(f"labels={list(labels)!r} arrived; expected at least two, which can be compared.")
    numbers = [classifier.label_index(label) for label in dict.fromkeys(labels or ())]

    def compared(logits: torch.Tensor) -> list[int]:
        if not numbers:
            numbers.extend(logits.topk(_MOST).indices.tolist() if len(logits) > _MOST else range(len(logits)))
        return numbers

    network: Any = classifier.network
    pixels = torch.from_numpy(classifier.preprocess(image))[None].to(device_of(network))
    maps, logits, gradients = maps_and_gradients(network, layer, classifier.map_layers()[layer], pixels, compared)
    amounts = torch.einsum("chw,nchw->cn", maps, gradients)
    bias = getattr(network.get_classifier(), "bias", None)
    is_exact = bias is not None and _add_up(amounts, bias.detach(), logits, numbers)
    return Contributions(layer, tuple(classifier.labels[number] for number in numbers), amounts, is_exact)


def _add_up(amounts: torch.Tensor, bias: torch.Tensor, logits: torch.Tensor, numbers: list[int]) -> bool:
    """Whether the amounts (C, N) of these logits, and the head's bias, give the logits (K,)."""
    return bias.shape == logits.shape and torch.allclose(amounts.sum(0), (logits - bias)[numbers].cpu(), atol=_EXACT)
