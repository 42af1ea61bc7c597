"""Networks to read: classics that timm lacks, or builds otherwise, registered with it under cnnhub_ names; and building blocks.

`cnnhub.load` knows them; before plain timm can build one, write `import cnnhub.classics`.

>>> import timm
>>> timm.list_models("cnnhub_*")[:3]
['cnnhub_catsdogs_oneconv', 'cnnhub_cifar10_vgg', 'cnnhub_fashion_mnist_cnn']
"""

from cnnhub.classics.blocks import Inception, SeparableConvolution, SqueezeExcitation, channel_shuffle
from cnnhub.classics.catsdogs_oneconv import CatsDogsOneConv, cnnhub_catsdogs_oneconv
from cnnhub.classics.cifar10_vgg import Cifar10Vgg, cnnhub_cifar10_vgg
from cnnhub.classics.fashion_mnist_cnn import FashionMnistCnn, cnnhub_fashion_mnist_cnn
from cnnhub.classics.lenet5 import LeNet5, Subsampling, cnnhub_lenet5
from cnnhub.classics.mnist_convnet import MnistConvnet, cnnhub_mnist_convnet
from cnnhub.classics.resnet34 import ResidualUnit, ResNet34, cnnhub_resnet34
from cnnhub.classics.shufflenet import ShuffleNetV2, cnnhub_shufflenet_v2_x1_0

__all__ = [
    "CatsDogsOneConv",
    "Cifar10Vgg",
    "FashionMnistCnn",
    "Inception",
    "LeNet5",
    "MnistConvnet",
    "ResNet34",
    "ResidualUnit",
    "SeparableConvolution",
    "ShuffleNetV2",
    "SqueezeExcitation",
    "Subsampling",
    "channel_shuffle",
    "cnnhub_catsdogs_oneconv",
    "cnnhub_cifar10_vgg",
    "cnnhub_fashion_mnist_cnn",
    "cnnhub_lenet5",
    "cnnhub_mnist_convnet",
    "cnnhub_resnet34",
    "cnnhub_shufflenet_v2_x1_0",
]
