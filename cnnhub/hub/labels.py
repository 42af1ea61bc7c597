"""Names of classes: ImageNet's, names that stand twice, and a name's number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cnnhub.errors import UnknownNameError


def imagenet_labels(num_classes: int = 1000) -> list[str] | None:
    """ImageNet's class names in the order of the logits, from timm, each once; None where no variant has so many classes.

    >>> imagenet_labels()[:2]
    ['tench, Tinca tinca', 'goldfish, Carassius auratus']
    """
    from timm.data import ImageNetInfo, infer_imagenet_subset

    subset = infer_imagenet_subset({"num_classes": num_classes})
    if subset is None:
        return None
    names: list[str] = ImageNetInfo(subset).label_descriptions()
    cranes = {134: "crane (bird)", 517: "crane (machine)"} if num_classes == 1000 else {}
    return tell_apart([cranes.get(number, name) for number, name in enumerate(names)])


def tell_apart(names: Sequence[str]) -> list[str]:
    """Append the class number to every name that stands more than once.

    >>> tell_apart(["crane", "palace", "crane"])
    ['crane (0)', 'palace', 'crane (2)']
    """
    counts = Counter(names)
    taken = {name for name, count in counts.items() if count == 1}
    unique = []
    for number, name in enumerate(names):
        candidate = name if counts[name] == 1 else f"{name} ({number})"
        while counts[name] > 1 and candidate in taken:
            candidate += f" ({number})"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def label_index(labels: Sequence[str], label: str) -> int:
    """The class number of a label.

    Raises:
        UnknownNameError: no class has this label; the message names near ones.
    """
    try:
        return labels.index(label)
    except ValueError:
        raise UnknownNameError("label", label, labels) from None
