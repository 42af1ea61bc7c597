"""Every string of the page: there in each language, used, and written for its readers, not copied."""

from __future__ import annotations

import ast
import importlib
import re

import pytest

from cnnhub import kernels
from demo import texts
from demo.photo import column as photo_column
from demo.tabs import TABS
from demo.texts import filter as filter_texts
from demo.texts import page
from tests.support.places import SPACE

TABLES = {"TEXTS": texts.TEXTS, "KERNEL_NAMES": filter_texts.KERNEL_NAMES, "EXAMPLES": page.EXAMPLES}
STRINGS = [(name, key, strings) for name, table in TABLES.items() for key, strings in table.items()]

# Words of which Taiwan and the mainland write the same characters; names that stay Latin in any language.
SAME_IN_CHINESE = {
    *("right", "left", "downwards", "upwards", "lower right", "lower left", "upper right", "upper left", "brighter", "darker"),
    *("photo_crop_nw", "photo_crop_ne", "photo_crop_se", "photo_crop_sw", "file_empty"),
    *("model_own", "size_formula", "high", "photo_step", "channel", "scale_unsigned", "scale_own", "heading_stage"),
    *("heading_layer", "page_before", "page_next", "zeros", "largest_value", "near_layers", "comma", "plus", "stage_title"),
    *("stage_step", "stage_told", "learned_of"),
    *("fact_stride", "kind_attention", "kind_max pooling", "kind_average pooling", "kind_mean", "kind_add"),
    *("kind_multiply", "kind_divide", "kind_shift", "kind_pixel shuffle"),
    *("box_blur", "box_blur_5x5", "gaussian", "gaussian_5x5", "laplacian_4", "laplacian_8", "emboss"),
    *("sobel_x", "sobel_y", "sobel_45", "sobel_135", "prewitt_x", "prewitt_y", "scharr_x", "scharr_y"),
    *("divisor", "border_zero", "border_mean", "colour_grey", "play", "play_step", "pool_max", "pool_average"),
    *("group_smooth", "group_emboss"),
    *("share_card", "photo_cancel", "photo_remove", "photo_own", "sunflower.jpg", "dandelion.jpg"),
    *("tour_place", "tour_step", "tour_answer", "tour_sheet_name", "tour_mapping_share", "tour_pixels_grey", "tour_dense_view"),
    *(
        "tour_dense_height",
        "tour_dense_calc_height",
        "tour_dense_channels",
        "tour_weights_photo",
        "tour_weights_way",
        "tour_weights_before",
    ),
    *("tour_patterns_channel", "tour_patterns_cross", "tour_edge_height", "tour_edge_zero", "tour_edge_mean"),
    *("tour_volume_input", "tour_pooling_short", "tour_pooling_max", "tour_pooling_average", "tour_pooling_before"),
    *("tour_fields_pooling", "tour_fields_everything", "tour_fields_comma", "tour_trust_bin", "tour_trust_yours"),
    *("tour_training_step", "tour_training_view_all", "tour_training_tangent", "tour_training_clear", "tour_transfer_short"),
    *("pooling_max", "pooling_average", "pooling_l2", "pooling_pixels", "pooling_back"),
}
SAME_AS_ENGLISH = {
    "tour_volume_input",
    "tour_pooling_before",
    "sobel_x",
    "sobel_y",
    "sobel_45",
    "sobel_135",
    "prewitt_x",
    "prewitt_y",
    "scharr_x",
    "scharr_y",
}

# Characters that only one of the two writes; each stands in its own list alone.
ONLY_TRADITIONAL = "個這麼應張裡後對紅藍邊緣圖響數顯層頭轉線條擇貓濾鏡網絡擬還讓"
ONLY_SIMPLIFIED = "个这么应张里后对红蓝边缘图响数显层头转线条择猫滤镜网络拟还让"


def test_each_key_stands_in_one_table_with_a_string_for_each_language() -> None:
    tables = [importlib.import_module(f"demo.texts.{name}").TEXTS for name in ("page", *(tab.name for tab in TABS))]
    keys = [key for table in tables for key in table]
    assert len(keys) == len(set(keys)) and set(keys) == set(texts.TEXTS)
    for _, key, strings in STRINGS:
        assert len(strings) == len(texts.LANGUAGES) and all(strings), key
    assert list(filter_texts.KERNEL_NAMES) == kernels.names()
    assert list(page.EXAMPLES) == photo_column.EXAMPLES


@pytest.mark.parametrize(("table", "key", "strings"), STRINGS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_translation_keeps_the_placeholders_and_is_no_copy(table: str, key: str, strings: tuple[str, ...]) -> None:
    english, taiwan, mainland = strings
    for text in (taiwan, mainland):
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english))
        assert (text == english) == (key in SAME_AS_ENGLISH)
    assert (taiwan == mainland) == (key in SAME_IN_CHINESE)
    assert not set(taiwan) & (set(ONLY_SIMPLIFIED) - set(ONLY_TRADITIONAL))
    assert not set(mainland) & (set(ONLY_TRADITIONAL) - set(ONLY_SIMPLIFIED))


def test_rows_and_columns_have_their_names_on_both_sides_of_the_strait() -> None:
    """What is 列 in Taiwan is 行 on the mainland, and the other way round."""
    assert texts.t("zh-TW", "cell", row=1, column=2) == "第 1 列，第 2 行"
    assert texts.t("zh-CN", "cell", row=1, column=2) == "第 1 行，第 2 列"


def test_every_string_is_used_and_every_used_string_is_there() -> None:
    constants, patterns, asked = _strings_in_code()
    unused = [key for key in texts.TEXTS if key not in constants and not any(p.fullmatch(key) for p in patterns)]
    assert unused == []
    assert [key for key in asked if key not in texts.TEXTS] == []


def _strings_in_code() -> tuple[set[str], list[re.Pattern[str]], set[str]]:
    """-> (every string constant, a pattern for each f-string with words in it, the constants asked of `t`)."""
    constants: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    asked: set[str] = set()
    tables = set((SPACE / "demo" / "texts").rglob("*.py")) - {SPACE / "demo" / "texts" / "__init__.py"}
    for path in set((SPACE / "demo").rglob("*.py")) - tables:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                constants.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                if re.search("[a-z]{3}", "".join(filter(None, parts))):
                    patterns.append(re.compile("".join(".+" if part is None else re.escape(part) for part in parts)))
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "t" and len(node.args) == 2:
                asked |= {key.value for key in node.args[1:] if isinstance(key, ast.Constant)}
    for path in (SPACE / "demo" / "tabs" / "tour").glob("*.js"):
        constants |= set(re.findall(r"words\.(tour_\w+)", path.read_text(encoding="utf-8")))
    return constants, patterns, asked
