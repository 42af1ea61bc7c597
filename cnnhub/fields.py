"""Receptive fields: which pixels of the input each place in a tensor can see, followed through the functions of a network.

The arithmetic of size, stride and start is that of Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional
Neural Networks", https://distill.pub/2019/computing-receptive-fields/. Which dimensions of a tensor are height and width is
followed too, through reshapes and permutations, so that rows of tokens and channels-last maps are read as they are meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

Pair = tuple[int, int]
Reach = Literal["whole picture", "irregular"]  # irregular: places see unlike regions, as after attention in windows


@dataclass(frozen=True)
class ReceptiveField:
    """The rectangle of input pixels that a unit sees, (height, width) each.

    Attributes:
        size: of the rectangle, in input pixels, padding included.
        stride: from a unit's rectangle to its neighbour's.
        start: the first pixel that the first unit sees; below zero within the padding.

    >>> ReceptiveField().windowed((3, 3), (2, 2), (1, 1)).windowed((3, 3), (1, 1), (1, 1))
    ReceptiveField(size=(7, 7), stride=(2, 2), start=(-3, -3))
    """

    size: Pair = (1, 1)
    stride: Pair = (1, 1)
    start: Pair = (0, 0)

    def windowed(self, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair = (1, 1)) -> ReceptiveField:
        """What a window over these units sees."""
        return ReceptiveField(
            _each(lambda a: self.size[a] + (kernel[a] - 1) * dilation[a] * self.stride[a]),
            _each(lambda a: self.stride[a] * stride[a]),
            _each(lambda a: self.start[a] - padding[a] * self.stride[a]),
        )

    def of(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Of the unit at this place: top, left, bottom, right in input pixels, the last two exclusive; may exceed the picture.

        >>> ReceptiveField(size=(7, 7), stride=(2, 2), start=(-3, -3)).of(0, 2)
        (-3, 1, 4, 8)
        """
        top, left = self.start[0] + row * self.stride[0], self.start[1] + column * self.stride[1]
        return top, left, top + self.size[0], left + self.size[1]

    def unit_at(self, y: float, x: float) -> tuple[float, float]:
        """The (row, column) of the unit in the middle of whose rectangle an input pixel lies, in fractions of units.

        >>> ReceptiveField(size=(7, 7), stride=(2, 2), start=(-3, -3)).unit_at(0.5, 4.5)
        (0.0, 2.0)
        """
        row, column = ((at - self.start[a] - self.size[a] / 2) / self.stride[a] for a, at in ((0, y), (1, x)))
        return row, column

    def patch(self, row: int, column: int, input_size: Pair, least: int, most: int) -> tuple[int, int, int, int]:
        """The middle of what a unit sees, as a part of the input to be cut out: top, left, bottom, right, the last two exclusive.

        It is as large as the field, but between `least` and `most` pixels high and wide, and is moved to lie inside the input.

        >>> ReceptiveField(size=(7, 7), stride=(2, 2), start=(-3, -3)).patch(0, 2, (60, 60), least=5, most=20)
        (0, 1, 7, 8)
        >>> ReceptiveField(size=(99, 99), stride=(2, 2), start=(-49, -49)).patch(15, 15, (60, 60), least=5, most=20)
        (20, 20, 40, 40)
        """
        sides = _each(lambda a: min(max(self.size[a], least), most, input_size[a]))
        middle = _each(lambda a: self.start[a] + (row, column)[a] * self.stride[a] + self.size[a] // 2)
        top, left = _each(lambda a: min(max(middle[a] - sides[a] // 2, 0), input_size[a] - sides[a]))
        return top, left, top + sides[0], left + sides[1]

    def united(self, other: ReceptiveField) -> ReceptiveField | None:
        """What two layers see together, where their units lie alike; None where they do not."""
        if self.stride != other.stride:
            return None
        start = _each(lambda a: min(self.start[a], other.start[a]))
        end = _each(lambda a: max(self.start[a] + self.size[a], other.start[a] + other.size[a]))
        return ReceptiveField(_each(lambda a: end[a] - start[a]), self.stride, start)


Sees = ReceptiveField | Reach


@dataclass(frozen=True)
class Factor:
    """A part of a dimension: `size` steps along an axis, each of `step` places. Axes: h, w, x (places in no simple order), c."""

    axis: str
    size: int
    step: int = 1

    @property
    def is_place(self) -> bool:
        """Whether its steps lead to other places of the picture."""
        return self.axis != "c"


Dims = tuple[tuple[Factor, ...], ...]  # of each dimension the factors, slowest first; none where its size is 1


@dataclass(frozen=True)
class Seen:
    """What a tensor sees of the input, and which of its dimensions hold places."""

    sees: Sees
    dims: Dims

    def place(self, axis: str) -> int | None:
        """The dimension that holds all of height ("h") or width ("w") and nothing else."""
        extent = math.prod(each.size for each in self._all(axis))
        for number, factors in enumerate(self.dims):
            if factors and all(each.axis == axis for each in factors) and _is_in_order(factors):
                return number if math.prod(each.size for each in factors) == extent else None
        return None

    def mixed(self, dims: Sequence[int]) -> Sees:
        """What is seen once the places within these dimensions are mixed."""
        inside = [each for number in dims for each in self.dims[number] if each.is_place]
        if not inside or self.sees == "whole picture":
            return self.sees
        total = sum(each.is_place for factors in self.dims for each in factors)
        return "whole picture" if len(inside) == total else "irregular"

    def _all(self, axis: str) -> list[Factor]:
        return [each for factors in self.dims for each in factors if each.axis == axis]


def of_input(shape: Sequence[int]) -> Seen:
    """The picture itself: (N, C, H, W)."""
    return Seen(ReceptiveField(), (_channels(shape[0]), _channels(shape[1]), (Factor("h", shape[2]),), (Factor("w", shape[3]),)))


def after(
    name: str, args: Sequence[Any], kwargs: dict[str, Any], output: torch.Tensor, seen: Callable[[Any], Seen | None]
) -> Seen:
    """What a function's output sees.

    Args:
        name: the function's in torch, without underscores around it.
        seen: what a tensor among the arguments sees; None for one that does not depend on the picture.
    """
    inputs = [(value, found) for value in tensors((*args, *kwargs.values())) if (found := seen(value))]
    rule = _RULES.get(name)
    result = rule(name, _Call(args, kwargs, output, inputs, seen)) if rule else None
    return result or _unknown(output, [found for _, found in inputs])


@dataclass(frozen=True)
class _Call:
    args: Sequence[Any]
    kwargs: dict[str, Any]
    output: torch.Tensor
    inputs: list[tuple[torch.Tensor, Seen]]
    seen: Callable[[Any], Seen | None]

    def get(self, place: int, name: str, default: Any = None) -> Any:
        return self.args[place] if len(self.args) > place else self.kwargs.get(name, default)

    @property
    def first(self) -> Seen:
        return self.inputs[0][1]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.output.shape)


def _channels(size: int) -> tuple[Factor, ...]:
    return (Factor("c", size),) if size > 1 else ()


def _each(of: Callable[[int], int]) -> Pair:
    return of(0), of(1)


def pair(value: Any) -> Pair:
    """A number, or one or two of them in a sequence, as (height, width).

    >>> pair(3), pair((1, 2)), pair([2])
    ((3, 3), (1, 2), (2, 2))
    """
    numbers = [int(each) for each in value] if isinstance(value, list | tuple) else [int(value)]
    return (numbers[0], numbers[-1])


def tensors(values: Sequence[Any]) -> list[torch.Tensor]:
    """Those among the values, and among what lists and tuples hold."""
    found: list[torch.Tensor] = []
    for value in values:
        if isinstance(value, list | tuple):
            found += tensors(value)
        elif hasattr(value, "shape") and hasattr(value, "ndim"):
            found.append(value)
    return found


def _is_in_order(factors: Sequence[Factor]) -> bool:
    return all(a.step == b.step * b.size for a, b in zip(factors, factors[1:], strict=False)) and factors[-1].step == 1


def _together(all_seen: Sequence[Seen]) -> Sees:
    result: Sees = all_seen[0].sees
    for each in all_seen[1:]:
        if "whole picture" in (result, each.sees):
            result = "whole picture"
        elif isinstance(result, ReceptiveField) and isinstance(each.sees, ReceptiveField):
            result = result.united(each.sees) or "irregular"
        else:
            result = "irregular"
    return result


def _unknown(output: torch.Tensor, inputs: Sequence[Seen]) -> Seen:
    """Nothing is known of this function: that some input sees the whole picture still holds."""
    is_whole = any(each.sees == "whole picture" for each in inputs)
    return Seen("whole picture" if is_whole else "irregular", _loose(tuple(output.shape)))


def _loose(shape: Sequence[int]) -> Dims:
    return tuple((Factor("x", size),) if size > 1 else () for size in shape)


def _fitted(dims: Dims, shape: Sequence[int]) -> Dims:
    """The same labels where the sizes still agree; other sizes hold channels."""
    return tuple(
        factors if math.prod(each.size for each in factors) == size else _channels(size)
        for factors, size in zip(dims, shape, strict=True)
    )


def _elementwise(name: str, call: _Call) -> Seen:
    """Of inputs that are broadcast the one with most places says what the dimensions are."""
    seen = [found for _, found in call.inputs]
    widest = max(call.inputs, key=lambda each: each[0].numel())
    dims = ((),) * (len(call.shape) - widest[0].ndim) + widest[1].dims
    return Seen(_together(seen), _fitted(dims, call.shape) if len(dims) == len(call.shape) else _loose(call.shape))


def _grid(sees: Sees, shape: Sequence[int]) -> Seen:
    """Maps (N, C, H, W), or one picture's (C, H, W)."""
    batch, (channels, height, width) = shape[:-3], shape[-3:]
    return Seen(
        sees,
        (*(_channels(size) for size in batch), _channels(channels), (Factor("h", height),), (Factor("w", width),)),
    )


def _on_grid(call: _Call) -> Sees | None:
    """What maps (N, C, H, W) see; None where their last dimensions are not height and width."""
    seen, ndim = call.first, call.inputs[0][0].ndim
    if seen.sees == "whole picture" or (seen.place("h"), seen.place("w")) == (ndim - 2, ndim - 1):
        return seen.sees
    return None


def _convolution(name: str, call: _Call) -> Seen | None:
    sees = _on_grid(call)
    if sees is None or len(call.shape) < 3:
        return None
    if isinstance(sees, ReceptiveField):
        kernel = tuple(call.get(1, "weight").shape[-2:])
        dilation = pair(call.get(5, "dilation", 1))
        asked = call.get(4, "padding", 0)
        padding = (
            _each(lambda a: dilation[a] * (kernel[a] - 1) // 2) if asked == "same" else pair(0 if asked == "valid" else asked)
        )
        sees = sees.windowed(kernel, pair(call.get(3, "stride", 1)), padding, dilation)
    return _grid(sees, call.shape)


def _pooling(name: str, call: _Call) -> Seen | None:
    sees = _on_grid(call)
    if sees is None:
        return None
    if isinstance(sees, ReceptiveField):
        shift = 1 if name.startswith("lp") else 0  # lp_pool2d's second argument is the norm
        kernel = pair(call.get(1 + shift, "kernel_size"))
        stride = pair(call.get(2 + shift, "stride") or kernel)
        padding = (0, 0) if shift else pair(call.get(3, "padding", 0))
        dilation = pair(call.get(4, "dilation", 1)) if name.startswith("max") else (1, 1)
        sees = sees.windowed(kernel, stride, padding, dilation)
    return _grid(sees, call.shape)


def _adaptive_pooling(name: str, call: _Call) -> Seen | None:
    sees = _on_grid(call)
    if sees is None:
        return None
    before, now = call.inputs[0][0].shape[-2:], call.shape[-2:]
    if tuple(now) == (1, 1):
        sees = "whole picture"
    elif isinstance(sees, ReceptiveField) and tuple(now) != tuple(before):
        windows = _each(lambda a: before[a] // now[a])
        is_even = all(before[a] % now[a] == 0 for a in (0, 1))
        sees = sees.windowed(windows, windows, (0, 0)) if is_even else "irregular"
    return _grid(sees, call.shape)


def _padding(name: str, call: _Call) -> Seen | None:
    seen, amounts = call.first, call.get(1, "pad")
    dims, sees = list(_fitted(seen.dims, call.shape)), seen.sees
    for which, axis in enumerate("hw"):
        number = seen.place(axis)
        if number is None:
            continue
        from_the_end = call.output.ndim - 1 - number
        before = amounts[2 * from_the_end] if 2 * from_the_end < len(amounts) else 0
        dims[number] = (Factor(axis, call.shape[number]),)
        sees = _strided(sees, which, -before, 1)
    return Seen(sees, tuple(dims))


def _linear(name: str, call: _Call) -> Seen:
    seen = call.first
    return Seen(seen.mixed([len(seen.dims) - 1]), (*seen.dims[:-1], _channels(call.shape[-1])))


def _product(name: str, call: _Call) -> Seen | None:
    """Matrices (..., n, k) and (..., k, m)."""
    left, right = call.seen(call.args[0]), call.seen(call.get(1, "other", call.kwargs.get("mat2")))
    if left and right:
        is_whole = "whole picture" in (left.sees, right.sees) or not any(
            each.is_place and each.size > 1 for factors in left.dims[:-2] for each in factors
        )
        return Seen("whole picture" if is_whole else "irregular", (*left.dims[:-1], _channels(call.shape[-1])))
    if left:
        return Seen(left.mixed([len(left.dims) - 1]), _fitted((*left.dims[:-1], _channels(call.shape[-1])), call.shape))
    if right and len(right.dims) == len(call.shape):
        number = len(right.dims) - 2
        return Seen(right.mixed([number]), (*right.dims[:number], _channels(call.shape[-2]), right.dims[-1]))
    return None


def _attention(name: str, call: _Call) -> Seen:
    query = call.first
    outside = [each for factors in query.dims[:-2] for each in factors]
    is_whole = query.sees == "whole picture" or not any(each.is_place and each.size > 1 for each in outside)
    return Seen("whole picture" if is_whole else "irregular", _fitted(query.dims, call.shape))


def _attention_of_all(name: str, call: _Call) -> Seen:
    return Seen("whole picture", _fitted(call.first.dims, call.shape))


def _mixing(of: Callable[[_Call], Sequence[int]]) -> Callable[[str, _Call], Seen]:
    """Functions whose output has the input's shape, each value seeing all those along some dimensions."""

    def rule(name: str, call: _Call) -> Seen:
        count = len(call.first.dims)
        return Seen(call.first.mixed([number % count for number in of(call)]), call.first.dims)

    return rule


def _one(value: Any) -> Sequence[int]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _reduction(name: str, call: _Call) -> Seen:
    seen, asked = call.first, call.get(1, "dim", call.kwargs.get("axis"))
    count = len(seen.dims)
    gone = list(range(count)) if asked is None or asked == () else [number % count for number in _one(asked)]
    sees = seen.mixed(gone)
    kept = call.output.ndim == count
    dims = tuple((() if number in gone else factors) for number, factors in enumerate(seen.dims) if kept or number not in gone)
    return Seen(sees, dims)


def _permutation(name: str, call: _Call) -> Seen:
    count = len(call.first.dims)
    order = list(range(count))
    if name == "permute":
        given = call.args[1:] or (call.kwargs["dims"],)
        order = list(given[0] if isinstance(given[0], list | tuple) else given)
    elif name == "movedim":
        sources = [each % count for each in _one(call.args[1])]
        goals = [each % count for each in _one(call.args[2])]
        rest = iter([each for each in order if each not in sources])
        placed = dict(zip(goals, sources, strict=True))
        order = [placed[number] if number in placed else next(rest) for number in range(count)]
    else:
        first, second = (-2, -1) if name in ("mT", "T", "t") else (call.get(1, "dim0"), call.get(2, "dim1"))
        order[first], order[second] = order[second], order[first]
    return Seen(call.first.sees, tuple(call.first.dims[number % count] for number in order))


def _reshaping(name: str, call: _Call) -> Seen:
    return Seen(call.first.sees, _regrouped(call.first.dims, call.shape) or _loose(call.shape))


def _regrouped(dims: Dims, shape: Sequence[int]) -> Dims | None:
    """The factors of all dimensions, in order, shared out to new ones; a factor that two of them share is split."""
    queue = [each for factors in dims for each in factors if each.size > 1]
    result = []
    for size in shape:
        taken: list[Factor] = []
        left = size
        while left > 1:
            if not queue:
                return None
            factor = queue.pop(0)
            if left % factor.size == 0:
                taken.append(factor)
                left //= factor.size
            elif factor.size % left == 0:
                rest = factor.size // left
                taken.append(Factor(factor.axis, left, factor.step * rest))
                queue.insert(0, Factor(factor.axis, rest, factor.step))
                left = 1
            else:
                return None
        result.append(tuple(_joined(taken)))
    return tuple(result)


def _joined(factors: Sequence[Factor]) -> list[Factor]:
    """Neighbours that together walk along one axis are one factor again."""
    result: list[Factor] = []
    for each in factors:
        last = result[-1] if result else None
        if last and last.axis == each.axis and last.is_place and last.step == each.step * each.size:
            result[-1] = Factor(each.axis, last.size * each.size, each.step)
        else:
            result.append(each)
    return result


def _joining(name: str, call: _Call) -> Seen:
    """Concatenation. Along places, tokens before the picture's own for example, their order is no longer simple."""
    seen = max(call.inputs, key=lambda each: each[0].numel())[1]
    if name == "stack":
        number = call.get(1, "dim", 0) % call.output.ndim
        dims: Dims = (*seen.dims[:number], _channels(call.shape[number]), *seen.dims[number:])
    else:
        number = call.get(1, "dim", call.kwargs.get("axis", 0)) % call.output.ndim
        is_place = any(each.is_place for each in seen.dims[number])
        own = (Factor("x", call.shape[number]),) if is_place else _channels(call.shape[number])
        dims = (*seen.dims[:number], own, *seen.dims[number + 1 :])
    return Seen(_together([found for _, found in call.inputs]), dims)


def _splitting(name: str, call: _Call) -> Seen:
    number = call.get(2, "dim", 0)
    if name == "unbind":
        number = call.get(1, "dim", 0) % len(call.first.dims)
        return Seen(_chosen(call.first, number), tuple(f for at, f in enumerate(call.first.dims) if at != number))
    number %= len(call.first.dims)
    dims = list(call.first.dims)
    is_place = any(each.is_place for each in dims[number])
    dims[number] = _loose([call.shape[number]])[0] if is_place else _channels(call.shape[number])
    return Seen(call.first.sees, tuple(dims))


def _chosen(seen: Seen, number: int) -> Sees:
    """What one entry of a dimension sees: a single place sees no regular field any more."""
    is_place = any(each.is_place for each in seen.dims[number])
    return "irregular" if is_place and isinstance(seen.sees, ReceptiveField) else seen.sees


def _indexing(name: str, call: _Call) -> Seen | None:
    seen, index = call.first, call.args[1]
    index = index if isinstance(index, tuple) else (index,)
    if any(not (each is None or each is Ellipsis or isinstance(each, int | slice)) for each in index):
        return None
    missing = len(seen.dims) - sum(each is not None and each is not Ellipsis for each in index)
    at = index.index(Ellipsis) if Ellipsis in index else len(index)
    full = [*index[:at], *[slice(None)] * missing, *index[at + 1 :]]
    sees, number = seen.sees, 0
    dims: list[tuple[Factor, ...]] = []
    for each in full:
        if each is None:
            dims.append(())
            continue
        if isinstance(each, int):
            sees = _chosen(Seen(sees, seen.dims), number)
        else:
            size = call.inputs[0][0].shape[number]
            start, stop, step = each.indices(size)
            factors = seen.dims[number]
            taken = len(range(start, stop, step))
            axis = next((axis for axis in ("h", "w") if seen.place(axis) == number), None)
            if taken != size or step != 1:
                if axis:
                    which = "hw".index(axis)
                    factors = (Factor(axis, taken),) if taken > 1 else ()
                    sees = _strided(sees, which, start, step)
                elif any(factor.is_place for factor in factors):
                    factors = _loose([taken])[0]
                else:
                    factors = _channels(taken)
            dims.append(factors)
        number += 1
    return Seen(sees, tuple(dims))


def _strided(sees: Sees, which: int, start: int, step: int) -> Sees:
    """Every `step`-th unit along one of the two axes, from `start` on."""
    if not isinstance(sees, ReceptiveField):
        return sees
    return replace(
        sees,
        start=_each(lambda a: sees.start[a] + (start * sees.stride[a] if a == which else 0)),
        stride=_each(lambda a: sees.stride[a] * (step if a == which else 1)),
    )


def _roll(name: str, call: _Call) -> Seen:
    moves = any(_one(call.get(1, "shifts")))
    sees = "irregular" if moves and isinstance(call.first.sees, ReceptiveField) else call.first.sees
    return Seen(sees, call.first.dims)


def _resize(name: str, call: _Call) -> Seen:
    sees = call.first.sees
    same = tuple(call.inputs[0][0].shape) == call.shape
    return _grid(sees if same or sees == "whole picture" else "irregular", call.shape)


def _normalised(call: _Call) -> Sequence[int]:
    return range(-len(_one(call.get(1, "normalized_shape"))), 0)


_RULES: dict[str, Callable[[str, _Call], Seen | None]] = {
    **dict.fromkeys(
        (
            "relu relu_ relu6 hardtanh hardtanh_ hardswish hardsigmoid silu gelu sigmoid sigmoid_ tanh leaky_relu leaky_relu_ "
            "elu elu_ celu selu prelu mish softplus softsign hardshrink threshold dropout dropout1d dropout2d feature_dropout "
            "alpha_dropout batch_norm contiguous clone to float half double bfloat16 type type_as detach clamp clamp_ "
            "clamp_min clamp_max abs neg exp log sqrt rsqrt pow square reciprocal add add_ sub sub_ mul mul_ div div_ "
            "true_divide radd rsub rmul rtruediv truediv iadd isub imul itruediv addcmul maximum minimum where lerp expand "
            "expand_as nan_to_num masked_fill requires_grad_ local_response_norm"
        ).split(),
        _elementwise,
    ),
    "conv2d": _convolution,
    **dict.fromkeys(("max_pool2d", "avg_pool2d", "lp_pool2d"), _pooling),
    **dict.fromkeys(("adaptive_avg_pool2d", "adaptive_max_pool2d"), _adaptive_pooling),
    "pad": _padding,
    "linear": _linear,
    **dict.fromkeys(("matmul", "bmm", "rmatmul", "mm"), _product),
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _attention_of_all,
    **dict.fromkeys(("softmax", "log_softmax"), _mixing(lambda call: _one(call.get(1, "dim", -1)))),
    "normalize": _mixing(lambda call: _one(call.get(2, "dim", 1))),
    **dict.fromkeys(("layer_norm", "rms_norm"), _mixing(_normalised)),
    **dict.fromkeys(("group_norm", "instance_norm"), _mixing(lambda call: range(1, len(call.first.dims)))),
    **dict.fromkeys("mean sum amax amin std var max min norm linalg_vector_norm".split(), _reduction),
    **dict.fromkeys("permute transpose swapaxes swapdims movedim mT T t".split(), _permutation),
    **dict.fromkeys("reshape view flatten unflatten squeeze unsqueeze view_as reshape_as".split(), _reshaping),
    **dict.fromkeys(("cat", "concat", "concatenate", "stack"), _joining),
    **dict.fromkeys("chunk split split_with_sizes tensor_split unbind".split(), _splitting),
    "getitem": _indexing,
    "roll": _roll,
    **dict.fromkeys(("interpolate", "upsample"), _resize),
}
