"""ModelConfig: what the config.json of a timm repository says, validated."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic_core import ErrorDetails

from cnnhub.errors import ModelConfigError
from cnnhub.hub.labels import imagenet_labels, tell_apart

MAX_DEPTH = 32  # of lists and objects inside each other
DEFAULT_CLASSES = 1000  # timm's, where a config.json does not say
MAX_CLASSES = 100_000
# What model_args may hold: choices between a network's own variants, never a size to allocate.
ALLOWED_MODEL_ARGS = ("act_layer", "global_pool", "norm_layer", "pad_type")
_WITHOUT_EFFECT = ("drop_rate", "drop_path_rate", "drop_block_rate")  # on answers; they are for training
_ROOT = ("architecture", "num_classes", "num_features", "label_names", "label_descriptions", "model_args", "cnnhub")


# Numbers with which no answer overflows or becomes NaN. timm's own lie well inside: mean 0 to 0.5, std 0.14 to 1.
_Mean = Annotated[float, Field(ge=-1e3, le=1e3)]
_Deviation = Annotated[float, Field(ge=1e-3, le=1e3)]
_Score = Annotated[float, Field(ge=-1e6, le=1e6)]  # an energy, a distance or a probe's
_Spread = Annotated[float, Field(ge=1e-12, le=1e6)]


class PretrainedConfig(BaseModel):
    """timm's `pretrained_cfg`: how pixels are prepared. Keys that only timm reads pass through; the defaults are timm's."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    input_size: tuple[Literal[3], int, int] = (3, 224, 224)
    fixed_input_size: bool = False
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos", "hamming", "box"] = "bicubic"
    crop_pct: float = Field(default=0.875, ge=0.1, le=2.0)
    crop_mode: Literal["center", "squash", "border"] = "center"
    mean: tuple[_Mean, _Mean, _Mean] = (0.485, 0.456, 0.406)
    std: tuple[_Deviation, _Deviation, _Deviation] = (0.229, 0.224, 0.225)

    @model_validator(mode="before")
    @classmethod
    def _null_means_default(cls, values: Any) -> Any:
        return {key: value for key, value in values.items() if value is not None} if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _check(self) -> PretrainedConfig:
        if not all(16 <= side <= 1024 for side in self.input_size[1:]):
            raise ValueError("input_size must be [3, height, width] with sides of 16 to 1,024 pixels")
        return self


class Energy(BaseModel):
    """When a picture is called unfamiliar: its energy, -logsumexp of the logits, is above the threshold.

    Attributes:
        false_alarm: the share of validation's own pictures, 0 to 1, that are called so.
    """

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    threshold: _Score | None = None
    false_alarm: float | None = Field(default=None, ge=0, le=1)


class Neighbours(BaseModel):
    """When a picture is called unfamiliar: by its energy, its distance to training pictures and a probe (`cnnhub.familiarity`).

    Attributes:
        k: which of the nearest training pictures counts.
        energy_mean, energy_sd, distance_mean, distance_sd, probe_mean, probe_sd: of validation's own pictures. A score without
            a standard deviation does not count.
        threshold: a picture whose strangeness is larger is called unfamiliar.
        false_alarm: the share of validation's own pictures, 0 to 1, that are called so.
    """

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    k: int = Field(ge=1, le=1000)
    energy_mean: _Score = 0.0
    energy_sd: _Spread | None = None
    distance_mean: _Score = 0.0
    distance_sd: _Spread | None = None
    probe_mean: _Score = 0.0
    probe_sd: _Spread | None = None
    threshold: float
    false_alarm: float = Field(ge=0, le=1)


class Bin(BaseModel):
    """Pictures whose answer had a probability in (lower, upper], and how many of those answers were right."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    lower: float = Field(ge=0, le=1)
    upper: float = Field(ge=0, le=1)
    count: int = Field(ge=1)
    correct: int = Field(ge=0)

    @model_validator(mode="after")
    def _check(self) -> Bin:
        if self.lower >= self.upper:
            raise ValueError(f"lower is {self.lower}, expected less than upper, {self.upper}")
        if self.correct > self.count:
            raise ValueError(f"{self.correct} of {self.count} pictures cannot be right")
        return self


class Reliability(BaseModel):
    """How often answers of a certain probability, after the temperature, were right.

    Attributes:
        split: the pictures that were counted.
        bins: of equal width, by rising probability; those without a picture are left out.
    """

    model_config = ConfigDict(extra="allow")

    split: str
    bins: list[Bin]

    @model_validator(mode="after")
    def _check(self) -> Reliability:
        for below, above in pairwise(self.bins):
            if above.lower < below.upper:
                raise ValueError(f"the bins ({below.lower}, {below.upper}] and ({above.lower}, {above.upper}] overlap or fall")
        return self


class CnnHubMetadata(BaseModel):
    """What stands under "cnnhub" in config.json: ours, ignored by timm and transformers."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    schema_version: int = 1
    temperature: float = Field(default=1.0, ge=1e-3, le=1e3)
    label_texts: dict[str, dict[str, str]] = {}
    energy: Energy | None = None
    neighbours: Neighbours | None = None
    reliability: Reliability | None = None


class ModelConfig(BaseModel):
    """The description of one image classifier. Unknown root keys survive a rewrite."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    architecture: str = Field(pattern=r"^[A-Za-z0-9_]{1,128}$")
    num_classes: int = Field(ge=1, le=MAX_CLASSES)
    num_features: int | None = Field(default=None, ge=1)
    label_names: list[str] | None = None
    model_args: dict[str, JsonValue] = {}
    pretrained_cfg: PretrainedConfig
    cnnhub: CnnHubMetadata = CnnHubMetadata()

    @model_validator(mode="before")
    @classmethod
    def _as_timm_reads_it(cls, values: Any) -> Any:
        """Older layouts and what timm's export repeats, brought to the one form in which a config.json is written here."""
        if not isinstance(values, dict):
            return values
        if "architecture" not in values and "model_type" in values:
            raise ValueError(_of_transformers(values))
        values = _with_tag_apart(_with_pretrained_cfg(values))
        return _with_class_names(_without_repetitions(values)) if isinstance(values["pretrained_cfg"], dict) else values

    @model_validator(mode="after")
    def _check(self) -> ModelConfig:
        if self.label_names is not None and len(self.label_names) != self.num_classes:
            raise ValueError(f"label_names has {len(self.label_names)} names for {self.num_classes} classes")
        for key, value in self.model_args.items():
            is_stride = key == "output_stride" and value in (8, 16, 32)
            if not is_stride and (key not in ALLOWED_MODEL_ARGS or not isinstance(value, str)):
                raise ValueError(
                    f"model_args may hold {', '.join(ALLOWED_MODEL_ARGS)} as strings, output_stride 8, 16 or 32, 3 as in_chans, "
                    f"num_classes as above, and img_size where the network has a fixed one; not {key}={str(value)[:80]}"
                )
        return self

    @classmethod
    def parse(cls, data: bytes | str, name: str = "config.json") -> ModelConfig:
        """The text of a config.json, validated; `name` is what an error calls it.

        Raises:
            ModelConfigError: it is not JSON, nests too deep, or is not a model's description.
        """
        try:
            values = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ModelConfigError(f"{name} is not JSON: {error}. Expected a timm config.json.") from error
        if _is_deeper_than(MAX_DEPTH, values):
            raise ModelConfigError(f"{name} nests more than {MAX_DEPTH} lists and objects; a timm config.json nests about four.")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = "; ".join(map(_problem, error.errors()[:4]))
            raise ModelConfigError(
                f"{name} does not describe an image classifier: {problems}. "
                "Expected the layout that timm writes: architecture, num_classes, label_names, pretrained_cfg."
            ) from error

    def with_labels(self, labels: Sequence[str]) -> ModelConfig:
        """The same network with a new head: what was measured of the old one (temperature, threshold, metrics) goes with it."""
        cfg = {**self.pretrained_cfg.model_dump(), "num_classes": len(labels)}
        changes = {"num_classes": len(labels), "label_names": list(labels), "pretrained_cfg": cfg, "cnnhub": {}}
        kept = self.model_dump(exclude_none=True)
        kept.pop("label_descriptions", None)
        return ModelConfig.model_validate({**kept, **changes})

    def with_metadata(self, **changes: object) -> ModelConfig:
        """The same with these keys under "cnnhub" set, checked as when they are read."""
        ours = CnnHubMetadata.model_validate({**self.cnnhub.model_dump(), **changes})
        return self.model_copy(update={"cnnhub": ours})

    def to_json(self) -> bytes:
        """The text of a config.json that timm and `parse` understand."""
        return self.model_dump_json(exclude_none=True, indent=2).encode() + b"\n"

    def labels(self) -> list[str]:
        """One unique name a class, in the order of the logits.

        Without label_names a network gets ImageNet's where it has as many classes as it (1,000) or one of its larger
        variants, any other numbered names and a warning. A name that stands twice is told apart by its class number, with
        a warning.
        """
        names = self.label_names
        if names is None:
            names = imagenet_labels(self.num_classes)
            if names is not None:
                return names
            warnings.warn(f"config.json has no label_names; the {self.num_classes} classes are numbered.", stacklevel=2)
            return [f"class {number}" for number in range(self.num_classes)]
        repeated = sorted(name for name, count in Counter(names).items() if count > 1)
        if repeated:
            warnings.warn(
                f"label_names holds {', '.join(map(repr, repeated[:5]))} more than once; "
                "those classes are told apart by their numbers.",
                stacklevel=2,
            )
        return tell_apart(names)


def _with_pretrained_cfg(values: dict[str, Any]) -> dict[str, Any]:
    """The oldest layout had no pretrained_cfg: its keys stood at the root, and label_names was called labels."""
    if "pretrained_cfg" in values:
        return values
    cfg = {key: value for key, value in values.items() if key not in _ROOT}
    root = {key: value for key, value in values.items() if key in _ROOT}
    return {**root, "pretrained_cfg": {("label_names" if key == "labels" else key): value for key, value in cfg.items()}}


def _with_tag_apart(values: dict[str, Any]) -> dict[str, Any]:
    """ "resnet18.a1_in1k", as timm calls pretrained weights -> the architecture, and the tag where timm keeps it."""
    name, cfg = values.get("architecture"), values["pretrained_cfg"]
    if not isinstance(name, str) or "." not in name or not isinstance(cfg, dict):
        return values
    architecture, _, tag = name.partition(".")
    return {**values, "architecture": architecture, "pretrained_cfg": {"tag": tag, **cfg}}


def _of_transformers(values: dict[str, Any]) -> str:
    kind = str(values["model_type"])[:40]
    return (
        f"this is transformers' layout (model_type {kind!r}), whose weights have other names than timm's; take the repository in "
        f"which timm keeps this architecture, timm/..., or load it with transformers' pipeline('image-classification')"
    )


def _without_repetitions(values: dict[str, Any]) -> dict[str, Any]:
    """model_args without what timm's export repeats there from the rest of the file, or records for training alone."""
    cfg, arguments = dict(values["pretrained_cfg"]), values.get("model_args")
    num_classes = next((n for n in (values.get("num_classes"), cfg.get("num_classes")) if n is not None), DEFAULT_CLASSES)
    values = {**values, "num_classes": num_classes, "pretrained_cfg": cfg}
    if not isinstance(arguments, dict):
        return {key: value for key, value in values.items() if key != "model_args" or value is not None}
    expected = {"num_classes": num_classes, "in_chans": 3}
    kept = {
        key: value
        for key, value in arguments.items()
        if not (key in expected and _is_number(value) and value == expected[key])
        and not (key in _WITHOUT_EFFECT and _is_number(value))
    }
    if cfg.get("fixed_input_size") is True and "img_size" in kept:
        size = kept.pop("img_size")
        cfg["input_size"] = [3, size, size] if _is_number(size) else [3, *size] if isinstance(size, list) else size
    return {**values, "model_args": kept}


def _with_class_names(values: dict[str, Any]) -> dict[str, Any]:
    """label_names at the root, as a list; timm also knows them in pretrained_cfg, and as {class number: name} with gaps."""
    cfg, num_classes = values["pretrained_cfg"], values["num_classes"]
    inner = {key: cfg.pop(key) for key in ("label_names", "label_descriptions") if key in cfg}
    values = {**inner, **{key: value for key, value in values.items() if key not in inner or value is not None}}
    names = values.get("label_names")
    if isinstance(names, dict) and names and all(_is_number(number) for number in names.values()):  # {name: class number}
        names = {str(number): name for name, number in names.items()}
    if isinstance(names, dict) and isinstance(num_classes, int) and num_classes <= MAX_CLASSES:
        numbers = {str(number): f"class {number}" for number in range(num_classes)}
        values["label_names"] = list({**numbers, **names}.values())
    elif names == []:
        values["label_names"] = None
    return values


def _problem(item: ErrorDetails) -> str:
    """One of pydantic's complaints: where, what is wrong, and what arrived there if it is short."""
    place = ".".join(str(part) for part in item["loc"]) or "the whole file"
    message, arrived = item["msg"].removeprefix("Value error, "), item["input"]
    is_short = (arrived is None or isinstance(arrived, str | int | float)) and len(str(arrived)) <= 40
    return f"{place}: {message}{f', not {arrived!r}' if is_short and item['type'] != 'missing' else ''}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_deeper_than(depth: int, value: object) -> bool:
    """Whether lists and objects nest more than `depth` times; without recursion, which the value could exhaust."""
    level = [value]
    for _ in range(depth + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [child for item in containers for child in (item.values() if isinstance(item, dict) else item)]
    return True
