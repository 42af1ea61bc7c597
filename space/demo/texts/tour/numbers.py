"""What the numbers are of that articles print; `cnnhub.articles` computes them."""

from __future__ import annotations

from demo.texts.table import Table

NUMBERS: Table = {
    "number_vgg16": ("VGG-16: parameters", "VGG-16：參數", "VGG-16：参数"),
    "number_vgg16_shapes": ("VGG-16: its maps, pooling by pooling", "VGG-16：特徵圖，逐次池化", "VGG-16：特征图，逐次池化"),
    "number_vgg16_dense": (
        "VGG-16: values before and after its dense layers",
        "VGG-16：全連接層前後的數值個數",
        "VGG-16：全连接层前后的数值个数",
    ),
    "number_vgg16_sixteen": (
        "VGG-16 with one more dense layer, to 16 classes",
        "VGG-16 再接一個 16 類的全連接層",
        "VGG-16 再接一个 16 类的全连接层",
    ),
    "number_cifar10": ("The small VGG for CIFAR-10: parameters", "CIFAR-10 的小 VGG：參數", "CIFAR-10 的小 VGG：参数"),
    "number_cifar10_parts": ("The same, layer by layer", "同上，逐層", "同上，逐层"),
    "number_mnist": ("The convnet for MNIST: parameters", "MNIST 的卷積網路：參數", "MNIST 的卷积网络：参数"),
    "number_mnist_parts": ("The same, layer by layer", "同上，逐層", "同上，逐层"),
    "number_mnist_fields": (
        "The same: pixels that a value sees, layer by layer",
        "同上：一個值看得到幾個像素，逐層",
        "同上：一个值看得到几个像素，逐层",
    ),
    "number_fashion": ("The CNN for Fashion-MNIST: parameters", "Fashion-MNIST 的 CNN：參數", "Fashion-MNIST 的 CNN：参数"),
    "number_oneconv_values": (
        "One convolution for cats and dogs: values that its head sees, 148 × 148 × 10",
        "貓狗的單層卷積網路：輸出層看到的值，148 × 148 × 10",
        "猫狗的单层卷积网络：输出层看到的值，148 × 148 × 10",
    ),
    "number_oneconv_one": ("The same with one output unit: parameters", "同上，一個輸出單元：參數", "同上，一个输出单元：参数"),
    "number_oneconv_two": (
        "The same with two output units, as the article has it: its number is that of one unit, since each further one has 219,041 weights "
        "of its own",
        "同上，兩個輸出單元，也就是文章裡的網路：文章寫的是一個單元的數字；每多一個單元，就多 219,041 個權重",
        "同上，两个输出单元，也就是文章里的网络：文章写的是一个单元的数字；每多一个单元，就多 219,041 个权重",
    ),
    "number_resnet34_units": (
        "ResNet-34: residual units for each size of maps",
        "ResNet-34：各種大小的特徵圖各有幾個殘差單元",
        "ResNet-34：各种大小的特征图各有几个残差单元",
    ),
    "number_dense": (
        "100 × 100 pixels, each connected to 1,000 neurons",
        "100 × 100 個像素，各與 1,000 個神經元相連",
        "100 × 100 个像素，各与 1,000 个神经元相连",
    ),
    "number_maps_parameters": (
        "200 filters of 5 × 5 on a photo in colour: parameters",
        "彩色照片上 200 個 5 × 5 的濾鏡：參數",
        "彩色照片上 200 个 5 × 5 的滤波器：参数",
    ),
    "number_maps_products": (
        "The same on 150 × 100 pixels: multiplications",
        "同上，150 × 100 像素：乘法次數",
        "同上，150 × 100 像素：乘法次数",
    ),
    "number_maps_memory": (
        "The same: memory of its maps, a megabyte being a million bytes",
        "同上：特徵圖的記憶體，1 MB 是一百萬位元組",
        "同上：特征图的内存，1 MB 是一百万字节",
    ),
    "number_maps_memory_hundred": ("The same for 100 photos", "同上，100 張照片", "同上，100 张照片"),
    "number_volume": (
        "32 × 32 × 3 under ten filters of 5 × 5 × 3",
        "32 × 32 × 3，十個 5 × 5 × 3 的濾鏡",
        "32 × 32 × 3，十个 5 × 5 × 3 的滤波器",
    ),
    "number_formula": (
        "(W − F + 2P) / S + 1 for W 32, F 3, P 0, S 1",
        "(W − F + 2P) / S + 1，W 32、F 3、P 0、S 1",
        "(W − F + 2P) / S + 1，W 32、F 3、P 0、S 1 时",
    ),
    "number_six_by_six": ("6 × 6 values under a 3 × 3 window", "6 × 6 個值，3 × 3 的窗口", "6 × 6 个值，3 × 3 的窗口"),
    "number_thirteen": (
        "13 wide, window 6, stride 5: padded (same), and not (valid)",
        "寬 13，窗口 6，步幅 5：填補（same）與不填補（valid）",
        "宽 13，窗口 6，步幅 5：填充（same）与不填充（valid）",
    ),
    "number_five_by_seven": (
        "5 × 7 values, a padded 3 × 3 window, stride 2",
        "5 × 7 個值，填補後用 3 × 3 的窗口，步幅 2",
        "5 × 7 个值，填充后用 3 × 3 的窗口，步幅 2",
    ),
    "number_pool": ("26 × 26 values, 2 × 2 pooling", "26 × 26 個值，2 × 2 池化", "26 × 26 个值，2 × 2 池化层"),
    "number_pool_values": (
        "Maximum and mean of 4, 1, 1, 0",
        "4、1、1、0 的最大值與平均",
        "4、1、1、0 的最大值与平均值",
    ),
    "number_three_in_a_row": (
        "Three 3 × 3 convolutions in a row: pixels that a value sees, across",
        "連續三個 3 × 3 卷積：一個值橫向看得到幾個像素",
        "连续三个 3 × 3 卷积：一个值横向看得到几个像素",
    ),
    "number_three_by_three": (
        "The same with pooling between them, as in the convnet for MNIST: a value sees much more than the 7 that the article says",
        "同上，中間有池化，如 MNIST 的卷積網路：看到的遠比文章說的 7 個像素多",
        "同上，中间有池化，如 MNIST 的卷积网络：看到的远比文章说的 7 个像素多",
    ),
    "number_grid": (
        "A network for 224 pixels, made of convolutions alone, on 448: 14 × 14 values under a 7 × 7 window",
        "為 224 像素所做、全由卷積組成的網路，用在 448 像素上：14 × 14 個值，7 × 7 的窗口",
        "为 224 像素所做、全由卷积组成的网络，用在 448 像素上：14 × 14 个值，7 × 7 的窗口",
    ),
    "number_dilated": (
        "The kernel 1, 2, 3 with a dilation of 4",
        "核 1、2、3，膨脹率 4",
        "核 1、2、3，膨胀率 4",
    ),
    "number_exercise_parts": (
        "The exercise: three 3 × 3 layers of 100, 200 and 400 maps with stride 2 on 200 × 300 pixels in colour: parameters of each",
        "習題：三個 3 × 3 的層，100、200、400 張圖，步幅 2，200 × 300 的彩色照片：各層參數",
        "习题：三个 3 × 3 的层，100、200、400 张图，步幅 2，200 × 300 的彩色照片：各层参数",
    ),
    "number_exercise": ("The exercise: all parameters", "習題：參數總數", "习题：参数总数"),
    "number_exercise_inference": (
        "The exercise: memory for one photo, the weights and two neighbouring layers",
        "習題：一張照片的記憶體，含權重與相鄰兩層",
        "习题：一张照片的内存，含权重与相邻两层",
    ),
    "number_exercise_training": (
        "The exercise: memory to train on 50, the weights, the photos and all layers",
        "習題：用 50 張訓練的記憶體，含權重、照片與所有的層",
        "习题：用 50 张训练的内存，含权重、照片与所有的层",
    ),
}
