"""ShuffleNet V2 (Ma et al. 2018, https://arxiv.org/abs/1807.11164): torchvision's network behind timm's interface."""

from __future__ import annotations

from typing import Any

import torch
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torchvision.models import shufflenetv2

default_cfgs = generate_default_cfgs(
    {
        "cnnhub_shufflenet_v2_x1_0.tv_in1k": {
            "url": shufflenetv2.ShuffleNet_V2_X1_0_Weights.IMAGENET1K_V1.url,
            "license": "bsd-3-clause",
            "num_classes": 1000,
            "input_size": (3, 224, 224),
            "pool_size": (7, 7),
            "crop_pct": 0.875,  # shorter side 256, then the central 224
            "interpolation": "bilinear",
            "mean": IMAGENET_DEFAULT_MEAN,
            "std": IMAGENET_DEFAULT_STD,
            "first_conv": "conv1.0",
            "classifier": "fc",
        }
    }
)


class ShuffleNetV2(shufflenetv2.ShuffleNetV2):  # type: ignore[misc]
    """torchvision's network, its state dict's names kept, so that torchvision's published weights fit.

    Args:
        stages_repeats: blocks in stages 2 to 4.
        stages_out_channels: channels of conv1, stages 2 to 4, and conv5.
        num_classes: K; 0 leaves the head out.
        in_chans: channels of the pixels.
        drop_rate: dropout before the head while training.
    """

    def __init__(
        self,
        stages_repeats: list[int],
        stages_out_channels: list[int],
        num_classes: int = 1000,
        in_chans: int = 3,
        drop_rate: float = 0.0,
    ) -> None:
        super().__init__(stages_repeats, stages_out_channels)
        stem, *stages, last = stages_out_channels
        if in_chans != 3:
            self.conv1[0] = torch.nn.Conv2d(in_chans, stem, kernel_size=3, stride=2, padding=1, bias=False)
        self.num_features = self.head_hidden_size = last
        self.drop_rate = drop_rate
        self.feature_info = [
            {"num_chs": channels, "reduction": 2**halvings, "module": module}
            for halvings, (channels, module) in enumerate(
                [(stem, "conv1"), (stem, "maxpool"), (stages[0], "stage2"), (stages[1], "stage3"), (last, "conv5")], start=1
            )
        ]
        self.reset_classifier(num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels (N, C, H, W) -> logits (N, K)."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """Pixels (N, C, H, W) -> feature maps (N, F, H / 32, W / 32)."""
        for layer in (self.conv1, self.maxpool, self.stage2, self.stage3, self.stage4, self.conv5):
            x = layer(x)
        return x

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        """Feature maps (N, F, H, W) -> logits (N, K), or the pooled features (N, F) before them."""
        x = torch.nn.functional.dropout(x.mean((2, 3)), self.drop_rate, self.training)
        return x if pre_logits else self.fc(x)

    def get_classifier(self) -> torch.nn.Module:
        """The head."""
        return self.fc

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """A fresh head for `num_classes` labels; none for 0. Pooling is the mean, which alone the paper uses."""
        assert global_pool in (None, "avg"), f"global_pool {global_pool!r} arrived; expected 'avg'"
        self.num_classes = num_classes
        like = self.conv1[0].weight
        self.fc = (
            torch.nn.Linear(self.num_features, num_classes, device=like.device, dtype=like.dtype)
            if num_classes
            else torch.nn.Identity()
        )

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Patterns of parameter names, shallow to deep, for layer-wise learning rates."""
        blocks = r"^stage(\d+)" if coarse else r"^stage(\d+)\.(\d+)"
        return {"stem": r"^conv1", "blocks": [(blocks, None), (r"^conv5", (99999,))]}

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """timm asks every network; this one cannot."""
        assert not enable, "gradient checkpointing not supported"


@register_model  # type: ignore[untyped-decorator]
def cnnhub_shufflenet_v2_x1_0(pretrained: bool = False, **kwargs: Any) -> ShuffleNetV2:
    """torchvision's shufflenet_v2_x1_0: 2.28 million parameters at 1,000 classes."""
    network: ShuffleNetV2 = build_model_with_cfg(
        ShuffleNetV2,
        "cnnhub_shufflenet_v2_x1_0",
        pretrained,
        stages_repeats=[4, 8, 4],
        stages_out_channels=[24, 116, 232, 464, 1024],
        **kwargs,
    )
    return network
