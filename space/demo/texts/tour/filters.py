"""Steps four to six: from one weight to a grid of them, what a filter looks for, and what happens at the edge."""

from __future__ import annotations

from demo.texts.table import Table

WEIGHTS: Table = {
    "short": ("One weight, two, a grid", "一個權重、兩個、一格一格", "一个权重、两个、一个网格"),
    "title": ("Weigh a pixel together with its neighbours.", "把像素和鄰居一起加權。", "把像素和邻居一起加权。"),
    "text": (
        "One weight makes every pixel brighter or darker. Two weights look at two neighbours, so they can answer to a change. A grid of "
        "weights looks at a small square.",
        "一個權重只能把每個像素變亮或變暗。兩個權重同時看兩個鄰居，於是能回應變化。一格一格的權重，看的是一小塊方形。",
        "一个权重只能把每个像素变亮或变暗。两个权重同时看两个邻居，于是能响应变化。一个网格的权重，看的是一小块方形。",
    ),
    "try": (
        "weigh the drawn “4” with each pair: which one answers to a change? Then do the same to your photo, and count the columns.",
        "用每一組權重各算一次畫出來的「4」：哪一組會回應變化？再套用到你的照片，數一數出來幾行。",
        "用每一组权重各算一次画出来的“4”：哪一组会响应变化？再套用到你的照片，数一数出来几列。",
    ),
    "question": (
        "Why does two weights’ output lose a column, and what can be done about it?",
        "為什麼兩個權重的輸出少了一行？有什麼辦法？",
        "为什么两个权重的输出少了一列？有什么办法？",
    ),
    "source": ("What is weighed", "要加權的圖", "要加权的图"),
    "four": ("A drawn “4”", "畫出來的「4」", "画出来的“4”"),
    "photo": ("Your photo", "你的照片", "你的照片"),
    "way": ("How", "方式", "方式"),
    "one": ("One weight", "一個權重", "一个权重"),
    "two": ("Two weights", "兩個權重", "两个权重"),
    "grid": ("3 × 3 weights", "3 × 3 個權重", "3 × 3 个权重"),
    "weight": ("The weight", "權重", "权重"),
    "pairs": ("The two weights", "兩個權重", "两个权重"),
    "before": ("Before: {width} × {height}", "之前：{width} × {height}", "之前：{width} × {height}"),
    "after": (
        "After: {width} wide; white is {white}",
        "之後：寬 {width}，白色是 {white}",
        "之后：宽 {width}，白色是 {white}",
    ),
    "said_one": (
        "Every pixel times {weight}: {width} × {height} numbers stay {wide} × {high}, the largest is {largest}. No pixel knows of "
        "another one.",
        "每個像素乘以 {weight}：{width} × {height} 個數字還是 {wide} × {high}，最大是 {largest}。像素之間互不相干。",
        "每个像素乘以 {weight}：{width} × {height} 个数字还是 {wide} × {high}，最大是 {largest}。像素之间互不相干。",
    ),
    "said_two": (
        "{first} × a pixel + {second} × its right neighbour: {width} columns became {wide}, the largest value is {largest}.",
        "{first} × 像素 + {second} × 右邊的鄰居：{width} 行變成 {wide} 行，最大的值是 {largest}。",
        "{first} × 像素 + {second} × 右边的邻居：{width} 列变成 {wide} 列，最大的值是 {largest}。",
    ),
    "said_grid": (
        "Three columns of weights, −1, 0 and 1, answer where it gets brighter to the right: {width} × {height} became {wide} × {high}, "
        "the largest value is {largest}.",
        "三行權重 −1、0、1，會回應往右變亮的地方：{width} × {height} 變成 {wide} × {high}，最大的值是 {largest}。",
        "三列权重 −1、0、1，会响应往右变亮的地方：{width} × {height} 变成 {wide} × {high}，最大的值是 {largest}。",
    ),
    "answer_narrow": (
        "The last column has no right neighbour, so {width} columns have only {wide} pairs; three weights a row leave {three}.",
        "最後一行右邊沒有鄰居，{width} 行只湊得出 {wide} 對；一列三個權重就只剩 {three}。",
        "最后一列右边没有邻居，{width} 列只凑得出 {wide} 对；一行三个权重就只剩 {three}。",
    ),
    "answer_zeros": (
        "Put a column of zeros beside the picture. Then every pixel has a neighbour, the output is as wide as before, and the corners "
        "count as often as the rest.",
        "在圖旁邊補一行零。這樣每個像素都有鄰居，輸出和原來一樣寬，角落也和別處一樣算得到。",
        "在图旁边补一列零。这样每个像素都有邻居，输出和原来一样宽，角落也和别处一样算得到。",
    ),
}

PATTERNS: Table = {
    "short": ("A filter looks for something", "濾鏡在找東西", "滤波器在找东西"),
    "title": (
        "A filter answers where it finds what it looks like.",
        "找到像自己的地方，濾鏡就會有反應。",
        "找到像自己的地方，滤波器就会有响应。",
    ),
    "text": (
        "Red weights want brightness, blue ones want darkness. Where the photo is so, the map is red; where it is the other way round, "
        "blue.",
        "紅色的權重要亮，藍色的權重要暗。照片正好如此的地方，圖是紅的；恰恰相反的地方，圖是藍的。",
        "红色的权重要亮，蓝色的权重要暗。照片正好如此的地方，图是红的；恰恰相反的地方，图是蓝的。",
    ),
    "try": (
        "find the map that this filter made. Then take the network’s own filters, which nobody wrote.",
        "找出這個濾鏡算出來的圖。接著換成網路自己的濾鏡，那些不是人寫的。",
        "找出这个滤波器算出来的图。接着换成网络自己的滤波器，那些不是人写的。",
    ),
    "question": (
        "If the same thing is in two places of a picture, how many filters does it take to find both?",
        "同一個東西出現在圖上兩處，要幾個濾鏡才能都找到？",
        "同一个东西出现在图上两处，要几个滤波器才能都找到？",
    ),
    "by": ("Whose filters", "誰的濾鏡", "谁的滤波器"),
    "people": ("People’s", "人寫的", "人写的"),
    "network": ("The network’s own", "網路自己的", "网络自己的"),
    "twice": ("One thing twice", "一個東西兩處", "一个东西两处"),
    "another": ("Another filter", "換一個濾鏡", "换一个滤波器"),
    "which": ("Which of these maps did this filter make?", "下面哪一張是這個濾鏡算出來的？", "下面哪一张是这个滤波器算出来的？"),
    "map": ("Map {number}", "第 {number} 張圖", "第 {number} 张图"),
    "channel": ("channel {channel}", "通道 {channel}", "通道 {channel}"),
    "kernel_across": ("brighter to the right", "往右變亮", "往右变亮"),
    "kernel_down": ("brighter downwards", "往下變亮", "往下变亮"),
    "kernel_rising": ("brighter to the upper right", "往右上變亮", "往右上变亮"),
    "kernel_falling": ("brighter to the upper left", "往左上變亮", "往左上变亮"),
    "kernel_spots": ("small spots", "小斑點", "小斑点"),
    "kernel_lines": ("thin upright lines", "細直線", "细直线"),
    "guess": ("Look at the filter, then click a map.", "先看濾鏡，再點一張圖。", "先看滤波器，再点一张图。"),
    "right": ("Right: “{name}”.", "答對了：「{name}」。", "答对了：“{name}”。"),
    "wrong": (
        "Not this one: it is made by “{other}”. The filter was “{name}”, framed now.",
        "不是這張，這張是「{other}」算的。題目的濾鏡是「{name}」，現在框起來了。",
        "不是这张，这张是“{other}”算的。题目的滤波器是“{name}”，现在框起来了。",
    ),
    "score": ("{right} of {tries} found.", "{tries} 次裡找對 {right} 次。", "{tries} 次里找对 {right} 次。"),
    "cross": ("a cross", "十字", "十字"),
    "crosses": ("The same cross in two places", "同一個十字出現在兩處", "同一个十字出现在两处"),
    "crosses_map": ("The filter’s answer", "濾鏡的反應", "滤波器的响应"),
    "said_twice": (
        "{places} places answer most, each with {largest}: the same weights find the cross wherever it is.",
        "反應最強的有 {places} 處，都是 {largest}：同一組權重，十字在哪裡都找得到。",
        "响应最强的有 {places} 处，都是 {largest}：同一组权重，十字在哪里都找得到。",
    ),
    "answer_filters": (
        "One, such as “{name}”. It slides over the whole picture with the same weights, so it answers in both places alike.",
        "一個就夠，例如「{name}」。它帶著同一組權重滑過整張圖，所以兩處都會有一樣的反應。",
        "一个就够，例如“{name}”。它带着同一组权重滑过整张图，所以两处都会有一样的响应。",
    ),
    "answer_twice": (
        "Shift the picture, and the map shifts with it. A dense layer would have to learn the thing anew for every place.",
        "圖移動，反應圖也跟著移動。全連接層就得在每個位置重新學一遍。",
        "图移动，响应图也跟着移动。全连接层就得在每个位置重新学一遍。",
    ),
}

EDGE: Table = {
    "short": ("The edge", "邊緣", "边缘"),
    "title": (
        "At the edge a filter runs out of pixels.",
        "到了邊緣，濾鏡就沒有像素可看了。",
        "到了边缘，滤波器就没有像素可看了。",
    ),
    "text": (
        "A window as large as the filter goes over the picture in steps, its stride. Each place that it has makes one number. Cells added "
        "around the picture give it more places.",
        "和濾鏡一樣大的視窗，一步一步走過圖片，一步的大小叫步幅。每停一處就得到一個數字。在圖的四周補上格子，它能停的地方就變多。",
        "和滤波器一样大的窗口，一步一步走过图片，一步的大小叫步长。每停一处就得到一个数字。在图的四周补上格子，它能停的地方就变多。",
    ),
    "try": (
        "drag the window to a corner, with padding and without. Then find a stride that leaves some cells unseen.",
        "把視窗拖到角落，填補和不填補都試試。再找一個會漏看某些格子的步幅。",
        "把窗口拖到角落，填充和不填充都试试。再找一个会漏看某些格子的步长。",
    ),
    "question": (
        "How many numbers come out of a row of these cells, and why does padding exist?",
        "這樣的一列格子會得到幾個數字？為什麼要填補？",
        "这样的一行格子会得到几个数字？为什么要填充？",
    ),
    "window": (
        "The cells and the window on them. Arrow keys move it by one stride.",
        "格子和上面的視窗。方向鍵一次移動一個步幅。",
        "格子和上面的窗口。方向键一次移动一个步长。",
    ),
    "padding": ("Padding", "填補", "填充"),
    "valid": ("None (valid)", "不填補（valid）", "不填充（valid）"),
    "same": ("As needed (same)", "補到剛好（same）", "按需填充（same）"),
    "border": ("What the added cells hold", "補上的格子放什麼", "补上的格子放什么"),
    "zero": ("Zeros", "零", "零"),
    "mean": ("The mean", "平均值", "平均值"),
    "width": ("Cells wide", "寬（格）", "宽（格）"),
    "height": ("Cells high", "高（格）", "高（格）"),
    "side": ("Filter", "濾鏡", "滤波器"),
    "stride": ("Stride", "步幅", "步长"),
    "preset": (
        "{width} × {height}, filter {side}, stride {stride}",
        "{width} × {height}，濾鏡 {side}，步幅 {stride}",
        "{width} × {height}，滤波器 {side}，步长 {stride}",
    ),
    "said": (
        "{width} × {height} cells give {wide} × {high} numbers; the window is at place {place} of {places}.",
        "{width} × {height} 格得到 {wide} × {high} 個數字；視窗在第 {place} 處，共 {places} 處。",
        "{width} × {height} 格得到 {wide} × {high} 个数字；窗口在第 {place} 处，共 {places} 处。",
    ),
    "said_none": (
        "A filter of {side} × {side} fits nowhere into {width} × {height} cells. Make it smaller, or add padding.",
        "{side} × {side} 的濾鏡放不進 {width} × {height} 格。換小一點的，或填補。",
        "{side} × {side} 的滤波器放不进 {width} × {height} 格。换小一点的，或填充。",
    ),
    "unseen": (
        "It never reaches the last {columns} columns and {rows} rows.",
        "最後 {columns} 行和 {rows} 列它永遠看不到。",
        "最后 {columns} 列和 {rows} 行它永远看不到。",
    ),
    "holds": ("It sees {cells} cells of the picture.", "它看到圖上的 {cells} 格。", "它看到图上的 {cells} 格。"),
    "holds_zero": (
        "It sees {cells} cells of the picture and {outside} zeros.",
        "它看到圖上的 {cells} 格和 {outside} 個零。",
        "它看到图上的 {cells} 格和 {outside} 个零。",
    ),
    "holds_mean": (
        "It sees {cells} cells of the picture and {outside} that hold the picture’s mean.",
        "它看到圖上的 {cells} 格，另外 {outside} 格是整張圖的平均值。",
        "它看到图上的 {cells} 格，另外 {outside} 格是整张图的平均值。",
    ),
    "formula": (
        "In a row (W − F + P) / S + 1 = ({width} − {side} + {across}) / {stride} + 1 = {exact}, rounded down, at least 0: {wide}. W cells, a filter of "
        "F, P cells of padding in all, stride S.",
        "一列是 (W − F + P) / S + 1 = ({width} − {side} + {across}) / {stride} + 1 = {exact}，捨去小數，最少是 0：{wide}。W 是格數，F 是濾鏡，"
        "P 是一共補的格數，S 是步幅。",
        "一行是 (W − F + P) / S + 1 = ({width} − {side} + {across}) / {stride} + 1 = {exact}，舍去小数，最少是 0：{wide}。W 是格数，F 是滤波器，"
        "P 是一共填充的格数，S 是步长。",
    ),
    "answer_high": (
        "Downwards ({height} − {side} + {down}) / {stride} + 1 = {exact}: {high}.",
        "由上到下 ({height} − {side} + {down}) / {stride} + 1 = {exact}：{high}。",
        "从上到下 ({height} − {side} + {down}) / {stride} + 1 = {exact}：{high}。",
    ),
    "answer_why": (
        "Without padding, every layer would cut the picture smaller, and what lies in the corners would be seen once where the middle is seen "
        "many times. “same” adds as many cells as make W / S places, rounded up: with stride one, the output is as large as the input. Zeros look like a dark frame to a filter; the mean "
        "disturbs less.",
        "不填補的話，每一層都會把圖切小一圈，角落只被看到一次，中間卻被看到很多次。「same」補到剛好有 W / S 處（無條件進位）：步幅一時，輸出就和輸入一樣大。"
        "補零在濾鏡看來像一圈黑框，補平均值的干擾小一些。",
        "不填充的话，每一层都会把图切小一圈，角落只被看到一次，中间却被看到很多次。“same”填充到刚好有 W / S 处（向上取整）：步长一时，输出就和输入一样大。"
        "补零在滤波器看来像一圈黑框，补平均值的干扰小一些。",
    ),
}

STEPS: dict[str, Table] = {"weights": WEIGHTS, "patterns": PATTERNS, "edge": EDGE}
