"""All layers of a network in words, shallow to deep, and what is known of one: by its anatomy, which no photo changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import cnnhub
from cnnhub.errors import AnatomyError
from cnnhub.fields import ReceptiveField
from demo.photo.photo import Photo
from demo.texts import TEXTS, number, t

if TYPE_CHECKING:
    from cnnhub.anatomy import Anatomy, Row

_CONVOLUTIONS = {"convolution", "depthwise convolution", "grouped convolution", "transposed convolution"}
_MOST_KINDS = 4  # of the layers in a module that are named one by one


@dataclass(frozen=True)
class Layers:
    """A network's layers.

    Attributes:
        shapes: of those whose output is a stack of maps, (C, H, W), shallow to deep.
        stages: those of them that mark the way.
        anatomy: None where it cannot be followed.
    """

    shapes: dict[str, tuple[int, int, int]]
    stages: list[str]
    anatomy: Anatomy | None

    @cached_property
    def blocks(self) -> dict[str, int]:
        """Module -> the number of the block that it is, from 1."""
        found: dict[str, int] = {}
        for name in self.shapes:
            block = self._block_of(name)
            if block:
                found.setdefault(block, len(found) + 1)
        return found

    @cached_property
    def twins(self) -> dict[str, str]:
        """Layer -> the one around it that it is the last step of, as ReLU6 is of "batch norm + ReLU6": both give one map."""
        parents = {name: name.rpartition(".")[0] for name in self.shapes}
        return {
            name: parent
            for name, parent in parents.items()
            if self._is_told_by_steps(parent) and self.rows(name) and self.rows(name)[-1] == self.rows(parent)[-1]
        }

    def rows(self, name: str) -> list[Row]:
        return self.anatomy.within(name) if self.anatomy else []

    def field(self, name: str) -> ReceptiveField | None:
        """The rectangle of the network's input that a value of the layer sees; None where it is none, or not known."""
        rows = self.rows(name)
        sees = rows[-1].sees if rows else None
        return sees if isinstance(sees, ReceptiveField) else None

    def patch_field(self, name: str, input_size: tuple[int, int]) -> ReceptiveField:
        """The layer's field; where its values see all of the input (height, width), or parts of no simple shape, the part of it
        that is theirs by where they stand in the map."""
        height, width = self.shapes[name][1:]
        tile = max(1, input_size[0] // height), max(1, input_size[1] // width)
        return self.field(name) or ReceptiveField(tile, tile)

    def words(self, language: str, name: str) -> str:
        """ "block 3, 3 × 3 depthwise convolution, 24 maps of 56 × 56"."""
        return t(language, "comma").join((self.what(language, name), self.maps(language, name)))

    def maps(self, language: str, name: str) -> str:
        """ "24 maps of 56 × 56"."""
        channels, height, width = self.shapes[name]
        return t(language, "layer_maps", channels=channels, width=width, height=height)

    def what(self, language: str, name: str) -> str:
        """ "block 3, 3 × 3 depthwise convolution"."""
        rows, number_of_block = self.rows(name), self.blocks.get(name)
        if name in self.stages and len(rows) > 1:
            return t(language, "stage_whole", number=self.stages.index(name) + 1)
        if number_of_block:
            return t(language, "block_whole", number=number_of_block)
        block = next((at for parent, at in self.blocks.items() if name.startswith(f"{parent}.")), None)
        inside = [t(language, "block", number=block)] if block else []
        return t(language, "comma").join([*inside, kinds(language, rows) if rows else name])

    def facts(self, language: str, name: str) -> list[tuple[str, str]]:
        """What is known of a layer: (what it is called, its value)."""
        rows = self.rows(name)
        shape = " × ".join(map(str, self.shapes[name]))
        if not rows:
            return [(t(language, "fact_output"), shape)]
        windows = [row for row in rows if row.kernel]
        given = " × ".join(map(str, rows[0].input_shape))
        facts = [("kind", kinds(language, rows)), ("input", given), ("output", shape)]
        if len(windows) == 1:
            (window,) = windows
            facts += [(key, _pair(pair)) for key, pair in (("kernel", window.kernel), ("stride", window.stride)) if pair]
            facts += [("padding", _padding(language, window))] if window.padding else []
            facts += [("dilation", _pair(window.dilation))] if window.dilation and window.dilation != (1, 1) else []
            facts += [("groups", number(window.groups))] if window.groups and window.groups > 1 else []
        facts += [
            ("params", f"{sum(row.params for row in rows):,}"),
            ("macs", f"{sum(row.macs for row in rows):,}"),
            ("memory", t(language, "kilobytes", value=number(rows[-1].activation_bytes / 1000))),
            ("field", self._reach(language, rows[-1])),
        ]
        return [(t(language, f"fact_{key}"), value) for key, value in facts]

    def listed(self, language: str) -> list[dict[str, Any]]:
        """The stages, each with the layers that lead to it; the last layers of all may lead to none.

        A layer's `also` are those inside of it that give the same maps, which have no line of their own.
        """
        groups: list[dict[str, Any]] = []
        current: list[dict[str, Any]] = []
        for name in self.shapes:
            if name in self.twins:
                continue
            also = [twin for twin, of in self.twins.items() if of == name]
            current.append({"name": name, "words": self.words(language, name), "also": also})
            if name in self.stages:
                place = len(groups) + 1
                title = t(language, "stage_title", number=place, count=len(self.stages))
                groups.append({"title": f"{title}{t(language, 'comma')}{self.maps(language, name)}", "layers": current})
                current = []
        return [*groups, {"title": t(language, "after_stages"), "layers": current}] if current else groups

    def _is_told_by_steps(self, name: str) -> bool:
        return name in self.shapes and name not in (*self.stages, *self.blocks) and 1 < len(self.rows(name)) <= _MOST_KINDS

    def _block_of(self, name: str) -> str | None:
        """The block that a layer belongs to: the nearest module around it, counted in a sequence, that has two convolutions or
        more; or just the nearest. One that has half of the network's is none."""
        parts = name.split(".")
        around = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
        known = [each for each in around if each not in self.stages and self._convolutions(each) > 1]
        most = max(2, self._convolutions("") // 2)
        known = [each for each in known if self._convolutions(each) < most]
        return next((each for each in known if each.rpartition(".")[2].isdigit()), known[0] if known else None)

    def _convolutions(self, name: str) -> int:
        return self._counted.get(name, 0)

    @cached_property
    def _counted(self) -> dict[str, int]:
        """Module -> how many convolutions or linear layers it has; "" is the network."""
        counts: dict[str, int] = {}
        for row in self.anatomy.rows if self.anatomy else []:
            if row.kind in _CONVOLUTIONS or row.kind == "linear":
                parts = row.name.split(".")
                for length in range(len(parts) + 1):
                    parent = ".".join(parts[:length])
                    counts[parent] = counts.get(parent, 0) + 1
        return counts

    def _reach(self, language: str, row: Row) -> str:
        if isinstance(row.sees, ReceptiveField):
            height, width = row.sees.size
            return t(language, "field_pixels", width=width, height=height)
        return t(language, "field_irregular" if row.sees == "irregular" else "field_whole")


def layers_of(classifier: cnnhub.Classifier) -> Layers:
    """Worked out once for each network that the page has in memory."""
    from cnnhub import anatomy  # torch takes half a gigabyte, which the first page does without

    known = _known.get(classifier)
    if known is None:
        try:
            found = anatomy.trace(classifier.network, classifier.config.pretrained_cfg.input_size)
        except AnatomyError:
            found = None
        known = _known[classifier] = Layers(classifier.layer_shapes(), classifier.stages(), found)
    return known


def kinds(language: str, rows: list[Row]) -> str:
    """What a module does, step by step, in words; how many steps where they are too many to name."""
    if len(rows) > _MOST_KINDS:
        return t(language, "layers_together", count=len(rows))
    return t(language, "plus").join(_kind(language, row) for row in rows)


def seen_share(classifier: cnnhub.Classifier, photo: Photo) -> tuple[float, float, float, float]:
    """What of the photo the network sees: left, top, width, height in shares of the photo's sides."""
    from cnnhub.preprocessing import seen_box

    width, height = photo.size
    left, top, right, bottom = seen_box(photo.size, classifier.config.pretrained_cfg)
    return left / width, top / height, (right - left) / width, (bottom - top) / height


def _kind(language: str, row: Row) -> str:
    """Names of functions, such as ReLU, are the same in every language."""
    key = f"kind_{row.kind}"
    name = t(language, key) if key in TEXTS else row.kind
    if not row.kernel or row.kind not in _CONVOLUTIONS | {"max pooling", "average pooling"}:
        return name
    return f"{_pair(row.kernel)} {name}"


def _padding(language: str, row: Row) -> str:
    """On each side; or how much in all, where TensorFlow's "same" adds what its own number does not say."""
    assert row.padding and row.kernel and row.stride
    given, made, dilation = row.input_shape[1], row.output_shape[1], (row.dilation or (1, 1))[0]
    needed = (made - 1) * row.stride[0] + dilation * (row.kernel[0] - 1) + 1 - given
    return t(language, "padding_more", total=needed) if needed > 2 * row.padding[0] else _pair(row.padding)


def _pair(pair: tuple[int, int]) -> str:
    """(height, width) as people say it: 3 × 3."""
    height, width = pair
    return f"{width} × {height}"


_known: WeakKeyDictionary[cnnhub.Classifier, Layers] = WeakKeyDictionary()  # a repository's network may leave
