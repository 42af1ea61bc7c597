"""Tab two, "One filter": the kernel laboratory. Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from demo.texts.table import Table

TEXTS: Table = {
    # the map and what is pointed at
    "map_label": (
        "Response map. Arrow keys move by one value, with Shift by ten. {position}",
        "反應圖。方向鍵移動一格，加 Shift 移動十格。{position}",
        "响应图。方向键移动一格，加 Shift 移动十格。{position}",
    ),
    "position": (
        "row {row}, column {column} of {height} × {width}",
        "第 {row} 列，第 {column} 行，共 {height} × {width}",
        "第 {row} 行，第 {column} 列，共 {height} × {width}",
    ),
    "position_value": (
        "Row {row}, column {column}: {value}.",
        "第 {row} 列，第 {column} 行：{value}。",
        "第 {row} 行，第 {column} 列：{value}。",
    ),
    "to_strongest": (
        "To the strongest answer",
        "移到反應最強處",
        "移到响应最强处",
    ),
    # the strip
    "patch": (
        "the photo there",
        "照片的這一塊",
        "照片的这一块",
    ),
    "patch_channel": (
        "the photo there, {channel}",
        "照片的這一塊，{channel}",
        "照片的这一块，{channel}",
    ),
    "kernel_edit": (
        "the kernel (edit me)",
        "核（可以改）",
        "卷积核（可以修改）",
    ),
    "kernel_turned": (
        "the kernel, turned by 180° (edit me)",
        "轉了 180° 的核（可以改）",
        "旋转 180° 的卷积核（可以修改）",
    ),
    "products": (
        "{count} products",
        "{count} 個乘積",
        "{count} 个乘积",
    ),
    "sum": (
        "sum",
        "總和",
        "总和",
    ),
    "value": (
        "sum, divided and shifted",
        "總和除過、加過之後",
        "总和除过、加过之后",
    ),
    "drawn_as": (
        "drawn as {value}",
        "畫成 {value}",
        "画成 {value}",
    ),
    "loupe": (
        "the window, enlarged",
        "放大的視窗",
        "放大的窗口",
    ),
    "outside": (
        "outside the photo",
        "在照片外面",
        "在照片之外",
    ),
    "cell": (
        "row {row}, column {column}",
        "第 {row} 列，第 {column} 行",
        "第 {row} 行，第 {column} 列",
    ),
    "size": (
        "Size of the kernel",
        "核的尺寸",
        "卷积核的尺寸",
    ),
    "divisor": (
        "Divided by",
        "除以",
        "除以",
    ),
    "bias": (
        "Plus (bias)",
        "再加（偏差）",
        "再加（偏置）",
    ),
    "channel_shown": (
        "Channel shown",
        "顯示哪個色版",
        "显示哪个通道",
    ),
    "channel_0": (
        "red",
        "紅色",
        "红色",
    ),
    "channel_1": (
        "green",
        "綠色",
        "绿色",
    ),
    "channel_2": (
        "blue",
        "藍色",
        "蓝色",
    ),
    # the controls
    "preset": (
        "Kernels to try",
        "現成的核",
        "现成的卷积核",
    ),
    "own_line": (
        "Your own numbers.",
        "你自己的數字。",
        "你自己的数字。",
    ),
    "stride": (
        "Stride",
        "步幅",
        "步长",
    ),
    "padding": (
        "Padding",
        "填補",
        "填充",
    ),
    "padding_same": (
        "same ({amount} on each side)",
        "same（每邊 {amount}）",
        "same（每边 {amount}）",
    ),
    "padding_valid": (
        "none",
        "不填補",
        "不填充",
    ),
    "padding_amount": (
        "{amount} on each side",
        "每邊 {amount}",
        "每边 {amount}",
    ),
    "dilation": (
        "Dilation",
        "膨脹（空洞）",
        "膨胀（空洞）",
    ),
    "border": (
        "What the padding holds",
        "填補的內容",
        "填充的内容",
    ),
    "border_zero": (
        "zeros",
        "零",
        "零",
    ),
    "border_reflect": (
        "the photo mirrored",
        "照片的鏡像",
        "照片的镜像",
    ),
    "border_replicate": (
        "the outermost pixels again",
        "重複最外圈的像素",
        "重复最外圈的像素",
    ),
    "border_mean": (
        "the photo's mean",
        "照片的平均值",
        "照片的平均值",
    ),
    "colour": (
        "Works on",
        "處理",
        "处理",
    ),
    "colour_grey": (
        "brightness",
        "亮度",
        "亮度",
    ),
    "colour_rgb": (
        "red, green and blue apart",
        "紅、綠、藍各自算",
        "红、绿、蓝分别算",
    ),
    "operation": (
        "Operation",
        "運算",
        "运算",
    ),
    "operation_correlation": (
        "correlation",
        "互相關",
        "互相关",
    ),
    "operation_convolution": (
        "true convolution",
        "真正的卷積",
        "真正的卷积",
    ),
    "drawn": (
        "Drawn as",
        "畫法",
        "画法",
    ),
    "drawn_signed": (
        "a map of all values",
        "所有數值的圖",
        "所有数值的图",
    ),
    "drawn_clipped": (
        "a picture, cut to 0 … 255",
        "圖片，裁到 0 … 255",
        "图片，截断到 0 … 255",
    ),
    "play": (
        "Play",
        "播放",
        "播放",
    ),
    "play_start": (
        "▶ walk the window",
        "▶ 讓視窗走一遍",
        "▶ 让窗口走一遍",
    ),
    "play_pause": (
        "❚❚ pause",
        "❚❚ 暫停",
        "❚❚ 暂停",
    ),
    "play_on": (
        "▶ go on",
        "▶ 繼續",
        "▶ 继续",
    ),
    "play_step": (
        "one step",
        "走一步",
        "走一步",
    ),
    "play_end": (
        "whole map",
        "整張圖",
        "整张图",
    ),
    "download_map": (
        "Download the map (PNG)",
        "下載反應圖（PNG）",
        "下载响应图（PNG）",
    ),
    # folded: stack, code
    "stack": (
        "Then apply another: ReLU, pooling, a second filter",
        "接著再加一層：ReLU、池化、另一個濾鏡",
        "接着再加一层：ReLU、池化、另一个滤波器",
    ),
    "stack_line": (
        "Each step works on the map of the one before.",
        "每一步都用上一步的圖當輸入。",
        "每一步都以上一步的图为输入。",
    ),
    "add_step": (
        "Add a step",
        "加一步",
        "添加一步",
    ),
    "add_pool": (
        "+ pooling",
        "+ 池化",
        "+ 池化层",
    ),
    "add_filter": (
        "+ filter",
        "+ 濾鏡",
        "+ 滤波器",
    ),
    "step_relu": (
        "ReLU: below 0 becomes 0",
        "ReLU：小於 0 變成 0",
        "ReLU：小于 0 变成 0",
    ),
    "step_pool": (
        "Pooling",
        "池化",
        "池化层",
    ),
    "step_filter": (
        "Filter",
        "濾鏡",
        "滤波器",
    ),
    "pool_max": (
        "maximum",
        "最大值",
        "最大值",
    ),
    "pool_average": (
        "average",
        "平均值",
        "平均值",
    ),
    "pool_l2": (
        "L2 norm",
        "L2 範數",
        "L2 范数",
    ),
    "window": (
        "Window",
        "視窗",
        "窗口",
    ),
    "up": (
        "Earlier",
        "往前移",
        "前移",
    ),
    "down": (
        "Later",
        "往後移",
        "后移",
    ),
    "remove": (
        "Remove",
        "移除",
        "删除",
    ),
    "snippet": (
        "The PyTorch that reproduces this",
        "算出同樣結果的 PyTorch",
        "算出同样结果的 PyTorch",
    ),
    "copy": (
        "Copy",
        "複製",
        "复制",
    ),
    "copied": (
        "Copied",
        "已複製",
        "已复制",
    ),
    # groups of presets, and what each one responds to
    "group_smooth": (
        "smooth",
        "平滑",
        "平滑",
    ),
    "group_sharpen": (
        "sharpen",
        "銳化",
        "锐化",
    ),
    "group_vertical_edges": (
        "vertical edges",
        "垂直邊緣",
        "垂直边缘",
    ),
    "group_horizontal_edges": (
        "horizontal edges",
        "水平邊緣",
        "水平边缘",
    ),
    "group_diagonal_edges": (
        "diagonal edges",
        "斜向邊緣",
        "斜向边缘",
    ),
    "group_all_edges": (
        "edges of any direction",
        "各方向的邊緣",
        "各方向的边缘",
    ),
    "group_emboss": (
        "emboss",
        "浮雕",
        "浮雕",
    ),
    "group_lines": (
        "lines",
        "線條",
        "线条",
    ),
    "line_identity": (
        "Every pixel stays what it is.",
        "每個像素都維持原來的值。",
        "每个像素都保持原来的值。",
    ),
    "line_box_blur": (
        "The mean of nine pixels: what differs between neighbours fades.",
        "九個像素的平均：相鄰像素的差別會變淡。",
        "九个像素的平均：相邻像素的差别会变淡。",
    ),
    "line_box_blur_5x5": (
        "The mean of 25 pixels: details smaller than five pixels fade.",
        "25 個像素的平均：小於五個像素的細節會變淡。",
        "25 个像素的平均：小于五个像素的细节会变淡。",
    ),
    "line_gaussian": (
        "A mean in which the nearer pixels count more.",
        "一種平均，越近的像素占的份量越重。",
        "一种平均，越近的像素所占的权重越大。",
    ),
    "line_gaussian_5x5": (
        "The same kind of mean over 25 pixels: smoother still.",
        "同樣的平均，範圍是 25 個像素：更平滑。",
        "同样的平均，范围是 25 个像素：更平滑。",
    ),
    "line_sharpen": (
        "Five times the pixel minus its four neighbours: what differs from around it grows.",
        "像素的五倍減去四個鄰居：和周圍的差別會變大。",
        "像素的五倍减去四个邻居：与周围的差别会变大。",
    ),
    "line_sobel_x": (
        "Right minus left, the middle row counted twice: brightness that changes sideways.",
        "右邊減左邊，中間那一列算兩次：看的是左右方向的亮度變化。",
        "右边减左边，中间那一行算两次：看的是左右方向的亮度变化。",
    ),
    "line_sobel_y": (
        "Below minus above, the middle column counted twice: brightness that changes up and down.",
        "下面減上面，中間那一行算兩次：看的是上下方向的亮度變化。",
        "下面减上面，中间那一列算两次：看的是上下方向的亮度变化。",
    ),
    "line_prewitt_x": (
        "Right minus left, all three rows alike.",
        "右邊減左邊，三列一樣重。",
        "右边减左边，三行权重相同。",
    ),
    "line_prewitt_y": (
        "Below minus above, all three columns alike.",
        "下面減上面，三行一樣重。",
        "下面减上面，三列权重相同。",
    ),
    "line_scharr_x": (
        "Right minus left with 3, 10, 3: made to tell an edge's direction more exactly than Sobel.",
        "右邊減左邊，三列的權重是 3、10、3：用來比 Sobel 更準確地判斷邊緣的方向。",
        "右边减左边，三行的权重为 3、10、3：用来比 Sobel 更准确地判断边缘方向。",
    ),
    "line_scharr_y": (
        "Below minus above with 3, 10, 3: made to tell an edge's direction more exactly than Sobel.",
        "下面減上面，三行的權重是 3、10、3：用來比 Sobel 更準確地判斷邊緣的方向。",
        "下面减上面，三列的权重为 3、10、3：用来比 Sobel 更准确地判断边缘方向。",
    ),
    "line_sobel_45": (
        "Upper right minus lower left: edges that run from the upper left to the lower right.",
        "右上減左下：看的是從左上到右下的邊緣。",
        "右上减左下：看的是从左上到右下的边缘。",
    ),
    "line_sobel_135": (
        "Upper left minus lower right: edges that run from the lower left to the upper right.",
        "左上減右下：看的是從左下到右上的邊緣。",
        "左上减右下：看的是从左下到右上的边缘。",
    ),
    "line_laplacian_4": (
        "Four neighbours minus four times the middle: 0 where brightness is even or changes steadily.",
        "四個鄰居減去中間的四倍：亮度均勻或穩定變化的地方是 0。",
        "四个邻居减去中间的四倍：亮度均匀或稳定变化的地方为 0。",
    ),
    "line_laplacian_8": (
        "Eight neighbours minus eight times the middle: the same, with the diagonals.",
        "八個鄰居減去中間的八倍：同樣的道理，斜角也算在內。",
        "八个邻居减去中间的八倍：同样的道理，对角也算在内。",
    ),
    "line_emboss": (
        "Lower right minus upper left, plus the pixel itself: as if light fell from one side.",
        "右下減左上，再加上像素本身：像光從一側照過來。",
        "右下减左上，再加上像素本身：像光从一侧照过来。",
    ),
    "line_outline": (
        "Eight times the pixel minus its eight neighbours: what stands out from around it.",
        "像素的八倍減去八個鄰居：看的是和周圍不同的地方。",
        "像素的八倍减去八个邻居：看的是与周围不同的地方。",
    ),
    "line_line_vertical": (
        "The sum of seven pixels, one above the other: largest on bright upright lines.",
        "上下七個像素的總和：在明亮的直線上最大。",
        "上下七个像素的总和：在明亮的竖线上最大。",
    ),
    "line_line_horizontal": (
        "The sum of seven pixels side by side: largest on bright level lines.",
        "左右七個像素的總和：在明亮的橫線上最大。",
        "左右七个像素的总和：在明亮的横线上最大。",
    ),
    # what is said about the map
    "sign_plain": (
        "Red: above 0. Blue: below 0.",
        "紅：大於 0。藍：小於 0。",
        "红：大于 0。蓝：小于 0。",
    ),
    "cut_line": (
        "Drawn as a picture: below 0 is black, above 255 is white.",
        "畫成圖片：小於 0 是黑，大於 255 是白。",
        "画成图片：小于 0 为黑，大于 255 为白。",
    ),
    "cut_line_colour": (
        "Drawn as a picture: in each channel, below 0 counts as 0 and above 255 as 255.",
        "畫成圖片：每個色版裡，小於 0 當作 0，大於 255 當作 255。",
        "画成图片：每个通道中，小于 0 按 0 计，大于 255 按 255 计。",
    ),
    "note_cut": (
        "{below} of the values lie below 0, {above} above 255",
        "{below} 的值小於 0，{above} 大於 255",
        "{below} 的值小于 0，{above} 大于 255",
    ),
    "note_channel": (
        "{channel} channel, on one scale with the other two",
        "{channel}色版，三個色版用同一個尺度",
        "{channel}通道，三个通道使用同一尺度",
    ),
    "strongest_channel": (
        "Its strongest answer in the {channel} channel, {value}, is in row {row}, column {column} of the map.",
        "在{channel}色版裡最強的反應是 {value}，位於反應圖的第 {row} 列、第 {column} 行。",
        "在{channel}通道中最强的响应是 {value}，位于响应图的第 {row} 行、第 {column} 列。",
    ),
    "same_agree": (
        "“same” is {amount} on each side here, in TensorFlow, in PyTorch and on this page.",
        "這裡的 same 是每邊 {amount}，TensorFlow、PyTorch 和這個頁面都一樣。",
        "这里的 same 是每边 {amount}，TensorFlow、PyTorch 与本页面都一样。",
    ),
    "same_strided": (
        'TensorFlow\'s “same” is {amount} on each side here too. PyTorch has padding="same" for stride 1 only: with stride {stride} write padding={amount}.',
        'TensorFlow 的 same 在這裡也是每邊 {amount}。PyTorch 的 padding="same" 只能用在步幅 1：步幅 {stride} 時要寫 padding={amount}。',
        'TensorFlow 的 same 在这里也是每边 {amount}。PyTorch 的 padding="same" 只支持步长 1：步长为 {stride} 时要写 padding={amount}。',
    ),
    "same_differ": (
        "TensorFlow's “same” differs here: {left} on the left, {right} on the right, {above} above, {below} below. "
        "That gives as many values, from windows that lie elsewhere. This page puts {amount} on each side, as PyTorch's padding={amount} does; "
        'PyTorch\'s padding="same" is for stride 1 only.',
        "TensorFlow 的 same 在這裡不一樣：左 {left}、右 {right}、上 {above}、下 {below}。值的個數相同，視窗的位置不同。"
        '這個頁面每邊放 {amount}，和 PyTorch 的 padding={amount} 一樣；PyTorch 的 padding="same" 只能用在步幅 1。',
        "TensorFlow 的 same 在这里不同：左 {left}、右 {right}、上 {above}、下 {below}。值的个数相同，窗口的位置不同。"
        '本页面每边放 {amount}，与 PyTorch 的 padding={amount} 相同；PyTorch 的 padding="same" 只支持步长 1。',
    ),
    "relu_size": (
        "{width} × {height}, as before",
        "{width} × {height}，和之前一樣",
        "{width} × {height}，与之前一样",
    ),
    "error_divisor": (
        "The kernel cannot be divided by this.",
        "不能除以這個數。",
        "不能除以这个数。",
    ),
    "error_divisor_more": (
        "Use any number but 0; 1 leaves the sum as it is.",
        "請用 0 以外的數；1 會讓總和維持原樣。",
        "请使用 0 以外的数；1 会让总和保持原样。",
    ),
    "error_bias": (
        "This cannot be added.",
        "不能加上這個。",
        "不能加上这个。",
    ),
    "error_bias_more": (
        "Use a number, such as 0 or 128.",
        "請填數字，例如 0 或 128。",
        "请填写数字，例如 0 或 128。",
    ),
    "error_reflect": (
        "This photo is too small to be mirrored that far.",
        "這張照片太小，鏡像補不到那麼寬。",
        "这张照片太小，镜像补不到那么宽。",
    ),
    "error_reflect_more": (
        "Use less padding, or fill it with something else.",
        "請減少填補，或改用別的內容填補。",
        "请减少填充，或改用其他内容填充。",
    ),
    "error_steps": (
        "Step {number} cannot be applied.",
        "第 {number} 步無法套用。",
        "第 {number} 步无法应用。",
    ),
    "error_steps_more": (
        "What comes in is smaller than its window. Remove it, or make the window or an earlier stride smaller.",
        "進來的圖比它的視窗還小。請移除這一步，或把視窗或前面的步幅改小。",
        "输入的图比它的窗口还小。请删除这一步，或把窗口或之前的步长改小。",
    ),
    "response_map": (
        "Response map of the photo",
        "照片的反應圖",
        "照片的响应图",
    ),
    "own_kernel": (
        "Your kernel",
        "你的核",
        "你的卷积核",
    ),
    "nature_identity": (
        "{name} copies the photo.",
        "{name}照原樣複製照片。",
        "{name}原样复制照片。",
    ),
    "nature_smooth": (
        "{name} smooths the photo.",
        "{name}讓照片變平滑。",
        "{name}让照片变平滑。",
    ),
    "nature_sharpen": (
        "{name} sharpens the photo.",
        "{name}讓照片變銳利。",
        "{name}让照片变锐利。",
    ),
    "nature_relief": (
        "{name} turns the photo into a relief.",
        "{name}把照片變成浮雕。",
        "{name}把照片变成浮雕。",
    ),
    "nature_vertical_edges": (
        "{name} answers to vertical edges.",
        "{name}對垂直的邊緣有反應。",
        "{name}对垂直的边缘有响应。",
    ),
    "nature_horizontal_edges": (
        "{name} answers to horizontal edges.",
        "{name}對水平的邊緣有反應。",
        "{name}对水平的边缘有响应。",
    ),
    "nature_diagonal_edges": (
        "{name} answers to diagonal edges.",
        "{name}對斜的邊緣有反應。",
        "{name}对倾斜的边缘有响应。",
    ),
    "nature_details": (
        "{name} answers to spots, lines and outlines.",
        "{name}對斑點、線條和輪廓有反應。",
        "{name}对斑点、线条和轮廓有响应。",
    ),
    "nature_vertical_lines": (
        "{name} answers most to bright vertical lines.",
        "{name}對明亮的垂直線反應最強。",
        "{name}对明亮的垂直线响应最强。",
    ),
    "nature_horizontal_lines": (
        "{name} answers most to bright horizontal lines.",
        "{name}對明亮的水平線反應最強。",
        "{name}对明亮的水平线响应最强。",
    ),
    "nature_mixed": (
        "{name} answers to a pattern of its own.",
        "{name}對它自己的圖樣有反應。",
        "{name}对它自己的图案有响应。",
    ),
    "nature_zero": (
        "{name} answers to nothing.",
        "{name}對什麼都沒有反應。",
        "{name}对什么都没有响应。",
    ),
    "sign_x": (
        "Red: brighter to the {side}. Blue: darker to the {side}.",
        "紅：往{side}變亮。藍：往{side}變暗。",
        "红：往{side}变亮。蓝：往{side}变暗。",
    ),
    "sign_y": (
        "Red: brighter {direction}. Blue: darker {direction}.",
        "紅：往{direction}變亮。藍：往{direction}變暗。",
        "红：往{direction}变亮。蓝：往{direction}变暗。",
    ),
    "sign_xy": (
        "Red: brighter towards the {direction}. Blue: darker towards it.",
        "紅：往{direction}變亮。藍：往{direction}變暗。",
        "红：往{direction}变亮。蓝：往{direction}变暗。",
    ),
    "sign_centre": (
        "Red: {brighter} than around it. Blue: {darker}.",
        "紅：比周圍{brighter}。藍：比周圍{darker}。",
        "红：比周围{brighter}。蓝：比周围{darker}。",
    ),
    "right": (
        "right",
        "右",
        "右",
    ),
    "left": (
        "left",
        "左",
        "左",
    ),
    "downwards": (
        "downwards",
        "下",
        "下",
    ),
    "upwards": (
        "upwards",
        "上",
        "上",
    ),
    "lower right": (
        "lower right",
        "右下",
        "右下",
    ),
    "lower left": (
        "lower left",
        "左下",
        "左下",
    ),
    "upper right": (
        "upper right",
        "右上",
        "右上",
    ),
    "upper left": (
        "upper left",
        "左上",
        "左上",
    ),
    "brighter": (
        "brighter",
        "亮",
        "亮",
    ),
    "darker": (
        "darker",
        "暗",
        "暗",
    ),
    "flat": (
        "The answer is {value} everywhere on this photo.",
        "在這張照片上，每一處的反應都是 {value}。",
        "在这张照片上，每一处的响应都是 {value}。",
    ),
    "strongest": (
        "Its strongest answer on this photo, {value}, is in row {row}, column {column} of the map.",
        "在這張照片上最強的反應是 {value}，位於反應圖的第 {row} 列、第 {column} 行。",
        "在这张照片上最强的响应是 {value}，位于响应图的第 {row} 行、第 {column} 列。",
    ),
    "legend_clipped": (
        "stronger values have the end colours: {share} of the map",
        "更強的值用兩端的顏色表示：占 {share}",
        "更强的值用两端的颜色表示：占 {share}",
    ),
    "size_formula": (
        "Size:",
        "大小：",
        "大小：",
    ),
    "wide": (
        "wide",
        "寬",
        "宽",
    ),
    "high": (
        "high",
        "高",
        "高",
    ),
    "too_large": (
        "The photo was scaled down to {width} × {height} for this.",
        "照片先縮小成 {width} × {height} 再計算。",
        "照片先缩小成 {width} × {height} 再计算。",
    ),
    "error_kernel": (
        "This kernel cannot be used.",
        "這個核無法使用。",
        "这个卷积核无法使用。",
    ),
    "error_kernel_more": (
        "Every field needs a number, such as 1 or -0.5.",
        "每一格都要填數字，例如 1 或 -0.5。",
        "每一格都要填数字，例如 1 或 -0.5。",
    ),
    "error_geometry": (
        "With these settings nothing is left of the photo.",
        "這樣設定算不出任何結果。",
        "这样设置算不出任何结果。",
    ),
    "error_geometry_more": (
        "Use a smaller kernel, more padding or a larger photo.",
        "請用較小的核、多一點填補，或較大的照片。",
        "请用更小的卷积核、更多填充，或更大的照片。",
    ),
    # the fold on pooling
    "pooling": (
        "Pooling, and what it survives",
        "池化，以及它不怕哪些變動",
        "池化（汇聚），以及它不怕哪些变动",
    ),
    "pooling_moved": (
        "the photo, moved",
        "移動後的照片",
        "移动后的照片",
    ),
    "pooling_max": (
        "max pooling",
        "最大池化",
        "最大池化",
    ),
    "pooling_average": (
        "average pooling",
        "平均池化",
        "平均池化",
    ),
    "pooling_l2": (
        "L2 pooling",
        "L2 池化",
        "L2 池化",
    ),
    "pooling_global_average": (
        "global average",
        "全域平均池化",
        "全局平均池化",
    ),
    "pooling_window": (
        "Pooling window",
        "池化視窗",
        "池化窗口",
    ),
    "pooling_stride": (
        "Stride of the pooling",
        "池化步幅",
        "池化步长",
    ),
    "pooling_shift_x": (
        "Shift to the right",
        "往右平移",
        "向右平移",
    ),
    "pooling_shift_y": (
        "Shift downwards",
        "往下平移",
        "向下平移",
    ),
    "pooling_angle": (
        "Turn to the left",
        "往左旋轉",
        "向左旋转",
    ),
    "pooling_scale": (
        "Scale",
        "縮放",
        "缩放",
    ),
    "pooling_pixels": (
        "{value} px",
        "{value} 像素",
        "{value} 像素",
    ),
    "pooling_back": (
        "Move it back",
        "移回原位",
        "移回原位",
    ),
    "pooling_changed": (
        "changed by {share}",
        "改變了 {share}",
        "改变了 {share}",
    ),
    "pooling_kept": (
        "{share} of the pixels stay at {window} × {window} with stride {stride}: {width} × {height} become {pooled_width} × {pooled_height}.",
        "視窗 {window} × {window}、步幅 {stride}，留下 {share} 的像素：{width} × {height} 變成 {pooled_width} × {pooled_height}。",
        "窗口 {window} × {window}、步长 {stride}，留下 {share} 的像素：{width} × {height} 变成 {pooled_width} × {pooled_height}。",
    ),
    "pooling_still": (
        "The photo stands where it was: nothing has changed.",
        "照片還在原位：什麼都沒有變。",
        "照片还在原位：什么都没有变。",
    ),
    "pooling_less": (
        "{move} changes the pixels by {pixels}, but the max-pooled values by only {pooled}.",
        "{move}讓像素的值改變 {pixels}，最大池化後的值只改變 {pooled}。",
        "{move}让像素的值改变 {pixels}，最大池化后的值只改变 {pooled}。",
    ),
    "pooling_about": (
        "{move} changes the pixels by {pixels} and the max-pooled values by {pooled}: this window hardly helps.",
        "{move}讓像素的值改變 {pixels}，最大池化後的值改變 {pooled}：這個視窗幫助不大。",
        "{move}让像素的值改变 {pixels}，最大池化后的值改变 {pooled}：这个窗口帮助不大。",
    ),
    "pooling_more": (
        "{move} changes the pixels by {pixels}, and the max-pooled values even by {pooled}.",
        "{move}讓像素的值改變 {pixels}，最大池化後的值改變更多：{pooled}。",
        "{move}让像素的值改变 {pixels}，最大池化后的值改变更多：{pooled}。",
    ),
    "pooling_nothing": (
        "{move} changes nothing on this photo.",
        "{move}在這張照片上什麼都沒有改變。",
        "{move}在这张照片上什么都没有改变。",
    ),
    "pooling_by_one": (
        "A shift by 1 pixel",
        "平移 1 個像素",
        "平移 1 个像素",
    ),
    "pooling_by_shift": (
        "A shift by {distance} pixels",
        "平移 {distance} 個像素",
        "平移 {distance} 个像素",
    ),
    "pooling_by_turn": (
        "A turn by {angle}°",
        "旋轉 {angle}°",
        "旋转 {angle}°",
    ),
    "pooling_by_scaling": (
        "Scaling to {scale} %",
        "縮放到 {scale} %",
        "缩放到 {scale} %",
    ),
    "pooling_by_several": (
        "This move",
        "這樣移動照片",
        "这样移动照片",
    ),
    "pooling_measure": (
        "Change: how far values at the same place differ, divided by their mean. The longest bar is the largest change.",
        "改變：同一位置的值相差多少，再除以平均值。最長的橫條代表最大的改變。",
        "改变：同一位置的值相差多少，再除以平均值。最长的横条代表最大的改变。",
    ),
    "pooling_drawn": (
        "Black is 0 and white 255, for L2 {white}. Beyond the edge the photo's nearest pixel is repeated.",
        "黑色是 0，白色是 255，L2 的白色是 {white}。照片邊緣之外重複最近的像素。",
        "黑色是 0，白色是 255，L2 的白色是 {white}。照片边缘之外重复最近的像素。",
    ),
}

KERNEL_NAMES: Table = {
    "identity": (
        "Identity",
        "原樣",
        "原样",
    ),
    "box_blur": (
        "Box blur",
        "均值模糊",
        "均值模糊",
    ),
    "box_blur_5x5": (
        "Box blur 5×5",
        "均值模糊 5×5",
        "均值模糊 5×5",
    ),
    "gaussian": (
        "Gaussian",
        "高斯",
        "高斯",
    ),
    "gaussian_5x5": (
        "Gaussian 5×5",
        "高斯 5×5",
        "高斯 5×5",
    ),
    "sharpen": (
        "Sharpen",
        "銳化",
        "锐化",
    ),
    "sobel_x": (
        "Sobel x",
        "Sobel x",
        "Sobel x",
    ),
    "sobel_y": (
        "Sobel y",
        "Sobel y",
        "Sobel y",
    ),
    "prewitt_x": (
        "Prewitt x",
        "Prewitt x",
        "Prewitt x",
    ),
    "prewitt_y": (
        "Prewitt y",
        "Prewitt y",
        "Prewitt y",
    ),
    "scharr_x": (
        "Scharr x",
        "Scharr x",
        "Scharr x",
    ),
    "scharr_y": (
        "Scharr y",
        "Scharr y",
        "Scharr y",
    ),
    "sobel_45": (
        "Sobel 45°",
        "Sobel 45°",
        "Sobel 45°",
    ),
    "sobel_135": (
        "Sobel 135°",
        "Sobel 135°",
        "Sobel 135°",
    ),
    "laplacian_4": (
        "Laplacian 4",
        "拉普拉斯 4",
        "拉普拉斯 4",
    ),
    "laplacian_8": (
        "Laplacian 8",
        "拉普拉斯 8",
        "拉普拉斯 8",
    ),
    "emboss": (
        "Emboss",
        "浮雕",
        "浮雕",
    ),
    "outline": (
        "Outline",
        "輪廓",
        "轮廓",
    ),
    "line_vertical": (
        "Line ↕ 7×7",
        "垂直線 ↕ 7×7",
        "竖直线 ↕ 7×7",
    ),
    "line_horizontal": (
        "Line ↔ 7×7",
        "水平線 ↔ 7×7",
        "水平线 ↔ 7×7",
    ),
}
