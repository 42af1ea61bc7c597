"""Tab one, "What is it?". Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from texts.table import Table

TEXTS: Table = {
    "model": (
        "Which network",
        "選擇模型",
        "选择模型",
    ),
    "model_cats-vs-dogs": (
        "Cats and dogs",
        "貓與狗",
        "猫和狗",
    ),
    "model_flowers": (
        "Flowers",
        "花",
        "花卉",
    ),
    "model_imagenet": (
        "1,000 things",
        "一千種東西",
        "一千种事物",
    ),
    "model_own": (
        "Your own: {name}",
        "你的模型：{name}",
        "你的模型：{name}",
    ),
    "see_inside": (
        "See what the network saw",
        "看看網路看到了什麼",
        "看看网络看到了什么",
    ),
    "see_filter": (
        "Try one filter on it",
        "套用一個濾鏡",
        "试一个滤波器",
    ),
    "numbers": (
        "The numbers, and the three lines of Python that give them",
        "數字，以及算出它們的三行 Python",
        "具体数字，以及算出它们的三行 Python",
    ),
    "sure": (
        "It is {thing}.",
        "這是{thing}。",
        "这是{thing}。",
    ),
    "likely": (
        "It is probably {thing}.",
        "這很可能是{thing}。",
        "这很可能是{thing}。",
    ),
    "unsure": (
        "Hard to say, perhaps {thing}.",
        "很難說，也許是{thing}。",
        "很难说，也许是{thing}。",
    ),
    "only_two": (
        "If it can only be {first} or {second}, I think it is {thing}!",
        "如果只能是{first}或{second}，我認為是{thing}！",
        "如果只能是{first}或{second}，我认为是{thing}！",
    ),
    "only_few": (
        "If it can only be one of these {count}, I think it is {thing}!",
        "如果只能是這 {count} 種之一，我認為是{thing}！",
        "如果只能是这 {count} 种之一，我认为是{thing}！",
    ),
    "only_many": (
        "Of the {count} things that I know, it looks most like {thing}.",
        "在我認識的 {count} 種東西裡，它最像{thing}。",
        "在我认识的 {count} 种事物里，它最像{thing}。",
    ),
}
