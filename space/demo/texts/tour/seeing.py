"""Steps one to three: a network is a function, what it gets to see, and why not every pixel has a weight of its own."""

from __future__ import annotations

from demo.texts.table import Table

MAPPING: Table = {
    "short": ("A function", "一個函數", "一个函数"),
    "title": (
        "A network is a function: photo in, numbers out.",
        "網路是一個函數：照片進去，數字出來。",
        "网络是一个函数：照片进去，数字出来。",
    ),
    "text": (
        "Any rule that turns one picture into another is a function too. Most of them say nothing about what is in the picture; a few "
        "keep what matters.",
        "凡是把一張圖變成另一張圖的規則，也都是函數。多數規則和圖裡有什麼無關，少數幾個留得住要緊的東西。",
        "凡是把一张图变成另一张图的规则，也都是函数。多数规则和图里有什么无关，少数几个能留住要紧的东西。",
    ),
    "try": (
        "change the photo and watch the bar. Which change would you not have noticed yourself?",
        "改動照片，看看長條怎麼變。哪一種改動，你自己根本看不出來？",
        "改动照片，看看长条怎么变。哪一种改动，你自己根本看不出来？",
    ),
    "question": (
        "Which change moved the answer most, and why do some hardly matter?",
        "哪一種改動最影響答案？為什麼有些幾乎沒有影響？",
        "哪一种改动最影响答案？为什么有些几乎没有影响？",
    ),
    "bars": (
        "How sure “{network}” is of “{name}”, after each change of what it sees; so many digits only to tell the changes apart",
        "把「{network}」看到的畫面各自改動之後，它有多確定是「{name}」；寫這麼多位數，只是為了看出差別",
        "把“{network}”看到的画面分别改动之后，它有多确定是“{name}”；写这么多位数，只是为了看出差别",
    ),
    "share": ("{name}: {share}", "{name}：{share}", "{name}：{share}"),
    "is_none": ("As it is", "原樣", "原样"),
    "is_swapped": ("Neighbours swapped", "相鄰像素對調", "相邻像素对调"),
    "is_doubled": ("Every pixel doubled", "每個像素加倍", "每个像素加倍"),
    "is_shuffled": ("Cut up and shuffled", "剪碎打亂", "剪碎打乱"),
    "is_blurred": ("A small filter, blurring", "一個小濾鏡（模糊）", "一个小滤波器（模糊）"),
    "is_edges": ("Two small filters, edges", "兩個小濾鏡（邊緣）", "两个小滤波器（边缘）"),
    "said_none": (
        "Nothing is changed: {after} {name}.",
        "沒有改動：{name}的機率是 {after}。",
        "没有改动：{name}的概率是 {after}。",
    ),
    "said_swapped": (
        "Every two neighbouring columns changed places: {before} → {after} {name}, {points} points apart.",
        "每兩行相鄰的像素互換了位置：{name}的機率 {before} → {after}，相差 {points} 個百分點。",
        "每两列相邻的像素互换了位置：{name}的概率 {before} → {after}，相差 {points} 个百分点。",
    ),
    "said_doubled": (
        "Every number is twice as large, at most 255: {before} → {after} {name}, {points} points apart.",
        "每個數字都乘以二，最多 255：{name}的機率 {before} → {after}，相差 {points} 個百分點。",
        "每个数字都乘以二，最多 255：{name}的概率 {before} → {after}，相差 {points} 个百分点。",
    ),
    "said_shuffled": (
        "Small tiles changed places; each still shows what it showed: {before} → {after} {name}, {points} points apart.",
        "小方塊互換了位置，每一塊裡的圖樣都還在：{name}的機率 {before} → {after}，相差 {points} 個百分點。",
        "小方块互换了位置，每一块里的图案都还在：{name}的概率 {before} → {after}，相差 {points} 个百分点。",
    ),
    "said_blurred": (
        "Each pixel became a mean of itself and its neighbours: {before} → {after} {name}, {points} points apart.",
        "每個像素變成自己和鄰居的平均：{name}的機率 {before} → {after}，相差 {points} 個百分點。",
        "每个像素变成自己和邻居的平均：{name}的概率 {before} → {after}，相差 {points} 个百分点。",
    ),
    "said_edges": (
        "Only where brightness changes is anything left: {before} → {after} {name}, {points} points apart.",
        "只有明暗變化的地方留了下來：{name}的機率 {before} → {after}，相差 {points} 個百分點。",
        "只有明暗变化的地方留了下来：{name}的概率 {before} → {after}，相差 {points} 个百分点。",
    ),
    "said_other": ("Now it answers “{answer}”.", "現在它回答「{answer}」。", "现在它回答“{answer}”。"),
    "answer_measured": (
        "On this photo “{most}” moved the answer most, by {points} points; {few} of the {all} changes moved it by less than one.",
        "在這張照片上，「{most}」最影響答案，差了 {points} 個百分點；{all} 種改動裡有 {few} 種影響不到一個百分點。",
        "在这张照片上，“{most}”最影响答案，差了 {points} 个百分点；{all} 种改动里有 {few} 种影响不到一个百分点。",
    ),
    "answer_why": (
        "Swapping and doubling treat every picture alike and say nothing of what is in it; the network takes little notice. Cutting up leaves "
        "every little spot as it was and destroys where they stand. A filter, too, is a function, but it answers to something that is there: an "
        "edge, a spot. A network puts many filters one after the other, a pipe in which less and less is left of the picture and more and "
        "more of what it shows.",
        "對調和加倍對每張圖都一視同仁，和圖裡有什麼無關，網路也不太在意。剪碎之後，每一小塊都還在，位置卻全毀了。濾鏡也是函數，但它回應的是真正存在的東西："
        "一道邊緣、一個斑點。網路把許多濾鏡一個接一個排起來，像一條水管，流到後面，畫面剩得愈來愈少，畫面的意思卻愈來愈清楚。",
        "对调和加倍对每张图都一视同仁，和图里有什么无关，网络也不太在意。剪碎之后，每一小块都还在，位置却全毁了。滤波器也是函数，但它响应的是真正存在的东西："
        "一道边缘、一个斑点。网络把许多滤波器一个接一个排起来，像一根管道，流到后面，画面剩得越来越少，画面的意思却越来越清楚。",
    ),
}

PIXELS: Table = {
    "short": ("A table of numbers", "一張數字表", "一张数字表"),
    "title": (
        "To a machine your photo is a table of numbers.",
        "在機器眼裡，你的照片是一張數字表。",
        "在机器眼里，你的照片是一张数字表。",
    ),
    "text": (
        "Point at the photo: these are the eight by eight pixels there, from 0, black, to 255, white. Nothing in the table says “ear”.",
        "指著照片：這裡是那一處八乘八個像素，從 0（黑）到 255（白）。表裡沒有一個字說這是「耳朵」。",
        "指着照片：这里是那一处八乘八个像素，从 0（黑）到 255（白）。表里没有一个字说这是“耳朵”。",
    ),
    "try": (
        "find an edge in the numbers alone, then look at one colour. Type another number and see its pixel.",
        "只看數字找出一道邊緣，再換成單一顏色看看。改掉一個數字，看它的像素怎麼變。",
        "只看数字找出一道边缘，再换成单一颜色看看。改掉一个数字，看它的像素怎么变。",
    ),
    "question": (
        "How could a machine find an edge in such a table?",
        "在這樣一張表裡，機器怎麼找得到邊緣？",
        "在这样一张表里，机器怎么找得到边缘？",
    ),
    "point": (
        "The photo. Arrow keys move the eight by eight pixels, with Shift by eight.",
        "照片。方向鍵移動八乘八的方框，加按 Shift 一次移八格。",
        "照片。方向键移动八乘八的方框，加按 Shift 一次移八格。",
    ),
    "channels": ("What the numbers are of", "看哪一種數字", "看哪一种数字"),
    "grey": ("Brightness", "亮度", "亮度"),
    "red": ("Red", "紅", "红"),
    "green": ("Green", "綠", "绿"),
    "blue": ("Blue", "藍", "蓝"),
    "cell": ("Row {row}, column {column} of the photo", "照片的第 {row} 列，第 {column} 行", "照片的第 {row} 行，第 {column} 列"),
    "range": ("A pixel is a whole number from 0 to 255.", "像素是 0 到 255 的整數。", "像素是 0 到 255 的整数。"),
    "said": (
        "{channel} from row {row}, column {column} on: the darkest here is {low}, the brightest {high}.",
        "從第 {row} 列、第 {column} 行開始的{channel}：最暗是 {low}，最亮是 {high}。",
        "从第 {row} 行、第 {column} 列开始的{channel}：最暗是 {low}，最亮是 {high}。",
    ),
    "said_brighter": (
        "{channel}: {before} became {after}, and the pixel is brighter. That is all that a machine would notice.",
        "{channel}：{before} 變成 {after}，這個像素亮了一些。機器能察覺的就只有這樣。",
        "{channel}：{before} 变成 {after}，这个像素亮了一些。机器能察觉的就只有这样。",
    ),
    "said_darker": (
        "{channel}: {before} became {after}, and the pixel is darker. That is all that a machine would notice.",
        "{channel}：{before} 變成 {after}，這個像素暗了一些。機器能察覺的就只有這樣。",
        "{channel}：{before} 变成 {after}，这个像素暗了一些。机器能察觉的就只有这样。",
    ),
    "answer_patch": (
        "By subtracting neighbours. Here the numbers go from {low} to {high}, and the largest step between two neighbours in a row is "
        "{steepest}: where such steps line up, there is an edge.",
        "把相鄰的數字相減。這裡的數字從 {low} 到 {high}，同一列相鄰兩格最大相差 {steepest}：這種落差連成一線的地方，就是邊緣。",
        "把相邻的数字相减。这里的数字从 {low} 到 {high}，同一行相邻两格最大相差 {steepest}：这种落差连成一线的地方，就是边缘。",
    ),
    "answer_size": (
        "All of the photo, {width} × {height} pixels in three colours, is {numbers} such numbers.",
        "整張照片有 {width} × {height} 個像素、三種顏色，一共 {numbers} 個這樣的數字。",
        "整张照片有 {width} × {height} 个像素、三种颜色，一共 {numbers} 个这样的数字。",
    ),
}

DENSE: Table = {
    "short": ("Why not flatten it?", "為什麼不攤平？", "为什么不摊平？"),
    "title": (
        "Why not give every pixel a weight of its own?",
        "為什麼不讓每個像素各有一個權重？",
        "为什么不让每个像素各有一个权重？",
    ),
    "text": (
        "A neuron adds up numbers, each times a weight, and a bias of its own. In a dense layer each neuron has a weight for every pixel, in "
        "a long row in which neighbours are neighbours no more. A filter has a few weights, and uses the same ones everywhere.",
        "神經元把許多數字各乘一個權重再加起來，另加自己的一個偏差。全連接層的每個神經元對每個像素都有一個權重，像素排成一長串，原本相鄰的不再相鄰。"
        "濾鏡只有幾個權重，走到哪裡都用同一組。",
        "神经元把许多数字各乘一个权重再加起来，另加自己的一个偏置。全连接层的每个神经元对每个像素都有一个权重，像素排成一长串，原本相邻的不再相邻。"
        "滤波器只有几个权重，走到哪里都用同一组。",
    ),
    "try": (
        "double the photo’s width. Then choose three channels and see which of the two counts grows with the photo.",
        "把照片寬度加倍，再選三個通道，看看兩個數目裡哪一個會跟著照片變大。",
        "把照片宽度加倍，再选三个通道，看看两个数目里哪一个会跟着照片变大。",
    ),
    "question": (
        "What does a convolutional layer save, and what does it know that a dense one has to learn?",
        "卷積層省下了什麼？有什麼是它本來就知道、全連接層卻得慢慢學的？",
        "卷积层省下了什么？有什么是它本来就知道、全连接层却得慢慢学的？",
    ),
    "view": ("The photo", "照片", "照片"),
    "view_whole": ("As it is", "原樣", "原样"),
    "view_flat": ("In one row", "排成一列", "排成一行"),
    "view_shuffled": ("Shuffled", "打亂", "打乱"),
    "width": ("Width of the photo", "照片寬", "照片宽"),
    "height": ("Height of the photo", "照片高", "照片高"),
    "channels": ("Channels", "通道", "通道"),
    "neurons": ("Neurons of the dense layer", "全連接層的神經元", "全连接层的神经元"),
    "side": ("Side of a filter", "濾鏡邊長", "滤波器边长"),
    "maps": ("Filters", "濾鏡數", "滤波器数"),
    "dense": ("Dense: connections", "全連接：連線數", "全连接：连接数"),
    "shared": ("Filters: weights", "濾鏡：權重數", "滤波器：权重数"),
    "said": (
        "{width} × {height} × {channels} pixels and {neurons} neurons need {connections} connections; {maps} filters of {side} × {side} "
        "need {shared} weights, biases among them, {times} times fewer.",
        "{width} × {height} × {channels} 個像素、{neurons} 個神經元，要 {connections} 條連線；{maps} 個 {side} × {side} 的濾鏡只要 {shared} 個權重，"
        "少了 {times} 倍。",
        "{width} × {height} × {channels} 个像素、{neurons} 个神经元，要 {connections} 条连接；{maps} 个 {side} × {side} 的滤波器只要 {shared} 个权重，"
        "是它的 {times} 分之一。",
    ),
    "said_fewer": (
        "{width} × {height} × {channels} pixels and {neurons} neurons need {connections} connections; {maps} filters of {side} × {side} "
        "need {shared} weights, {times} times as many. For so little a dense layer is enough.",
        "{width} × {height} × {channels} 個像素、{neurons} 個神經元，要 {connections} 條連線；{maps} 個 {side} × {side} 的濾鏡要 {shared} 個權重，"
        "是 {times} 倍。這麼小的輸入，用全連接層就夠了。",
        "{width} × {height} × {channels} 个像素、{neurons} 个神经元，要 {connections} 条连接；{maps} 个 {side} × {side} 的滤波器要 {shared} 个权重，"
        "是 {times} 倍。这么小的输入，用全连接层就够了。",
    ),
    "answer_counts": (
        "Dense: {inputs} inputs × {neurons} neurons = {connections} connections. Filters: ({side} × {side} × {channels} + 1 bias) × {maps} "
        "= {shared} weights, however large the photo is.",
        "全連接：{inputs} 個輸入 × {neurons} 個神經元 = {connections} 條連線。濾鏡：（{side} × {side} × {channels} + 1 個偏差）× {maps} "
        "= {shared} 個權重，照片多大都一樣。",
        "全连接：{inputs} 个输入 × {neurons} 个神经元 = {connections} 条连接。滤波器：（{side} × {side} × {channels} + 1 个偏置）× {maps} "
        "= {shared} 个权重，照片多大都一样。",
    ),
    "answer_why": (
        "It knows that neighbours belong together, and that a pattern which is worth finding here is worth finding there: what was learned "
        "in one corner holds in all of them. Shuffle the pixels, always in the same way, and a dense layer learns as before, while to "
        "filters nothing is left to find. With fewer weights it also needs fewer pictures to learn from.",
        "它本來就知道：相鄰的像素是一起的；在這裡值得找的圖樣，在那裡也值得找，在一個角落學會的，到處都適用。把像素用固定的方式打亂，"
        "全連接層照樣學得起來，濾鏡卻什麼也找不到了。權重少，需要的學習圖片也就少。",
        "它本来就知道：相邻的像素是一起的；在这里值得找的图案，在那里也值得找，在一个角落学会的，到处都适用。把像素用固定的方式打乱，"
        "全连接层照样学得起来，滤波器却什么也找不到了。权重少，需要的学习图片也就少。",
    ),
}

CALCULATOR: Table = {
    "calc_title": ("A network of your own: what it takes", "自己搭一個網路：要花多少", "自己搭一个网络：要花多少"),
    "calc_width": ("Width", "寬", "宽"),
    "calc_height": ("Height", "高", "高"),
    "calc_channels": ("Channels", "通道", "通道数"),
    "calc_batch": ("Batch", "每批張數", "每批张数"),
    "calc_kind": ("kind", "種類", "种类"),
    "calc_conv": ("Convolution", "卷積", "卷积"),
    "calc_pool": ("Max pooling", "最大池化", "最大池化层"),
    "calc_dense": ("Dense", "全連接", "全连接"),
    "calc_maps": ("Maps", "張數", "张数"),
    "calc_side": ("Window", "窗口", "窗口大小"),
    "calc_stride": ("Stride", "步幅", "步幅大小"),
    "calc_units": ("Units", "單元", "单元"),
    "calc_padding": ("padding", "填補", "填充"),
    "calc_same": ("padded: same", "填補：same", "填充：same"),
    "calc_valid": ("not padded: valid", "不填補：valid", "不填充：valid"),
    "calc_layer": ("Layer {number}", "第 {number} 層", "第 {number} 层"),
    "calc_remove": ("Take layer {number} away", "移除第 {number} 層", "删去第 {number} 层"),
    "calc_more": ("One more layer", "再加一層", "再加一层"),
    "calc_row": (
        "{shape}; {parameters} parameters, {macs} multiply-adds, {memory}",
        "{shape}；{parameters} 個參數，{macs} 次乘加，{memory}",
        "{shape}；{parameters} 个参数，{macs} 次乘加，{memory}",
    ),
    "calc_impossible": (
        "Its window of {side} × {side} is larger than the {width} × {height} values that come in: take a smaller one, or padding.",
        "{side} × {side} 的窗口比進來的 {width} × {height} 個值還大：改小一點，或加填補。",
        "{side} × {side} 的窗口比进来的 {width} × {height} 个值还大：改小一点，或加填充。",
    ),
    "calc_total": (
        "{parameters} parameters ({weights}); {macs} multiply-adds a picture. Memory: {inference} for one picture, {training} to train on "
        "{batch}.",
        "{parameters} 個參數（{weights}）；每張圖 {macs} 次乘加。記憶體：一張圖要 {inference}，用 {batch} 張訓練要 {training}。",
        "{parameters} 个参数（{weights}）；每张图 {macs} 次乘加。内存：一张图要 {inference}，用 {batch} 张训练要 {training}。",
    ),
    "calc_stopped": (
        "The pictures do not come through: see the layer that says why.",
        "圖片過不去：請看說明原因的那一層。",
        "图片过不去：请看说明原因的那一层。",
    ),
    "calc_told": (
        "Numbers of 4 bytes, megabytes of a million. For one picture the weights and two neighbouring layers have to be there at once, to learn "
        "all layers and the pictures, since the way back needs them. Gradients and the optimizer come on top.",
        "每個數字 4 個位元組，1 MB 以一百萬位元組計。只看一張圖，同時要在的是權重和相鄰的兩層；要學習，所有的層和圖片都得留著，因為往回走時用得到。"
        "梯度和優化器另計。",
        "每个数字 4 个字节，1 MB 按一百万字节算。只看一张图，同时要在的是权重和相邻的两层；要学习，所有的层和图片都得留着，因为往回走时用得到。"
        "梯度和优化器另算。",
    ),
    "numbers_title": ("The numbers that articles print", "文章裡的數字", "文章里的数字"),
    "numbers_told": (
        "Each computed from the network or the operation itself; two slips are marked.",
        "每個數字都由網路或運算本身算出；標出的兩處是筆誤。",
        "每个数字都由网络或运算本身算出；标出的两处是笔误。",
    ),
    "numbers_what": ("What", "項目", "项目"),
    "numbers_printed": ("Printed", "文章所寫", "文章所写"),
    "numbers_found": ("Computed", "算出來的", "算出来的"),
}

STEPS: dict[str, Table] = {"mapping": MAPPING, "pixels": PIXELS, "dense": DENSE | CALCULATOR}
