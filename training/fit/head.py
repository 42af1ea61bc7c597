"""Phase one: a new head on a frozen backbone, fitted exactly to features that are computed once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from accelerate.utils import broadcast_object_list
from rich.console import Console
from rich.progress import Progress as ProgressBar
from safetensors import SafetensorError, safe_open
from sklearn.linear_model import LogisticRegression

from cnnhub.engines.export import graph_of
from cnnhub.engines.onnx import OnnxEngine
from cnnhub.engines.torch import to_bytes
from cnnhub.files import write_atomically
from training.data.pixels import Pixels, derive
from training.fit.backbones import head_of
from training.fit.devices import Progress, over_all
from training.fit.prepare import Prepared
from training.fit.recipe import Recipe, Run
from training.measure.figures import Score, score_of

FEATURES = "run/features.safetensors"
_WORTH_AN_EXPORT = 256  # passes; for fewer pictures exporting the network takes longer than it saves
# What of a recipe decides the features of the plain pictures, and of the augmented views.
_DECIDES = ("backbone", "model_args", "size", "precision")
_DECIDES_FRESH = ("fresh", "seed")  # of parts that begin with random weights
_DECIDES_VIEWS = (
    "views", "seed", "augment", "without", "flip", "vertical_flip", "set_back", "erase", "scale", "color_jitter",
)  # fmt: skip


@dataclass(frozen=True)
class Head:
    """What was fitted."""

    score: Score  # on validation
    c: float  # the chosen inverse penalty (scikit-learn's C)
    seconds: float  # that the features took to compute, now or when they were cached
    logits: torch.Tensor | None  # validation's (M, K), cropped as in training; None where the features are in bfloat16


@dataclass(frozen=True)
class Features:
    """Pooled features of a frozen backbone."""

    tensors: dict[str, torch.Tensor]  # "train" ((1 + views) * N, F), "train_targets", "validation" (M, F), "validation_targets"
    seconds: float  # that they took to compute, now or when they were cached
    in_float32: bool  # whether the backbone computed them as the model will


def fit_head(ready: Prepared, run: Run, console: Console) -> Head | None:
    """Fit a multinomial logistic regression and put it into the network's head; its L2 penalty is chosen on validation.

    Returns:
        None from scratch, where features say nothing yet.
    """
    if not ready.is_trained:
        return None
    started = time.monotonic()
    total = len(ready.train.pictures) * (1 + ready.recipe.views) + len(ready.validation.pictures)
    with ProgressBar(console=console, transient=True) as bar:
        task = bar.add_task("phase 1: features", total=total)
        features = cached_features(ready, run, lambda pictures: bar.advance(task, pictures))
    fitted: list[Any] = [None, None, None]
    head = head_of(ready.network)
    if ready.engine.is_main_process:
        fitted = list(_choose(features.tensors, ready.recipe))
    broadcast_object_list(fitted)
    state, score, c = fitted
    head.load_state_dict(state)
    console.print(
        f"phase 1, head on frozen features: validation {score.top1:.2%}, loss {score.loss:.4f}, "
        f"{time.monotonic() - started:.0f} s"
    )
    logits = _logits(features.tensors["validation"], state) if features.in_float32 else None
    return Head(score, c, features.seconds, logits)


def cached_features(ready: Prepared, run: Run, advance: Progress) -> Features:
    """Features of the plain training pictures, of `recipe.views` augmented views of each, and of validation.

    Read from the run's cache where they were written for the same pictures, weights and those settings of the recipe that
    decide them; then another learning rate, say, costs no second pass.
    """
    recipe, cache = ready.recipe, run.output / FEATURES
    decide = _DECIDES + (_DECIDES_VIEWS if recipe.views else ()) + (_DECIDES_FRESH if recipe.fresh else ())
    settings = {name: getattr(recipe, name) for name in decide}
    key = hashlib.sha256(json.dumps({**ready.made_of, **settings}, sort_keys=True).encode()).hexdigest()
    if (found := _read(cache, key)) is not None:
        return found
    started = time.monotonic()
    with frozen(ready.network):
        tensors, in_float32 = _computed(ready, run, advance)
    seconds = time.monotonic() - started
    if ready.engine.is_main_process:
        metadata = {"key": key, "seconds": f"{seconds:.2f}", "in_float32": str(in_float32)}
        write_atomically(cache, safetensors.torch.save(tensors, metadata=metadata))
    return Features(tensors, seconds, in_float32)


@contextmanager
def frozen(network: torch.nn.Module) -> Iterator[None]:
    """The backbone neither learns nor changes its batch-norm statistics within the block, even after `network.train()`."""
    head = head_of(network)
    kept = set(head.parameters())
    learned = [(parameter, parameter.requires_grad) for parameter in network.parameters() if parameter not in kept]
    modes = {module: module.training for module in network.modules()}
    for parameter, _ in learned:
        parameter.requires_grad_(False)
    body = [module for module in network.modules() if module is not network and module is not head]
    network.eval()
    for module in body:
        module.train = lambda mode=True, module=module: module  # type: ignore[method-assign, misc]
    try:
        yield
    finally:
        for module in body:
            del module.train
        for module, mode in modes.items():
            module.training = mode
        for parameter, learns in learned:
            parameter.requires_grad_(learns)


def _computed(ready: Prepared, run: Run, advance: Progress) -> tuple[dict[str, torch.Tensor], bool]:
    """-> (the features' tensors, whether they were computed in float32)"""
    recipe, engine = ready.recipe, ready.engine
    pooled, in_float32 = _pooling(ready)

    def features(pixels: Pixels, seed: int | None = None) -> torch.Tensor:
        return over_all(engine, pooled, pixels, recipe, run.workers, seed=seed, advance=advance)

    plain = Pixels(ready.train.pictures, ready.validation.transform)
    views = [features(ready.train, derive(recipe.seed, 1_000_000, view)) for view in range(recipe.views)]
    tensors = {
        "train": torch.cat([features(plain), *views]).contiguous(),
        "train_targets": torch.tensor(ready.train.pictures.targets).repeat(1 + recipe.views),
        "validation": features(ready.validation).contiguous(),
        "validation_targets": ready.targets,
    }
    return tensors, in_float32


def _pooling(ready: Prepared) -> tuple[Callable[[torch.Tensor], torch.Tensor], bool]:
    """A function: normalised pixels (N, 3, H, W) -> pooled features (N, F), and whether it computes in float32.

    onnxruntime, which does, is the faster on a CPU.
    """
    network: Any = ready.network
    torch_does = ready.recipe.precision == "float32"

    def by_torch(batch: torch.Tensor) -> torch.Tensor:
        with ready.engine.autocast():
            values: torch.Tensor = network.forward_head(network.forward_features(batch), pre_logits=True)
        return values.flatten(1)

    passes = len(ready.train.pictures) * (1 + ready.recipe.views) + len(ready.validation.pictures)
    if ready.engine.device.type != "cpu" or passes < _WORTH_AN_EXPORT:
        return by_torch, torch_does
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    weights, cfg = safetensors.torch.save(state), ready.config.pretrained_cfg
    graph = graph_of(network, ready.config, weights, None)
    if not graph.model:  # it cannot be exported, or answers otherwise
        return by_torch, torch_does
    runtime = OnnxEngine(graph.model, graph.record.external, weights, graph.record.why)

    def by_onnxruntime(batch: torch.Tensor) -> torch.Tensor:
        _, values = runtime.answer(to_bytes(batch, cfg).numpy(), embed=True)
        assert values is not None
        return torch.from_numpy(values)

    return by_onnxruntime, True


def _choose(features: dict[str, torch.Tensor], recipe: Recipe) -> tuple[dict[str, torch.Tensor], Score, float]:
    """-> (the linear layer's state, its score on validation, the inverse penalty)"""
    x, y = features["train"].numpy(), features["train_targets"].numpy()
    tried = []
    weights = None if recipe.class_weights == "none" else recipe.class_weights
    for c in recipe.head_c:
        state = _linear_state(LogisticRegression(C=c, max_iter=1000, class_weight=weights).fit(x, y))
        score = score_of(_logits(features["validation"], state), features["validation_targets"])
        tried.append((state, score, c))
    return max(tried, key=lambda each: each[1].rank)


def _logits(features: torch.Tensor, state: dict[str, torch.Tensor]) -> torch.Tensor:
    """What the linear layer of this state answers: features (N, F) -> logits (N, K)."""
    return torch.nn.functional.linear(features, state["weight"], state["bias"])


def _linear_state(fitted: LogisticRegression) -> dict[str, torch.Tensor]:
    """A fitted logistic regression as the weight (K, F) and bias (K,) of a linear layer."""
    weight, bias = (torch.from_numpy(values).float() for values in (fitted.coef_, fitted.intercept_))
    if len(weight) == 1:  # two classes share one row there: the logit of the second against the first
        weight, bias = torch.cat([-weight / 2, weight / 2]), torch.cat([-bias / 2, bias / 2])
    return {"weight": weight, "bias": bias}


def _read(cache: Path, key: str) -> Features | None:
    try:
        with safe_open(cache, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("key") != key:
                return None
            # Copies, which begin at a whole 64 bytes: what lies otherwise is summed in another order, and the head differs.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}
            return Features(tensors, float(metadata["seconds"]), metadata.get("in_float32") == "True")
    except (OSError, SafetensorError):
        return None
