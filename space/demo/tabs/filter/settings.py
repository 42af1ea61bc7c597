"""What a visitor chose in the kernel laboratory: one small typed object, from the page's JSON, a program or a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from cnnhub import convolution, kernels, stack
from cnnhub.convolution import Filter
from cnnhub.errors import CnnHubError, GeometryError, KernelError, UnknownNameError

FIRST_KERNEL = "sobel_x"
# What the page offers; programs may ask for more, up to the limits below.
SIZES, STRIDES, DILATIONS, PADDINGS = (3, 5, 7), (1, 2, 3, 4), (1, 2, 3), ("same", "valid", 1, 2, 3)
POOL_WINDOWS = (2, 3, 4)
DRAWN = ("auto", "signed", "clipped")
CHANNELS = "rgb"
MAX_STEPS = stack.MAX_STEPS - 1  # the first filter is one
MAX_STRIDE, MAX_DILATION, MAX_WINDOW, MAX_PADDING = 64, 32, 64, 99
MAX_NUMBER = 1_000_000  # for weights and bias; sums of larger ones say nothing about a photo


def _checked(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A check of cnnhub's, whose error passes through pydantic's as it is."""

    def checked(value: Any) -> Any:
        try:
            return check(value)
        except CnnHubError as error:
            raise PydanticCustomError("cnnhub", "refused", {"error": error}) from None

    return checked


def _one_of(kind: str, known: Sequence[str]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in known:
            raise UnknownNameError(kind, value, known)
        return value

    return _checked(check)


def _kernel_or_none(name: Any) -> Any:
    return _one_of("kernel", kernels.names())(name) if name else ""


def _odd_square(rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    kernels.kernel(rows)
    return rows


def _not_zero(divisor: float) -> float:
    if abs(divisor) < 1 / MAX_NUMBER:
        raise KernelError(f"The divisor is {divisor:g}; expected any number but 0. Use 1 to leave the sum as it is.")
    return divisor


def _few(steps: object) -> object:
    if isinstance(steps, list | tuple) and len(steps) > MAX_STEPS:
        raise GeometryError(f"{len(steps)} steps arrived; expected at most {MAX_STEPS}.")
    return steps


def _whole(value: object) -> object:
    """JSON and gradio say 2.0 for 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digits(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,2}", value) else _whole(value)


Number: TypeAlias = Annotated[float, Strict(), Field(ge=-MAX_NUMBER, le=MAX_NUMBER, allow_inf_nan=False)]
Row: TypeAlias = Annotated[tuple[Number, ...], Field(max_length=kernels.MAX_SIZE)]
Whole: TypeAlias = Annotated[int, Strict(), BeforeValidator(_whole)]
Stride: TypeAlias = Annotated[Whole, Field(ge=1, le=MAX_STRIDE)]
Window: TypeAlias = Annotated[Whole, Field(ge=1, le=MAX_WINDOW)]
Place: TypeAlias = Annotated[Whole, Field(ge=0, le=10_000)]
Switch: TypeAlias = Annotated[bool, Strict()]


class Step(BaseModel):
    """What is applied after the first filter: `{"kind": "relu"}`, `{"kind": "pool", "name": "max", "window": 2, "stride": 2}`,
    `{"kind": "filter", "name": "emboss"}`.

    Attributes:
        name: of a pooling mode or a preset kernel; "" for a ReLU.
        window: side of the pooling window. stride: of pooling or filter; a pooling's is its window unless it is given.
    """

    model_config = ConfigDict(frozen=True)

    kind: Annotated[Any, AfterValidator(_one_of("kind of step", ("relu", "pool", "filter")))]
    name: str = ""
    window: Window = 1
    stride: Stride = 1

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, data: Any) -> Any:
        kind = data.get("kind") if isinstance(data, Mapping) else None
        if kind == "pool":
            return {"name": "max", "window": 2, "stride": data.get("window", 2), **data}
        if kind == "filter":
            return {"name": FIRST_KERNEL, "stride": 1, **data, "window": 1}
        return {"kind": "relu"} if kind == "relu" else data

    @field_validator("name", mode="after")
    @classmethod
    def _is_known(cls, name: str, info: ValidationInfo) -> str:
        known = {"pool": convolution.POOLING_MODES, "filter": kernels.names()}.get(info.data.get("kind", ""), [""])
        title = "pooling mode" if info.data.get("kind") == "pool" else "kernel"
        return str(_one_of(title, known)(name))

    def operation(self, border: convolution.Border) -> stack.Step:
        if self.kind == "relu":
            return stack.Relu()
        if self.kind == "pool":
            return stack.Pool(self.name, self.window, self.stride)  # type: ignore[arg-type]  # one of POOLING_MODES
        known = kernels.preset(self.name)
        return Filter(known.weights, divisor=known.divisor, stride=self.stride, border=border)


def _preset_filter(name: str) -> Filter:
    known = kernels.preset(name)
    return Filter(known.weights, known.divisor)


@dataclass(frozen=True)
class Settings:
    """Everything that decides what the laboratory shows of a photo.

    Attributes:
        kernel: name of the preset that the filter's weights and divisor are; "" for numbers of one's own.
        colour: each of the three channels on its own; else the brightness.
        drawn: "signed" is a map of values, "clipped" a picture of 0 to 255, "auto" chooses by the kernel's sum.
        channel: 0, 1 or 2: of which channel map and arithmetic are shown in colour.
        at: the pointed value (row, column) in the map, counted from 0; None for the strongest.
    """

    kernel: str = FIRST_KERNEL
    filter: Filter = field(default_factory=lambda: _preset_filter(FIRST_KERNEL))
    colour: bool = False
    drawn: str = "auto"
    channel: int = 0
    steps: tuple[Step, ...] = ()
    at: tuple[int, int] | None = None

    def operations(self) -> list[stack.Step]:
        """The filter and what follows, as cnnhub.stack applies them."""
        return [self.filter, *(step.operation(self.filter.border) for step in self.steps)]

    def as_json(self) -> dict[str, Any]:
        """As the page has them, and `read` takes them."""
        others = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "filter"}
        return asdict(self.filter) | others | {"steps": [step.model_dump() for step in self.steps]}


@dataclass
class Misplaced(Exception):
    """A setting that cannot be used.

    Attributes:
        place: the setting's name.
        error: why.
    """

    place: str
    error: CnnHubError = field(repr=False)


def read(data: object) -> Settings:
    """What the page or a program sent -> settings; what is missing has its default.

    Raises:
        Misplaced: the first setting that cannot be used.
    """
    if not isinstance(data, Mapping):
        raise Misplaced("weights", KernelError("No settings arrived; expected an object with the settings' names."))
    return _named({name: _validated(name, data[name]) for name in TYPES if name in data})


def from_link(parameters: Mapping[str, str]) -> Settings:
    """The settings that a link's query holds, which lab_link.js writes; what is absent, unknown or not offered has its default.

    >>> from_link({"kernel": "gaussian", "stride": "2", "dilation": "nonsense"}).filter.stride
    2
    >>> from_link({"weights": "0,1,0;1,-4,1;0,1,0"}).kernel
    'laplacian_4'
    """
    values: dict[str, Any] = {}
    for written, reader in LINK_READERS.items():
        if written in parameters:
            name = _LINK_NAMES.get(written, written)
            with suppress(Misplaced, ValueError, KeyError, IndexError):
                values[name] = _validated(name, reader(str(parameters[written])))
    return _named(values)


# Setting -> (what it may be, how that is said).
TYPES: dict[str, tuple[Any, str]] = {
    "kernel": (Annotated[Any, AfterValidator(_kernel_or_none)], ""),
    "weights": (
        Annotated[tuple[Row, ...], Field(max_length=kernels.MAX_SIZE), AfterValidator(_checked(_odd_square))],
        f"at most {kernels.MAX_SIZE} rows of ordinary numbers, such as [[0, 1, 0], [1, -4, 1], [0, 1, 0]], no weight beyond "
        f"{MAX_NUMBER:,}",
    ),
    "divisor": (Annotated[Number, AfterValidator(_checked(_not_zero))], f"an ordinary number, no divisor beyond {MAX_NUMBER:,}"),
    "bias": (Number, f"an ordinary number, no bias beyond {MAX_NUMBER:,}"),
    "stride": (Stride, f"a whole number from 1 to {MAX_STRIDE}"),
    "dilation": (Annotated[Whole, Field(ge=1, le=MAX_DILATION)], f"a whole number from 1 to {MAX_DILATION}"),
    "padding": (
        Annotated[Literal["same", "valid"] | Annotated[int, Strict(), Field(ge=0, le=MAX_PADDING)], BeforeValidator(_digits)],
        f"'same', 'valid' or a whole number from 0 to {MAX_PADDING}",
    ),
    "border": (Annotated[Any, AfterValidator(_one_of("border", convolution.BORDERS))], ""),
    "flipped": (Switch, "true or false"),
    "colour": (Switch, "true or false"),
    "drawn": (Annotated[Any, AfterValidator(_one_of("way of drawing", DRAWN))], ""),
    "channel": (Annotated[Whole, Field(ge=0, le=2)], "0, 1 or 2"),
    "steps": (
        Annotated[tuple[Step, ...], BeforeValidator(_checked(_few))],
        f"a list of objects, each with a kind and, where it has them, a name, a window and a stride from 1 to {MAX_STRIDE}",
    ),
    "at": (tuple[Place, Place] | None, "a row and a column, counted from 0"),
}
_TITLES = {"weights": "weights are", "steps": "steps are", "flipped": "setting flipped is", "at": "pointed value is"}
OF_KERNEL = ("kernel", "weights", "divisor", "bias")
_ADAPTERS: dict[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, (kind, _) in TYPES.items()}


def _validated(name: str, value: object) -> Any:
    """One setting, or why it cannot be used: cnnhub's reason, or what arrived and what was expected."""
    try:
        return _ADAPTERS[name].validate_python(value)
    except ValidationError as refused:
        error = refused.errors(include_url=False)[0].get("ctx", {}).get("error")
        if not isinstance(error, CnnHubError):
            kind = KernelError if name in OF_KERNEL else GeometryError
            error = kind(f"The {_TITLES.get(name, f'{name} is')} {_quoted(value)}; expected {TYPES[name][1]}.")
        raise Misplaced(name, error) from None


def _named(values: dict[str, Any]) -> Settings:
    """Weights that are a preset's bear its name; a name alone brings its weights and divisor."""
    name = values.pop("kernel", "" if "weights" in values else FIRST_KERNEL)
    of_filter = {each.name: values.pop(each.name) for each in fields(Filter) if each.name in values}
    filter_ = replace(_preset_filter(name or FIRST_KERNEL), **of_filter)
    if "divisor" not in of_filter and (not name or "weights" in of_filter):
        filter_ = replace(filter_, divisor=1.0)
    same = [known for known in kernels.names() if _is(filter_, known)]
    return Settings(name if name in same else same[0] if same else "", filter_, **values)


def _is(filter_: Filter, name: str) -> bool:
    known = kernels.preset(name)
    return (known.weights, known.divisor) == (filter_.weights, filter_.divisor)


def _offered(known: tuple[Any, ...]) -> Callable[[str], Any]:
    return lambda text: {str(value): value for value in known}[text]


def _link_weights(text: str) -> list[list[float]]:
    rows = [[float(value) for value in row.split(",")] for row in text[:2000].split(";")]
    if len(rows) not in SIZES:
        raise ValueError(f"{len(rows)} rows")
    return rows


def _link_step(text: str) -> dict[str, Any]:
    """`relu`, `max-2-2` (window, stride) or `gaussian-1` (stride)."""
    name, *numbers = text.split("-")
    if name == "relu":
        return {"kind": "relu"}
    if name in convolution.POOLING_MODES:
        return {"kind": "pool", "name": name, "window": int(numbers[0]), "stride": int(numbers[1])}
    return {"kind": "filter", "name": name, "stride": int(numbers[0])}


_LINK_NAMES = {"operation": "flipped", "plane": "channel"}
LINK_READERS: dict[str, Callable[[str], Any]] = {
    "kernel": str,
    "weights": _link_weights,
    "divisor": float,
    "bias": float,
    "stride": _offered(STRIDES),
    "dilation": _offered(DILATIONS),
    "padding": _offered(PADDINGS),
    "border": _offered(convolution.BORDERS),
    "drawn": _offered(DRAWN),
    "colour": lambda text: {"rgb": True, "grey": False}[text],
    "operation": lambda text: {"convolution": True, "correlation": False}[text],
    "plane": CHANNELS.index,
    "steps": lambda text: [_link_step(step) for step in text[:500].split(";")],
    "at": lambda text: [int(number) - 1 for number in text.split(",")],
}


def _quoted(value: object) -> str:
    """What arrived, never longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
