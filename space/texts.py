"""Every string that a visitor reads, in each language, and the sentences made from measured values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

import cnnhub
from cnnhub import errors
from cnnhub.kernels import Nature

LANGUAGES = {"zh-TW": "正體中文", "en": "English"}
DEFAULT_LANGUAGE = "en"

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "tagline": "meet a convolutional network with your own photo",
        "language": "Language",
        "photo": "Your photo",
        "examples": "Example photos",
        "kept": "A photo that you add is kept on this server for ten minutes at most, then deleted. It is used for nothing else.",
        "credits": "Who made the example photos",
        "tab_what": "What is it?",
        "tab_filter": "One filter",
        "tab_inside": "Inside",
        "model": "Which network",
        "model_cats-vs-dogs": "Cats and dogs",
        "model_flowers": "Flowers",
        "model_imagenet": "1,000 things",
        "model_own": "Your own: {name}",
        "see_inside": "See what the network saw",
        "see_filter": "Try one filter on it",
        "numbers": "The numbers, and the three lines of Python that give them",
        "no_photo": "Choose a photo on the left.",
        "gone": "This photo is no longer kept here. Add it again.",
        "no_photo_more": "Click an example, or add one of your own.",
        "sure": "It is {thing}.",
        "likely": "It is probably {thing}.",
        "unsure": "Hard to say, perhaps {thing}.",
        "only_two": "If it can only be {first} or {second}, I think it is {thing}!",
        "only_few": "If it can only be one of these {count}, I think it is {thing}!",
        "only_many": "Of the {count} things that I know, it looks most like {thing}.",
        "kernel": "Kernel (edit me)",
        "preset": "Preset",
        "size": "Size",
        "stride": "Stride",
        "padding": "Padding",
        "padding_same": "same, zeros",
        "padding_valid": "none",
        "padding_1": "1, zeros",
        "padding_2": "2, zeros",
        "padding_3": "3, zeros",
        "cell": "row {row}, column {column}",
        "response_map": "Response map of the photo",
        "own_kernel": "Your kernel",
        "nature_identity": "{name} copies the photo.",
        "nature_smooth": "{name} smooths the photo.",
        "nature_sharpen": "{name} sharpens the photo.",
        "nature_relief": "{name} turns the photo into a relief.",
        "nature_vertical_edges": "{name} answers to vertical edges.",
        "nature_horizontal_edges": "{name} answers to horizontal edges.",
        "nature_diagonal_edges": "{name} answers to diagonal edges.",
        "nature_details": "{name} answers to spots, lines and outlines.",
        "nature_vertical_lines": "{name} answers most to bright vertical lines.",
        "nature_horizontal_lines": "{name} answers most to bright horizontal lines.",
        "nature_mixed": "{name} answers to a pattern of its own.",
        "nature_zero": "{name} answers to nothing.",
        "sign_x": "Red: brighter to the {side}. Blue: darker to the {side}.",
        "sign_y": "Red: brighter {direction}. Blue: darker {direction}.",
        "sign_xy": "Red: brighter towards the {direction}. Blue: darker towards it.",
        "sign_centre": "Red: {brighter} than around it. Blue: {darker}.",
        "right": "right",
        "left": "left",
        "downwards": "downwards",
        "upwards": "upwards",
        "lower right": "lower right",
        "lower left": "lower left",
        "upper right": "upper right",
        "upper left": "upper left",
        "brighter": "brighter",
        "darker": "darker",
        "flat": "The answer is {value} everywhere on this photo.",
        "strongest": "Its strongest answer on this photo, {value}, is in row {row}, column {column} of the map.",
        "legend_clipped": "stronger values have the end colours: {share} of the map",
        "map_size": "{width} × {height} values",
        "size_formula": "Size:",
        "wide": "wide",
        "high": "high",
        "too_large": "The photo was scaled down to {width} × {height} for this.",
        "layer": "All {count} layers, shallow to deep",
        "journey": "The journey, shallow to deep",
        "channels_shown": "Channels shown",
        "all": "all",
        "stage_heading": "Stage {number} of {count}, strongest channel first.",
        "layer_heading": "Layer {name}, strongest channel first.",
        "layer_sub": "{channels} channels of {width} × {height} values.",
        "shown": "{shown} of {count} channels",
        "photo_step": "photo",
        "channel": "channel {index}",
        "rank": "number {rank} of {count}",
        "below_zero": "{share} below zero",
        "mean_activation": "mean |activation| {value}",
        "scale_signed": "blue below zero, red above",
        "scale_unsigned": "black is zero",
        "error_image": "This file cannot be read as a photo.",
        "error_image_more": "It is no picture, is damaged, or has more than {megapixels} megapixels. Choose another one.",
        "error_kernel": "This kernel cannot be used.",
        "error_kernel_more": "Every field needs a number, such as 1 or -0.5.",
        "error_geometry": "With these settings nothing is left of the photo.",
        "error_geometry_more": "Use a smaller kernel, more padding or a larger photo.",
        "error_other": "That did not work.",
        "error_other_more": "Choose another photo or another setting.",
    },
    "zh-TW": {
        "tagline": "用你自己的照片認識卷積神經網路",
        "language": "語言",
        "photo": "你的照片",
        "examples": "範例照片",
        "kept": "你加入的照片在這台伺服器上最多保留十分鐘，之後就刪除，不作其他用途。",
        "credits": "範例照片的作者",
        "tab_what": "這是什麼？",
        "tab_filter": "一個濾鏡",
        "tab_inside": "網路內部",
        "model": "選擇模型",
        "model_cats-vs-dogs": "貓與狗",
        "model_flowers": "花",
        "model_imagenet": "一千種東西",
        "model_own": "你的模型：{name}",
        "see_inside": "看看網路看到了什麼",
        "see_filter": "套用一個濾鏡",
        "numbers": "數字，以及算出它們的三行 Python",
        "no_photo": "請在左邊選一張照片。",
        "gone": "這張照片已經不在這裡了，請再加入一次。",
        "no_photo_more": "點一張範例，或加入你自己的照片。",
        "sure": "這是{thing}。",
        "likely": "這很可能是{thing}。",
        "unsure": "很難說，也許是{thing}。",
        "only_two": "如果只能是{first}或{second}，我認為是{thing}！",
        "only_few": "如果只能是這 {count} 種之一，我認為是{thing}！",
        "only_many": "在我認識的 {count} 種東西裡，它最像{thing}。",
        "kernel": "核（可以改）",
        "preset": "內建的核",
        "size": "尺寸",
        "stride": "步幅",
        "padding": "填補",
        "padding_same": "same，補零",
        "padding_valid": "不填補",
        "padding_1": "1，補零",
        "padding_2": "2，補零",
        "padding_3": "3，補零",
        "cell": "第 {row} 列，第 {column} 行",
        "response_map": "照片的反應圖",
        "own_kernel": "你的核",
        "nature_identity": "{name}照原樣複製照片。",
        "nature_smooth": "{name}讓照片變平滑。",
        "nature_sharpen": "{name}讓照片變銳利。",
        "nature_relief": "{name}把照片變成浮雕。",
        "nature_vertical_edges": "{name}對垂直的邊緣有反應。",
        "nature_horizontal_edges": "{name}對水平的邊緣有反應。",
        "nature_diagonal_edges": "{name}對斜的邊緣有反應。",
        "nature_details": "{name}對斑點、線條和輪廓有反應。",
        "nature_vertical_lines": "{name}對明亮的垂直線反應最強。",
        "nature_horizontal_lines": "{name}對明亮的水平線反應最強。",
        "nature_mixed": "{name}對它自己的圖樣有反應。",
        "nature_zero": "{name}對什麼都沒有反應。",
        "sign_x": "紅：往{side}變亮。藍：往{side}變暗。",
        "sign_y": "紅：往{direction}變亮。藍：往{direction}變暗。",
        "sign_xy": "紅：往{direction}變亮。藍：往{direction}變暗。",
        "sign_centre": "紅：比周圍{brighter}。藍：比周圍{darker}。",
        "right": "右",
        "left": "左",
        "downwards": "下",
        "upwards": "上",
        "lower right": "右下",
        "lower left": "左下",
        "upper right": "右上",
        "upper left": "左上",
        "brighter": "亮",
        "darker": "暗",
        "flat": "在這張照片上，每一處的反應都是 {value}。",
        "strongest": "在這張照片上最強的反應是 {value}，位於反應圖的第 {row} 列、第 {column} 行。",
        "legend_clipped": "更強的值用兩端的顏色表示：占 {share}",
        "map_size": "{width} × {height} 個值",
        "size_formula": "大小：",
        "wide": "寬",
        "high": "高",
        "too_large": "照片先縮小成 {width} × {height} 再計算。",
        "layer": "全部 {count} 層，由淺到深",
        "journey": "旅程，由淺到深",
        "channels_shown": "顯示的通道",
        "all": "全部",
        "stage_heading": "第 {number} 站，共 {count} 站，最強的通道在前。",
        "layer_heading": "{name} 層，最強的通道在前。",
        "layer_sub": "{channels} 個通道，每個 {width} × {height} 個值。",
        "shown": "顯示 {shown} 個通道，共 {count} 個",
        "photo_step": "照片",
        "channel": "通道 {index}",
        "rank": "第 {rank} 名，共 {count} 個",
        "below_zero": "{share} 小於零",
        "mean_activation": "平均 |活化值| {value}",
        "scale_signed": "藍色小於零，紅色大於零",
        "scale_unsigned": "黑色是零",
        "error_image": "這個檔案無法當成照片讀取。",
        "error_image_more": "它不是圖片、已經損壞，或超過 {megapixels}00 萬像素。請選另一張。",
        "error_kernel": "這個核無法使用。",
        "error_kernel_more": "每一格都要填數字，例如 1 或 -0.5。",
        "error_geometry": "這樣設定算不出任何結果。",
        "error_geometry_more": "請用較小的核、多一點填補，或較大的照片。",
        "error_other": "沒有成功。",
        "error_other_more": "請換一張照片或換個設定。",
    },
}

KERNEL_NAMES = {
    "en": {
        "identity": "Identity",
        "box_blur": "Box blur",
        "box_blur_5x5": "Box blur 5×5",
        "gaussian": "Gaussian",
        "gaussian_5x5": "Gaussian 5×5",
        "sharpen": "Sharpen",
        "sobel_x": "Sobel x",
        "sobel_y": "Sobel y",
        "prewitt_x": "Prewitt x",
        "prewitt_y": "Prewitt y",
        "scharr_x": "Scharr x",
        "scharr_y": "Scharr y",
        "laplacian_4": "Laplacian 4",
        "laplacian_8": "Laplacian 8",
        "emboss": "Emboss",
        "outline": "Outline",
        "line_vertical": "Line ↕ 7×7",
        "line_horizontal": "Line ↔ 7×7",
    },
    "zh-TW": {
        "identity": "原樣",
        "box_blur": "均值模糊",
        "box_blur_5x5": "均值模糊 5×5",
        "gaussian": "高斯",
        "gaussian_5x5": "高斯 5×5",
        "sharpen": "銳化",
        "sobel_x": "Sobel x",
        "sobel_y": "Sobel y",
        "prewitt_x": "Prewitt x",
        "prewitt_y": "Prewitt y",
        "scharr_x": "Scharr x",
        "scharr_y": "Scharr y",
        "laplacian_4": "拉普拉斯 4",
        "laplacian_8": "拉普拉斯 8",
        "emboss": "浮雕",
        "outline": "輪廓",
        "line_vertical": "垂直線 ↕ 7×7",
        "line_horizontal": "水平線 ↔ 7×7",
    },
}

EXAMPLES = {
    "en": {
        "cat.jpg": "a cat",
        "dog.jpg": "a puppy",
        "daisy.jpg": "a daisy",
        "sunflower.jpg": "a sunflower",
        "tulips.jpg": "tulips",
        "roses.jpg": "roses and a statue",
        "dandelion.jpg": "a dandelion",
        "dog-and-person.jpg": "a dog and a person",
        "chelsea.png": "another cat",
        "china.jpg": "a palace",
        "pizza.jpg": "a pizza",
        "teddy-and-child.jpg": "a teddy bear and a child",
    },
    "zh-TW": {
        "cat.jpg": "一隻貓",
        "dog.jpg": "一隻小狗",
        "daisy.jpg": "一朵雛菊",
        "sunflower.jpg": "一朵向日葵",
        "tulips.jpg": "鬱金香",
        "roses.jpg": "玫瑰與雕像",
        "dandelion.jpg": "蒲公英",
        "dog-and-person.jpg": "一隻狗和一個人",
        "chelsea.png": "另一隻貓",
        "china.jpg": "一座宮殿",
        "pizza.jpg": "一個披薩",
        "teddy-and-child.jpg": "泰迪熊和小孩",
    },
}

# The noun with its measure word, for the names that stand in the built-in models' config.json.
_COUNTED_ZH = {
    "貓": "一隻貓",
    "狗": "一隻狗",
    "雛菊": "一朵雛菊",
    "蒲公英": "一朵蒲公英",
    "玫瑰": "一朵玫瑰",
    "向日葵": "一朵向日葵",
    "鬱金香": "一朵鬱金香",
}

SURE, LIKELY = 0.9, 0.6


@dataclass(frozen=True)
class Sentence:
    """A tab's heading and the line under it, plain text."""

    heading: str
    line: str

    def html(self, role: str = "status") -> str:
        return f'<div class="sentence" role="{role}"><h2>{escape(self.heading)}</h2><p>{escape(self.line)}</p></div>'


def t(language: str, key: str, **values: object) -> str:
    """The string with this key, its {placeholders} filled."""
    text = TEXTS[known_language(language)][key].format(**values)
    return _spaced(text) if known_language(language).startswith("zh") else text


def known_language(language: str) -> str:
    return language if language in TEXTS else DEFAULT_LANGUAGE


def percent(share: float) -> str:
    """A share of 1 as people read it; never 100 % or 0 % of what is not exactly so.

    >>> [percent(share) for share in (1.0, 0.9999, 0.9712, 0.004, 0.0001, 0)]
    ['100 %', '> 99.9 %', '97 %', '0.4 %', '< 0.1 %', '0 %']
    """
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    if share > 0.9994:
        return "> 99.9 %"
    if share < 0.0006:
        return "< 0.1 %"
    digits = 0 if 0.01 <= share <= 0.99 else 1
    return f"{100 * share:.{digits}f} %"


def number(value: float) -> str:
    """Four significant digits, with a true minus sign."""
    return f"{value:,.4g}".replace("-", "−") if abs(value) < 9999 else f"{value:,.0f}".replace("-", "−")


def label_text(language: str, classifier: cnnhub.Classifier, label: str) -> str:
    """What a reader sees for a label: from config.json, else the label's first name."""
    texts = classifier.config.cnnhub.label_texts.get(known_language(language), {})
    return texts.get(label, label.split(",")[0])


def answer(language: str, classifier: cnnhub.Classifier, prediction: cnnhub.Prediction) -> Sentence:
    """The article's sentence, from what was measured on this photo."""
    names = [label_text(language, classifier, label) for label in prediction.scores]
    things = [_thing(language, name) for name in names]
    degree = "sure" if prediction.probability >= SURE else "likely" if prediction.probability >= LIKELY else "unsure"
    shares = " | ".join(f"{n} {percent(p)}" for n, p in list(zip(names, prediction.scores.values(), strict=True))[:5])
    count = len(classifier.labels)
    if count == 2:
        first, second = (_thing(language, label_text(language, classifier, label)) for label in classifier.labels)
        limits = t(language, "only_two", first=first, second=second, thing=things[0])
    else:
        limits = t(language, "only_few" if count <= 20 else "only_many", count=f"{count:,}", thing=things[0])
    stop = "。" if known_language(language).startswith("zh") else ". "
    return Sentence(t(language, degree, thing=things[0]), f"{shares}{stop}{limits}")


def filter_sentence(language: str, name: str, nature: Nature, strongest: tuple[float, int, int] | float) -> Sentence:
    """What a kernel answers to, told from its numbers, and where it did so on this photo.

    Args:
        strongest: (value, row, column) of the largest |value| of the response map, or the one value that a
            flat map has everywhere.
    """
    if isinstance(strongest, tuple):
        value, row, column = strongest
        measured = t(language, "strongest", value=number(value), row=row, column=column)
    else:
        measured = t(language, "flat", value=number(strongest))
    is_chinese = known_language(language).startswith("zh")
    line = ("" if is_chinese else " ").join(part for part in (_sign(language, nature), measured) if part)
    return Sentence(t(language, f"nature_{nature.kind}", name=name), line)


def problem(language: str, error: errors.CnnHubError) -> Sentence:
    """An error as a visitor reads it."""
    kinds = {errors.ImageError: "image", errors.KernelError: "kernel", errors.GeometryError: "geometry"}
    kind = kinds.get(type(error), "other")
    more = t(language, f"error_{kind}_more", megapixels=cnnhub.images.MAX_PIXELS // 1_000_000)
    return Sentence(t(language, f"error_{kind}"), more)


def no_photo(language: str, photo: bytes | None) -> Sentence:
    """What to say where there is no photo (None), or where its file is gone or empty (no bytes)."""
    key = "no_photo" if photo is None else "gone"
    return Sentence(t(language, key), t(language, "no_photo_more"))


def _thing(language: str, name: str) -> str:
    if known_language(language).startswith("zh"):
        return _COUNTED_ZH.get(name, name)
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _spaced(text: str) -> str:
    """Latin letters and digits stand apart from Chinese characters.

    >>> _spaced("也許是tabby。第3站")
    '也許是 tabby。第 3 站'
    """
    text = re.sub(r"([\u4e00-\u9fff])([A-Za-z0-9])", r"\1 \2", text)
    return re.sub(r"([A-Za-z0-9])([\u4e00-\u9fff])", r"\1 \2", text)


def _sign(language: str, nature: Nature) -> str:
    """What red and blue mean, told from where the kernel's positive weights lie."""
    if nature.kind.endswith("_edges"):
        side = "right" if nature.towards_x > 0 else "left"
        if nature.kind == "vertical_edges":
            return t(language, "sign_x", side=t(language, side))
        if nature.kind == "horizontal_edges":
            return t(language, "sign_y", direction=t(language, "downwards" if nature.towards_y > 0 else "upwards"))
        corner = f"{'lower' if nature.towards_y > 0 else 'upper'} {side}"
        return t(language, "sign_xy", direction=t(language, corner))
    if nature.kind == "details":
        words = ("brighter", "darker") if nature.centre > 0 else ("darker", "brighter")
        return t(language, "sign_centre", brighter=t(language, words[0]), darker=t(language, words[1]))
    return ""
