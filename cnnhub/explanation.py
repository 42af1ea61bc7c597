"""Why a network answers so: where in the picture the evidence for a label lies, and whether the map of it tells the truth.

- Class activation map: Zhou et al. 2016, "Learning Deep Features for Discriminative Localization", https://arxiv.org/abs/1512.04150.
- Grad-CAM++: Chattopadhyay et al. 2018, https://arxiv.org/abs/1710.11063; Layer-CAM: Jiang et al. 2021,
  https://mmcheng.net/mftp/Papers/21TIP_LayerCAM.pdf.
- Occlusion: Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901; deletion and insertion: Petsiuk et al. 2018, "RISE",
  https://arxiv.org/abs/1806.07421.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cnnhub.errors import ArgumentError, UnknownNameError
from cnnhub.gradients import maps_and_gradients
from cnnhub.images import open_image
from cnnhub.lazy import Lazy
from cnnhub.preprocessing import normalise, seen_box

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cnnhub.classifier import Classifier
    from cnnhub.features import Layer
    from cnnhub.images import ImageSource
else:
    torch = Lazy("torch")

METHODS = ("auto", "cam", "gradcam++", "layercam", "occlusion")
_STEPS = 12  # of a deletion or an insertion curve
_PATCH, _STRIDE = 6, 12  # an occluding patch is a sixth of the side and moves by a twelfth
_BATCH = 8  # onnxruntime keeps what its largest batch took: of EfficientNet-Lite1 98 MB, of 32 pictures 455, in no less time
_EXACT = 1e-3  # of logits, between the network's and those that weights times mean maps give


@dataclass(frozen=True)
class Faithfulness:
    """Whether the map points at what decides.

    Pixels are replaced by the blurred picture's, those that the map holds most important first, and the label's probability
    is asked for after each step (deletion); or the blurred picture gets its own pixels back in that order (insertion).

    Attributes:
        deletion, insertion: probabilities after equal shares of the pixels, from none to all.
    """

    deletion: tuple[float, ...]
    insertion: tuple[float, ...]

    @property
    def deletion_area(self) -> float:
        """Under the deletion curve, 0 to 1: small where the map points at what decides."""
        return _area(self.deletion)

    @property
    def insertion_area(self) -> float:
        """Under the insertion curve, 0 to 1: large where the map points at what decides."""
        return _area(self.insertion)


@dataclass(frozen=True)
class Explanation:
    """Where in a picture the evidence for a label lies.

    Attributes:
        map: (H, W) float32, 0 to 1 (divided by its maximum; all zero where nothing speaks for the label), at the size of the
            layer's maps.
        label, probability: what was asked about, and how probable the network holds it.
        method: how the map was made.
        layer: the layer whose maps were weighed; empty for occlusion.
        size: (width, height) of the picture. box: what of it the map covers: left, top, right, bottom in its pixels.
        faithfulness: None where it was not asked for.

    >>> Explanation(torch.ones(2, 2), "cat", 0.9, "cam", "bn2", (8, 4), (2.0, 0.0, 6.0, 4.0)).over().sum()
    np.float32(16.0)
    """

    map: torch.Tensor
    label: str
    probability: float
    method: str
    layer: str
    size: tuple[int, int]
    box: tuple[float, float, float, float]
    faithfulness: Faithfulness | None = None

    def over(self, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
        """The map as large as the picture, or as the picture at another (width, height) -> (height, width), 0 to 1.

        It is zero where the network sees nothing.

        >>> Explanation(torch.ones(2, 2), "cat", 0.9, "cam", "bn2", (8, 4), (2.0, 0.0, 6.0, 4.0)).over((4, 2)).tolist()
        [[0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]]
        """
        size = size or self.size
        left, top, right, bottom = (end * size[axis % 2] / self.size[axis % 2] for axis, end in enumerate(self.box))
        width, height = max(1, round(right - left)), max(1, round(bottom - top))
        large = Image.fromarray(self.map.numpy()).resize((width, height), Image.Resampling.BICUBIC)
        page = Image.new("F", size, 0.0)
        page.paste(large, (round(left), round(top)))
        return np.clip(np.asarray(page, np.float32), 0.0, 1.0)


def explain(
    classifier: Classifier, image: ImageSource, label: str | None = None, method: str = "auto", check: bool = True
) -> Explanation:
    """Where in the picture the evidence for a label lies.

    Args:
        label: any of the classifier's; the most probable one without it.
        method: "cam" weighs the last maps with the head's weights, which is exact, where the head is one linear layer on the
            mean of the maps; "gradcam++" and "layercam" weigh them by the label's gradient in any network; "auto" is the
            first that fits: cam, then layercam. "occlusion" slides a grey patch over the picture, and asks each time.
        check: measure deletion and insertion curves as well.

    Raises:
        UnknownNameError: there is no such label; the message names near ones.
        ArgumentError: the method does not fit the network, or does not exist.
        ImageError: the picture cannot be read.

    >>> import cnnhub, numpy as np
    >>> found = explain(cnnhub.load("cats-vs-dogs"), np.zeros((300, 400, 3), np.uint8), "dog", check=False)
    >>> found.label, found.method, tuple(found.map.shape)
    ('dog', 'cam', (8, 8))
    """
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    labels = classifier.labels
    if label is not None and label not in labels:
        raise UnknownNameError("label", label, labels)
    picture = open_image(image)
    pixels = classifier.to_pixels(picture)
    scores = classifier.predictions(pixels[None])[0].scores
    label = label or next(iter(scores))
    number = labels.index(label)
    box = seen_box(picture.size, classifier.config.pretrained_cfg)
    if method == "occlusion":
        values, used, layer = _occlusion(classifier, pixels, label), method, ""
    else:
        values, used, layer = _weighed(classifier, pixels, number, method)
    heat = torch.relu(values)
    heat = heat / heat.max() if heat.max() > 0 else heat
    found = Explanation(heat, label, scores[label], used, layer, picture.size, box)
    return replace(found, faithfulness=_faithfulness(classifier, pixels, label, heat)) if check else found


def checked(classifier: Classifier, image: ImageSource, explanation: Explanation) -> Explanation:
    """An explanation of this picture that was not checked, with its deletion and insertion curves.

    Raises:
        ImageError: the picture cannot be read.

    >>> import cnnhub, numpy as np
    >>> model, picture = cnnhub.load("cats-vs-dogs"), np.zeros((300, 400, 3), np.uint8)
    >>> len(checked(model, picture, explain(model, picture, "dog", check=False)).faithfulness.deletion)
    13
    """
    pixels = classifier.to_pixels(image)
    return replace(explanation, faithfulness=_faithfulness(classifier, pixels, explanation.label, explanation.map))


def _weighed(classifier: Classifier, pixels: NDArray[np.uint8], number: int, method: str) -> tuple[torch.Tensor, str, str]:
    """-> (map (H, W), the method, the layer)"""
    name, layer = _last_maps(classifier)
    given = torch.from_numpy(normalise(pixels, classifier.config.pretrained_cfg))[None]
    maps, logits, (gradient,) = maps_and_gradients(classifier.network, name, layer, given, lambda _: [number])
    if method in ("auto", "cam"):
        weights = _head_on_means(classifier.network, maps, logits)
        if weights is not None:
            return torch.einsum("c,chw->hw", weights[number], maps), "cam", name
        if method == "cam":
            raise ArgumentError(
                "A class activation map is exact only where the head is one linear layer on the mean of the last maps, and this "
                "network's is not. Take method='layercam' or 'gradcam++'."
            )
    if method == "gradcam++":
        return _grad_cam_plus_plus(maps, gradient), method, name
    return (torch.relu(gradient) * maps).sum(0), "layercam", name


def _last_maps(classifier: Classifier) -> tuple[str, Layer]:
    """The last layer whose output is a stack of maps, larger than one value each."""
    fitting = [(name, layer) for name, layer in classifier.map_layers().items() if layer.shape[1] * layer.shape[2] > 1]
    if not fitting:
        raise ArgumentError(f"{classifier.config.architecture} has no layer of maps to weigh. Take method='occlusion'.")
    return fitting[-1]


def _head_on_means(network: Any, maps: torch.Tensor, logits: torch.Tensor) -> torch.Tensor | None:
    """The head's weights (K, C), if the logits are what they give on the mean of each map."""
    head = network.get_classifier() if hasattr(network, "get_classifier") else None
    weights = getattr(head, "weight", None)
    if head is None or weights is None or weights.shape[:2] != (len(logits), len(maps)):
        return None
    weights = weights.detach().float().flatten(1)
    bias = head.bias.detach().float() if head.bias is not None else 0.0
    expected = weights @ maps.mean((1, 2)) + bias
    return weights if torch.allclose(expected, logits, atol=_EXACT, rtol=_EXACT) else None


def _grad_cam_plus_plus(maps: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Equation 19 of the paper: alpha = g2 / (2 g2 + g3 sum(A)), weights = sum(alpha relu(g))."""
    squared, cubed = gradient**2, gradient**3
    below = 2 * squared + cubed * maps.sum((1, 2), keepdim=True)
    alpha = torch.where(squared > 0, squared / torch.where(below == 0, torch.ones_like(below), below), torch.zeros_like(below))
    return torch.einsum("c,chw->hw", (alpha * torch.relu(gradient)).sum((1, 2)), maps)


def _occlusion(classifier: Classifier, pixels: NDArray[np.uint8], label: str) -> torch.Tensor:
    """How much of the label's probability a grey patch at each place takes away: (rows, columns)."""
    height, width = pixels.shape[1:]
    patch, step = max(1, max(height, width) // _PATCH), max(1, max(height, width) // _STRIDE)
    rows, columns = (range(-patch // 2 + step // 2, side - patch // 2, step) for side in (height, width))

    def covered(top: int, left: int) -> NDArray[np.uint8]:
        changed = pixels.copy()
        changed[:, max(0, top) : max(0, top + patch), max(0, left) : max(0, left + patch)] = 128
        return changed

    asked = [covered(top, left) for top in rows for left in columns]
    (whole,) = _probabilities(classifier, [pixels], label)
    drops = [whole - probability for probability in _probabilities(classifier, asked, label)]
    return torch.tensor(drops, dtype=torch.float32).view(len(rows), len(columns))


def _faithfulness(classifier: Classifier, pixels: NDArray[np.uint8], label: str, heat: torch.Tensor) -> Faithfulness:
    height, width = pixels.shape[1:]
    large = torch.nn.functional.interpolate(heat[None, None], (height, width), mode="bilinear", align_corners=False)
    order = np.argsort(-large.numpy().ravel(), kind="stable")
    picture = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    coarse = picture.resize((max(1, width // 24), max(1, height // 24)), Image.Resampling.BOX)
    blurred = np.asarray(coarse.resize(picture.size, Image.Resampling.BICUBIC)).transpose(2, 0, 1)

    def mixed(under: NDArray[np.uint8], over: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        frames = []
        for step in range(_STEPS + 1):
            frame = under.reshape(3, -1).copy()
            chosen = order[: math.ceil(step / _STEPS * order.size)]
            frame[:, chosen] = over.reshape(3, -1)[:, chosen]
            frames.append(frame.reshape(pixels.shape))
        return frames

    found = _probabilities(classifier, [*mixed(pixels, blurred), *mixed(blurred, pixels)], label)
    return Faithfulness(tuple(found[: _STEPS + 1]), tuple(found[_STEPS + 1 :]))


def _probabilities(classifier: Classifier, pictures: list[NDArray[np.uint8]], label: str) -> list[float]:
    found: list[float] = []
    for start in range(0, len(pictures), _BATCH):
        found += [each.scores[label] for each in classifier.predictions(np.stack(pictures[start : start + _BATCH]))]
    return found


def _area(curve: tuple[float, ...]) -> float:
    return float(np.trapezoid(curve, dx=1 / (len(curve) - 1)))
