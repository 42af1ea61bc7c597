"""The fold "Pooling and what it survives" of tab two. Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from demo.texts.table import Table

TEXTS: Table = {
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
