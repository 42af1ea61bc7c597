"""Tab three, "Inside". Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from demo.texts.table import Table

TEXTS: Table = {
    "layer": ("All {count} layers, shallow to deep", "全部 {count} 層，由淺到深", "全部 {count} 层，由浅到深"),
    "journey": ("The journey, shallow to deep", "旅程，由淺到深", "旅程，由浅到深"),
    "channels_shown": ("Channels shown", "顯示的通道", "显示的通道"),
    "stage_heading": (
        "Stage {number} of {count}, strongest channel first.",
        "第 {number} 站，共 {count} 站，最強的通道在前。",
        "第 {number} 站，共 {count} 站，最强的通道在前。",
    ),
    "layer_heading": ("Layer {name}, strongest channel first.", "{name} 層，最強的通道在前。", "{name} 层，最强的通道在前。"),
    "layer_sub": (
        "{channels} channels of {width} × {height} values.",
        "{channels} 個通道，每個 {width} × {height} 個值。",
        "{channels} 个通道，每个 {width} × {height} 个值。",
    ),
    "shown": ("{shown} of {count} channels", "顯示 {shown} 個通道，共 {count} 個", "显示 {shown} 个通道，共 {count} 个"),
    "photo_step": ("photo", "照片", "照片"),
    "channel": ("channel {index}", "通道 {index}", "通道 {index}"),
    "rank": ("number {rank} of {count}", "第 {rank} 名，共 {count} 個", "第 {rank} 名，共 {count} 个"),
    "below_zero": ("{share} below zero", "{share} 小於零", "{share} 小于零"),
    "mean_activation": ("mean |activation| {value}", "平均 |活化值| {value}", "平均 |激活值| {value}"),
    "scale_signed": ("blue below zero, red above", "藍色小於零，紅色大於零", "蓝色小于零，红色大于零"),
    "scale_unsigned": ("black is zero", "黑色是零", "黑色是零"),
    "gallery_png": ("Gallery as PNG", "通道圖（PNG 檔）", "通道图（PNG 文件）"),
    "maps_npz": ("Maps as NPZ", "特徵圖數值（NPZ 檔）", "特征图数值（NPZ 文件）"),
}
