"""Tab two, "One filter": the kernel laboratory. Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from texts.table import Table

TEXTS: Table = {
    "kernel": (
        "Kernel (edit me)",
        "核（可以改）",
        "卷积核（可以修改）",
    ),
    "preset": (
        "Preset",
        "內建的核",
        "预设的卷积核",
    ),
    "size": (
        "Size",
        "尺寸",
        "尺寸",
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
        "same, zeros",
        "same，補零",
        "same，补零",
    ),
    "padding_valid": (
        "none",
        "不填補",
        "不填充",
    ),
    "padding_1": (
        "1, zeros",
        "1，補零",
        "1，补零",
    ),
    "padding_2": (
        "2, zeros",
        "2，補零",
        "2，补零",
    ),
    "padding_3": (
        "3, zeros",
        "3，補零",
        "3，补零",
    ),
    "cell": (
        "row {row}, column {column}",
        "第 {row} 列，第 {column} 行",
        "第 {row} 行，第 {column} 列",
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
    "map_size": (
        "{width} × {height} values",
        "{width} × {height} 個值",
        "{width} × {height} 个值",
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
