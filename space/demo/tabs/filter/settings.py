"""What a visitor chose in the kernel laboratory: one small typed object, from the page's JSON or from a link."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from cnnhub import convolution, kernels, stack
from cnnhub.errors import CnnHubError, GeometryError, KernelError, UnknownNameError

Weights: TypeAlias = "tuple[tuple[float, ...], ...]"

FIRST_KERNEL = "sobel_x"
# What the page offers; programs may ask for more, up to the limits below.
SIZES, STRIDES, DILATIONS, PADDINGS = (3, 5, 7), (1, 2, 3, 4), (1, 2, 3), ("same", "valid", 1, 2, 3)
POOL_WINDOWS = (2, 3, 4)
DRAWN = ("auto", "signed", "clipped")
CHANNELS = "rgb"
MAX_STEPS = stack.MAX_STEPS - 1  # the first filter is one
MAX_STRIDE, MAX_DILATION, MAX_WINDOW, MAX_PADDING = 64, 32, 64, 99
MAX_NUMBER = 1_000_000  # for weights and bias; sums of larger ones say nothing about a photo


@dataclass(frozen=True)
class Step:
    """What is applied after the first filter.

    Attributes:
        kind: "relu", "pool" or "filter".
        name: of a pooling mode or a preset kernel; "" for a ReLU.
        window: side of the pooling window. stride: of pooling or filter.
    """

    kind: str
    name: str = ""
    window: int = 2
    stride: int = 1


@dataclass(frozen=True)
class Settings:
    """Everything that decides what the laboratory shows of a photo.

    Attributes:
        kernel: name of the preset that the weights and the divisor are; "" for numbers of one's own.
        weights: (k, k), k odd. divisor, bias: a value is sum / divisor + bias.
        colour: each of the three channels on its own; else the brightness.
        flipped: true convolution, the kernel turned by 180 degrees; else correlation.
        drawn: "signed" is a map of values, "clipped" a picture of 0 to 255, "auto" chooses by the kernel's sum.
        channel: 0, 1 or 2: of which channel map and arithmetic are shown in colour.
        at: the pointed value (row, column) in the map, counted from 0; None for the strongest.
    """

    kernel: str = FIRST_KERNEL
    weights: Weights = kernels.preset(FIRST_KERNEL).weights
    divisor: float = kernels.preset(FIRST_KERNEL).divisor
    bias: float = 0.0
    stride: int = 1
    dilation: int = 1
    padding: convolution.Padding = "same"
    border: convolution.Border = "zero"
    colour: bool = False
    flipped: bool = False
    drawn: str = "auto"
    channel: int = 0
    steps: tuple[Step, ...] = ()
    at: tuple[int, int] | None = None

    def filter(self) -> stack.Filter:
        return stack.Filter(
            self.weights,
            divisor=self.divisor,
            bias=self.bias,
            stride=self.stride,
            dilation=self.dilation,
            padding=self.padding,
            border=self.border,
            flipped=self.flipped,
        )

    def operations(self) -> list[stack.Step]:
        """The filter and what follows, as cnnhub.stack applies them."""
        return [self.filter(), *(_operation(step, self.border) for step in self.steps)]


@dataclass
class Misplaced(Exception):
    """A setting that cannot be used.

    Attributes:
        place: the setting's name.
        error: why.
    """

    place: str
    error: CnnHubError = field(repr=False)


def of_preset(name: str, **others: Any) -> Settings:
    """The settings of a preset kernel, all else as given or by default.

    Raises:
        UnknownNameError: no preset has this name.
    """
    known = kernels.preset(name)
    return Settings(kernel=name, weights=known.weights, divisor=known.divisor, **others)


def read(data: object) -> Settings:
    """What the page or a program sent -> settings; what is missing has its default.

    Raises:
        Misplaced: the first setting that cannot be used.
    """
    if not isinstance(data, Mapping):
        raise Misplaced("weights", KernelError("No settings arrived; expected an object with the settings' names."))
    values: dict[str, Any] = {}
    for name, reader in _READERS.items():
        if name in data:
            try:
                values[name] = reader(data[name])
            except CnnHubError as error:
                raise Misplaced(name, error) from None
    return _named(values)


def from_link(parameters: Mapping[str, str]) -> Settings:
    """The settings that a link's query holds; what is absent, unknown or not offered by the page has its default.

    >>> from_link({"kernel": "gaussian", "stride": "2", "dilation": "nonsense"}).stride
    2
    >>> from_link({"weights": "0,1,0;1,-4,1;0,1,0"}).kernel
    'laplacian_4'
    """
    values: dict[str, Any] = {}
    for name, reader in _LINK_READERS.items():
        if name in parameters:
            with suppress(CnnHubError, ValueError, KeyError, IndexError):
                values[_LINK_NAMES.get(name, name)] = reader(str(parameters[name]))
    return _named(values)


def to_link(settings: Settings) -> dict[str, str | None]:
    """The query parameters that `from_link` reads back; None where the setting is the default.

    >>> {name: value for name, value in to_link(Settings(stride=2, flipped=True)).items() if value}
    {'stride': '2', 'operation': 'convolution'}
    """
    own = not settings.kernel
    default = Settings()
    known = kernels.preset(settings.kernel) if settings.kernel else None
    link: dict[str, str | None] = {
        "kernel": settings.kernel if settings.kernel not in ("", FIRST_KERNEL) else None,
        "weights": ";".join(",".join(_short(value) for value in row) for row in settings.weights) if own else None,
        "divisor": _short(settings.divisor) if known is None and settings.divisor != 1 else None,
        "bias": _short(settings.bias) if settings.bias else None,
    }
    for name in ("stride", "dilation", "padding", "border", "drawn"):
        value = getattr(settings, name)
        link[name] = None if value == getattr(default, name) else str(value)
    link["colour"] = "rgb" if settings.colour else None
    link["operation"] = "convolution" if settings.flipped else None
    link["plane"] = CHANNELS[settings.channel] if settings.channel else None
    link["steps"] = ";".join(_step_text(step) for step in settings.steps) or None
    link["at"] = f"{settings.at[0] + 1},{settings.at[1] + 1}" if settings.at else None
    return link


def _named(values: dict[str, Any]) -> Settings:
    """Weights that are a preset's bear its name; a name alone brings its weights and divisor."""
    name = values.pop("kernel", "" if "weights" in values else FIRST_KERNEL)
    if name and "weights" not in values:
        known = kernels.preset(name)
        values = {"weights": known.weights, "divisor": known.divisor, **values}
    settings = Settings(**{"divisor": 1.0, **values, "kernel": ""})
    same = [known for known in kernels.names() if _is(settings, known)]
    return replace(settings, kernel=name if name in same else same[0] if same else "")


def _is(settings: Settings, name: str) -> bool:
    known = kernels.preset(name)
    return (known.weights, known.divisor) == (settings.weights, settings.divisor)


def _operation(step: Step, border: convolution.Border) -> stack.Step:
    if step.kind == "relu":
        return stack.Relu()
    if step.kind == "pool":
        return stack.Pool(step.name, step.window, step.stride)
    known = kernels.preset(step.name)
    return stack.Filter(known.weights, divisor=known.divisor, stride=step.stride, border=border)


def _kernel_name(value: object) -> str:
    if value not in ("", None) and value not in kernels.names():
        raise UnknownNameError("kernel", value, kernels.names())
    return str(value or "")


def _weights(value: object) -> Weights:
    if not isinstance(value, list | tuple) or not all(isinstance(row, list | tuple) for row in value):
        raise KernelError(
            f"The weights are {_quoted(value)}; expected rows of numbers, such as [[0, 1, 0], [1, -4, 1], [0, 1, 0]]."
        )
    if len(value) > kernels.MAX_SIZE or any(len(row) > kernels.MAX_SIZE for row in value):
        raise KernelError(f"The kernel is larger than {kernels.MAX_SIZE} x {kernels.MAX_SIZE}; expected a smaller one.")
    rows = tuple(tuple(_finite("weight", weight) for weight in row) for row in value)
    kernels.kernel(rows)  # refuses what is not square and odd
    return rows


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise KernelError(f"The {name} is {_quoted(value)}; expected an ordinary number.")
    if abs(value) > MAX_NUMBER:
        raise KernelError(f"The kernel holds a {name} beyond {MAX_NUMBER:,}; expected smaller numbers.")
    return float(value)


def _divisor(value: object) -> float:
    number = _finite("divisor", value)
    if abs(number) < 1 / MAX_NUMBER:
        raise KernelError(f"The divisor is {number:g}; expected any number but 0. Use 1 to leave the sum as it is.")
    return number


def _whole(name: str, least: int, most: int) -> Callable[[object], int]:
    def reader(value: object) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON and gradio say 2.0 for 2
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise GeometryError(f"The {name} is {_quoted(value)}; expected a whole number from {least} to {most}.")
        return value

    return reader


def _padding(value: object) -> convolution.Padding:
    if value == "same" or value == "valid":
        return value  # type: ignore[return-value]
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,2}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GeometryError(
            f"The padding is {_quoted(value)}; expected 'same', 'valid' or a whole number from 0 to {MAX_PADDING}."
        )
    return _whole("padding", 0, MAX_PADDING)(value)


def _one_of(kind: str, known: tuple[str, ...]) -> Callable[[object], Any]:
    def reader(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise UnknownNameError(kind, value, known)
        return value

    return reader


def _switch(name: str) -> Callable[[object], bool]:
    def reader(value: object) -> bool:
        if not isinstance(value, bool):
            raise GeometryError(f"{name} is {_quoted(value)}; expected true or false.")
        return value

    return reader


def _steps(value: object) -> tuple[Step, ...]:
    if not isinstance(value, list | tuple):
        raise GeometryError(f"The steps are {_quoted(value)}; expected a list.")
    if len(value) > MAX_STEPS:
        raise GeometryError(f"{len(value)} steps arrived; expected at most {MAX_STEPS}.")
    return tuple(_step(step) for step in value)


def _step(value: object) -> Step:
    """`{"kind": "relu"}`, `{"kind": "pool", "name": "max", "window": 2, "stride": 2}`, `{"kind": "filter", "name": "emboss"}`."""
    if not isinstance(value, Mapping):
        raise GeometryError(f"A step is {_quoted(value)}; expected an object with a kind.")
    kind = _one_of("kind of step", ("relu", "pool", "filter"))(value.get("kind"))
    if kind == "relu":
        return Step("relu", stride=1, window=1)
    if kind == "pool":
        name = _one_of("pooling mode", convolution.POOLING_MODES)(value.get("name", "max"))
        window = _whole("window", 1, MAX_WINDOW)(value.get("window", 2))
        return Step("pool", name, window, _whole("stride", 1, MAX_STRIDE)(value.get("stride", window)))
    name = _one_of("kernel", tuple(kernels.names()))(value.get("name", FIRST_KERNEL))
    return Step("filter", name, 1, _whole("stride", 1, MAX_STRIDE)(value.get("stride", 1)))


def _at(value: object) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise GeometryError(f"The pointed value is {_quoted(value)}; expected its row and column.")
    whole = _whole("pointed row or column", 0, 10_000)
    return whole(value[0]), whole(value[1])


_READERS: dict[str, Callable[[object], Any]] = {
    "kernel": _kernel_name,
    "weights": _weights,
    "divisor": _divisor,
    "bias": lambda value: _finite("bias", value),
    "stride": _whole("stride", 1, MAX_STRIDE),
    "dilation": _whole("dilation", 1, MAX_DILATION),
    "padding": _padding,
    "border": _one_of("border", convolution.BORDERS),
    "colour": _switch("colour"),
    "flipped": _switch("flipped"),
    "drawn": _one_of("way of drawing", DRAWN),
    "channel": _whole("channel", 0, 2),
    "steps": _steps,
    "at": _at,
}


def _offered(known: tuple[Any, ...]) -> Callable[[str], Any]:
    return lambda text: {str(value): value for value in known}[text]


def _link_weights(text: str) -> Weights:
    weights = _weights([[float(value) for value in row.split(",")] for row in text[:2000].split(";")])
    if len(weights) not in SIZES:
        raise KernelError(f"The kernel is {len(weights)} wide; expected one of {SIZES}.")
    return weights


def _link_step(text: str) -> dict[str, Any]:
    """`relu`, `max-2-2` (window, stride) or `gaussian-1` (stride)."""
    name, *numbers = text.split("-")
    if name == "relu":
        return {"kind": "relu"}
    if name in convolution.POOLING_MODES:
        return {"kind": "pool", "name": name, "window": int(numbers[0]), "stride": int(numbers[1])}
    return {"kind": "filter", "name": name, "stride": int(numbers[0])}


def _step_text(step: Step) -> str:
    if step.kind == "relu":
        return "relu"
    return f"{step.name}-{step.window}-{step.stride}" if step.kind == "pool" else f"{step.name}-{step.stride}"


_LINK_NAMES = {"operation": "flipped", "plane": "channel"}
_LINK_READERS: dict[str, Callable[[str], Any]] = {
    "kernel": _kernel_name,
    "weights": _link_weights,
    "divisor": lambda text: _divisor(float(text)),
    "bias": lambda text: _finite("bias", float(text)),
    "stride": _offered(STRIDES),
    "dilation": _offered(DILATIONS),
    "padding": _offered(PADDINGS),
    "border": _offered(convolution.BORDERS),
    "drawn": _offered(DRAWN),
    "colour": lambda text: {"rgb": True, "grey": False}[text],
    "operation": lambda text: {"convolution": True, "correlation": False}[text],
    "plane": lambda text: {"r": 0, "g": 1, "b": 2}[text],
    "steps": lambda text: _steps([_link_step(step) for step in text[:500].split(";")]),
    "at": lambda text: _at([int(number) - 1 for number in text.split(",")]),
}


def _short(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _quoted(value: object) -> str:
    """What arrived, never longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
