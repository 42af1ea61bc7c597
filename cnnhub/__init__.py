"""cnnhub: load a convolutional network in one line and look inside it.

>>> import cnnhub
>>> cnnhub.load("cats-vs-dogs").labels
['cat', 'dog']

Importing this package imports neither torch nor timm; they are loaded when a name needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cnnhub import (
        anatomy,
        channels,
        convolution,
        errors,
        features,
        handwriting,
        invariance,
        kernels,
        live,
        operations,
        render,
        stack,
    )
    from cnnhub.classifier import Classifier
    from cnnhub.dreams import dream
    from cnnhub.errors import CnnHubError
    from cnnhub.explanation import Explanation, explain
    from cnnhub.hub import builtin_models
    from cnnhub.images import open_image
    from cnnhub.loading import load
    from cnnhub.prediction import ForwardPass, Prediction, ReliabilityBin

# Where each public name lives; a name that is its module's own name stands for the module.
_HOME = {
    "Classifier": "classifier",
    "CnnHubError": "errors",
    "Explanation": "explanation",
    "ForwardPass": "prediction",
    "Prediction": "prediction",
    "ReliabilityBin": "prediction",
    "anatomy": "anatomy",
    "builtin_models": "hub",
    "channels": "channels",
    "convolution": "convolution",
    "dream": "dreams",
    "errors": "errors",
    "explain": "explanation",
    "features": "features",
    "handwriting": "handwriting",
    "invariance": "invariance",
    "kernels": "kernels",
    "live": "live",
    "load": "loading",
    "open_image": "images",
    "operations": "operations",
    "render": "render",
    "stack": "stack",
}

__all__ = [
    "Classifier",
    "CnnHubError",
    "Explanation",
    "ForwardPass",
    "Prediction",
    "ReliabilityBin",
    "anatomy",
    "builtin_models",
    "channels",
    "convolution",
    "dream",
    "errors",
    "explain",
    "features",
    "handwriting",
    "invariance",
    "kernels",
    "live",
    "load",
    "open_image",
    "operations",
    "render",
    "stack",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cnnhub' has no attribute {name!r}")
    module = importlib.import_module(f"cnnhub.{_HOME[name]}")
    value = module if name == _HOME[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
