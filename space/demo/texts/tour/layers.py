"""Steps seven to nine: many filters make a volume, pooling makes it small, and layer on layer a unit sees more."""

from __future__ import annotations

from demo.texts.table import Table

VOLUME: Table = {
    "short": ("Many filters", "許多濾鏡", "许多滤波器"),
    "title": ("Many filters turn a picture into a volume.", "許多濾鏡把一張圖變成一疊圖。", "许多滤波器把一张图变成一叠图。"),
    "text": (
        "Your photo has three channels: red, green, blue. A filter has a grid of weights for each, adds its three answers up and makes one map. "
        "Another filter makes another map.",
        "你的照片有三個通道：紅、綠、藍。一個濾鏡對每個通道各有一格權重，把三個反應加起來，成為一張圖。再來一個濾鏡，就再多一張圖。",
        "你的照片有三个通道：红、绿、蓝。一个滤波器对每个通道各有一格权重，把三个响应加起来，成为一张图。再来一个滤波器，就再多一张图。",
    ),
    "try": (
        "add map after map. Which of them sees your subject best?",
        "一張一張加上去。哪一張最能看出照片的主角？",
        "一张一张加上去。哪一张最能看出照片的主角？",
    ),
    "question": (
        "What shape comes out of these filters, and how many weights do they have?",
        "這些濾鏡的輸出是什麼形狀？一共有幾個權重？",
        "这些滤波器的输出是什么形状？一共有几个权重？",
    ),
    "made": ("Filters", "濾鏡數", "滤波器数"),
    "next": ("Next filter", "下一個濾鏡", "下一个滤波器"),
    "anew": ("Begin with the first again", "從第一個重新開始", "从第一个重新开始"),
    "map": ("Map of filter {number}", "第 {number} 個濾鏡的圖", "第 {number} 个滤波器的图"),
    "input": ("{width} × {height} × 3", "{width} × {height} × 3", "{width} × {height} × 3"),
    "filter": (
        "Filter {number}: {side} × {side}, for red, green, blue",
        "濾鏡 {number}：{side} × {side}，紅、綠、藍各一",
        "滤波器 {number}：{side} × {side}，红、绿、蓝各一",
    ),
    "stack": ("{number} maps of {wide} × {high}", "{number} 張 {wide} × {high} 的圖", "{number} 张 {wide} × {high} 的图"),
    "said": (
        "Filter {number} of {filters}: {weights} weights and a bias make a map of {wide} × {high}. So far {shared} weights in all, and "
        "{total} numbers, {wide} × {high} × {number}.",
        "第 {number} 個濾鏡，共 {filters} 個：{weights} 個權重加一個偏差，算出 {wide} × {high} 的圖。到目前一共 {shared} 個權重、{total} 個數字，"
        "形狀是 {wide} × {high} × {number}。",
        "第 {number} 个滤波器，共 {filters} 个：{weights} 个权重加一个偏置，算出 {wide} × {high} 的图。到目前一共 {shared} 个权重、{total} 个数字，"
        "形状是 {wide} × {high} × {number}。",
    ),
    "answer_shape": (
        "{input} becomes {wide} × {high} × {filters}, {total} numbers: one map a filter. Each has {side} × {side} × 3 = {weights} weights and a "
        "bias, {shared} in all.",
        "{input} 變成 {wide} × {high} × {filters}，共 {total} 個數字：一個濾鏡一張圖。每個有 {side} × {side} × 3 = {weights} 個權重和一個偏差，"
        "總共 {shared} 個。",
        "{input} 变成 {wide} × {high} × {filters}，共 {total} 个数字：一个滤波器一张图。每个有 {side} × {side} × 3 = {weights} 个权重和一个偏置，"
        "总共 {shared} 个。",
    ),
    "answer_memory": (
        "With four bytes a number these maps take {bytes} bytes. To answer, a network keeps two layers’ maps at a time; to learn, those of all "
        "layers, for every picture of the batch.",
        "一個數字佔四個位元組，這些圖就要 {bytes} 個位元組。回答時，網路一次只留兩層的圖；學習時，要留住所有層的圖，而且一批裡的每張照片都要。",
        "一个数字占四个字节，这些图就要 {bytes} 个字节。回答时，网络一次只留两层的图；学习时，要留住所有层的图，而且一批里的每张照片都要。",
    ),
    "answer_why": (
        "The next layer takes this volume as its picture: its filters are as deep as there are maps. Before that, what is below zero is set to "
        "zero (ReLU); otherwise layer on layer would be no more than a single one.",
        "下一層把這疊圖當成它的圖：有幾張圖，它的濾鏡就有多深。在那之前，小於零的值先變成零（ReLU），不然疊再多層也只等於一層。",
        "下一层把这叠图当成它的图：有几张图，它的滤波器就有多深。在那之前，小于零的值先变成零（ReLU），不然叠再多层也只等于一层。",
    ),
}

POOLING: Table = {
    "short": ("Pooling", "池化", "池化"),
    "title": (
        "Pooling keeps what was found and forgets where exactly.",
        "池化留住找到的東西，忘掉確切的位置。",
        "池化留住找到的东西，忘掉确切的位置。",
    ),
    "text": (
        "Every two by two numbers become one: the largest, the mean, or the root of their squares’ sum. Nothing is learned here, it has no weights.",
        "每二乘二個數字變成一個：取最大、取平均，或取平方和的根。這裡沒有東西要學，也沒有權重。",
        "每二乘二个数字变成一个：取最大、取平均，或取平方和的根。这里没有东西要学，也没有权重。",
    ),
    "try": (
        "pool again and again until the network no longer knows your photo. Then shift it by a pixel.",
        "一次又一次池化，直到網路認不出你的照片。再把照片移動一個像素。",
        "一次又一次池化，直到网络认不出你的照片。再把照片移动一个像素。",
    ),
    "question": (
        "Why put a max pooling layer there rather than a convolution of the same stride?",
        "為什麼放最大池化層，而不放步幅一樣的卷積層？",
        "为什么放最大池化层，而不放步长一样的卷积层？",
    ),
    "mode": ("Which of the four", "四個取什麼", "四个取什么"),
    "max": ("Maximum", "最大值", "最大值"),
    "average": ("Average", "平均值", "平均值"),
    "l2": ("L2 norm", "L2 範數", "L2 范数"),
    "times": ("Times", "次數", "次数"),
    "shift": ("Shift, pixels", "移動（像素）", "移动（像素）"),
    "before": ("{width} × {height}", "{width} × {height}", "{width} × {height}"),
    "after": ("Pooled: {width} × {height}", "池化後：{width} × {height}", "池化后：{width} × {height}"),
    "said_size": (
        "{width} × {height} numbers became {wide} × {high}: {share} of them.",
        "{width} × {height} 個數字變成 {wide} × {high}：剩下 {share}。",
        "{width} × {height} 个数字变成 {wide} × {high}：剩下 {share}。",
    ),
    "said_shift": (
        "Shifted by {shift}, the pixels changed by {pixels} of their brightness, what is pooled by {pooled}.",
        "移動 {shift} 之後，像素的變化是亮度的 {pixels}，池化後只有 {pooled}。",
        "移动 {shift} 之后，像素的变化是亮度的 {pixels}，池化后只有 {pooled}。",
    ),
    "still": (
        "“{network}” on the pooled photo: still “{name}”, {share}.",
        "「{network}」看池化後的照片：還是「{name}」，{share}。",
        "“{network}”看池化后的照片：还是“{name}”，{share}。",
    ),
    "no_more": (
        "“{network}” on the pooled photo: no longer “{before}”, but “{name}”, {share}.",
        "「{network}」看池化後的照片：不再是「{before}」，而是「{name}」，{share}。",
        "“{network}”看池化后的照片：不再是“{before}”，而是“{name}”，{share}。",
    ),
    "answer_size": (
        "It has no weights at all, so nothing has to be learned or stored, and here it left {share} of the numbers.",
        "它完全沒有權重，不用學也不用存，這裡只留下 {share} 的數字。",
        "它完全没有权重，不用学也不用存，这里只留下 {share} 的数字。",
    ),
    "answer_shift": (
        "It also makes small shifts matter less: this one changed the pixels by {pixels}, the pooled ones by {pooled}.",
        "它也讓小小的移動比較無所謂：這次移動讓像素變了 {pixels}，池化後變了 {pooled}。",
        "它也让小小的移动比较无所谓：这次移动让像素变了 {pixels}，池化后变了 {pooled}。",
    ),
    "answer_try": (
        "It also makes small shifts matter less: move the last control and compare.",
        "它也讓小小的移動比較無所謂：動一動最後一個控制項，比較看看。",
        "它也让小小的移动比较无所谓：动一动最后一个控件，比较看看。",
    ),
    "answer_why": (
        "The maximum keeps a strong answer as strong as it was, wherever in the little square it stood. The price: where exactly is "
        "forgotten, which a network that has to draw an outline would need.",
        "最大值讓強的反應維持原來的強度，不管它在小方塊的哪一格。代價是忘了確切的位置；要描出輪廓的網路，卻正需要這個。",
        "最大值让强的响应维持原来的强度，不管它在小方块的哪一格。代价是忘了确切的位置；要描出轮廓的网络，却正需要这个。",
    ),
}

FIELDS: Table = {
    "short": ("Layer on layer", "一層又一層", "一层又一层"),
    "title": (
        "Layer on layer, one unit sees more of the photo.",
        "一層又一層，一個單元看到的照片愈來愈大。",
        "一层又一层，一个单元看到的照片越来越大。",
    ),
    "text": (
        "A unit of the first layer sees a few pixels: room for an edge. A unit further on sees units that each saw a few: room for an ear, "
        "then for a face. This is its receptive field.",
        "第一層的單元只看到幾個像素，裝得下一道邊緣。後面的單元看的是前面那些單元，裝得下一隻耳朵，再來是一張臉。這就是它的感受野。",
        "第一层的单元只看到几个像素，装得下一道边缘。后面的单元看的是前面那些单元，装得下一只耳朵，然后是一张脸。这就是它的感受野。",
    ),
    "try": (
        "click an ear in the photo, then go from layer to layer. At which of them does the frame hold all of it?",
        "點照片上的一隻耳朵，再一層一層往後走。到哪一層，方框才裝得下整隻耳朵？",
        "点照片上的一只耳朵，再一层一层往后走。到哪一层，方框才装得下整只耳朵？",
    ),
    "question": (
        "Why can layers of small filters see large things?",
        "濾鏡那麼小，為什麼一層層下去卻看得到大東西？",
        "滤波器那么小，为什么一层层下去却看得到大东西？",
    ),
    "point": (
        "The photo. Point at it, or use the arrow keys, to choose a unit.",
        "照片。用指的或用方向鍵選一個單元。",
        "照片。用指的或用方向键选一个单元。",
    ),
    "which": ("Network", "網路", "网络"),
    "small": ("A small network", "一個小網路", "一个小网络"),
    "layer": ("Depth", "多深", "深度"),
    "convolution": ("{kernel} × {kernel} convolution", "{kernel} × {kernel} 卷積", "{kernel} × {kernel} 卷积"),
    "pooling": ("{kernel} × {kernel} pooling", "{kernel} × {kernel} 池化", "{kernel} × {kernel} 池化"),
    "said": (
        "{layer}: one of its {columns} × {rows} units sees {side} × {high} of the {input} × {input} pixels. On your photo that is "
        "{share} % of it.",
        "{layer}：{columns} × {rows} 個單元裡的一個，看到 {input} × {input} 像素中的 {side} × {high}，佔照片的 {share} %。",
        "{layer}：{columns} × {rows} 个单元里的一个，看到 {input} × {input} 像素中的 {side} × {high}，占照片的 {share} %。",
    ),
    "said_more": (
        "{layer}: the window of one of its {columns} × {rows} units is {side} × {high}, larger than the {input} × {input} pixels that there are. On "
        "your photo it covers {share} %.",
        "{layer}：{columns} × {rows} 個單元，每個的視窗是 {side} × {high}，比整張輸入的 {input} × {input} 像素還大，在你的照片上蓋住 {share} %。",
        "{layer}：{columns} × {rows} 个单元，每个的窗口是 {side} × {high}，比整张输入的 {input} × {input} 像素还大，在你的照片上盖住 {share} %。",
    ),
    "said_whole": (
        "{layer}: each of its {columns} × {rows} units sees the whole photo.",
        "{layer}：{columns} × {rows} 個單元，每一個都看到整張照片。",
        "{layer}：{columns} × {rows} 个单元，每一个都看到整张照片。",
    ),
    "everything": ("everything", "全部", "全部"),
    "comma": (", ", "、", "、"),
    "answer_sides": (
        "Since each layer looks at the one before. Here the side of the field grows so: {sides} pixels.",
        "因為每一層看的是前一層。這裡感受野的邊長是這樣長大的：{sides} 像素。",
        "因为每一层看的是前一层。这里感受野的边长是这样变大的：{sides} 像素。",
    ),
    "answer_why": (
        "A window of k cells adds k − 1 steps of the layer before to the field; a stride or a pooling of two doubles the step, so that "
        "every later layer adds twice as much.",
        "一個 k 格的視窗，會讓感受野多出前一層的 k − 1 步；步幅或池化為二時步子加倍，之後每一層多看的也就加倍。",
        "一个 k 格的窗口，会让感受野多出前一层的 k − 1 步；步长或池化为二时步子加倍，之后每一层多看的也就加倍。",
    ),
}

STEPS: dict[str, Table] = {"volume": VOLUME, "pooling": POOLING, "fields": FIELDS}
