"""Where models come from and go to: built-in ones, the Hub, and folders."""

from cnnhub.hub.folder import CONFIG_NAME, FAMILIAR_NAME, WEIGHTS_NAME
from cnnhub.hub.shipped import BUILTIN_FOLDER, builtin_models
from cnnhub.hub.sources import ModelFiles, is_folder, locate, resolve

__all__ = [
    "BUILTIN_FOLDER",
    "CONFIG_NAME",
    "FAMILIAR_NAME",
    "WEIGHTS_NAME",
    "ModelFiles",
    "builtin_models",
    "is_folder",
    "locate",
    "resolve",
]
