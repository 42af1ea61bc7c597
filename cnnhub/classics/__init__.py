"""Architectures that timm lacks, registered with it under cnnhub_ names.

`cnnhub.load` knows them; before plain timm can build one, write `import cnnhub.classics`.

>>> import timm
>>> timm.is_model("cnnhub_shufflenet_v2_x1_0")
True
"""

from cnnhub.classics.shufflenet import ShuffleNetV2, cnnhub_shufflenet_v2_x1_0

__all__ = ["ShuffleNetV2", "cnnhub_shufflenet_v2_x1_0"]
