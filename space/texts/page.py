"""The page around the tabs: its head, the photo column, and what any tab may have to say. Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from texts.table import Table

TEXTS: Table = {
    "tagline": (
        "meet a convolutional network with your own photo",
        "用你自己的照片認識卷積神經網路",
        "用你自己的照片认识卷积神经网络",
    ),
    "language": (
        "Language",
        "語言",
        "语言",
    ),
    "tab_what": (
        "What is it?",
        "這是什麼？",
        "这是什么？",
    ),
    "tab_filter": (
        "One filter",
        "一個濾鏡",
        "一个滤波器",
    ),
    "tab_inside": (
        "Inside",
        "網路內部",
        "网络内部",
    ),
    "examples": (
        "Example photos",
        "範例照片",
        "示例照片",
    ),
    "kept": (
        "A photo that you add is kept on this server for ten minutes at most, then deleted. It is used for nothing else.",
        "你加入的照片在這台伺服器上最多保留十分鐘，之後就刪除，不作其他用途。",
        "你添加的照片在这台服务器上最多保留十分钟，之后即删除，不作其他用途。",
    ),
    "credits": (
        "Who made the example photos",
        "範例照片的作者",
        "示例照片的作者",
    ),
    "no_photo": (
        "Choose a photo on the left.",
        "請在左邊選一張照片。",
        "请在左边选一张照片。",
    ),
    "gone": (
        "This photo is no longer kept here. Add it again.",
        "這張照片已經不在這裡了，請再加入一次。",
        "这张照片已经不在这里了，请重新添加。",
    ),
    "no_photo_more": (
        "Click an example, or add one of your own.",
        "點一張範例，或加入你自己的照片。",
        "点一张示例，或添加你自己的照片。",
    ),
    "error_image": (
        "This file cannot be read as a photo.",
        "這個檔案無法當成照片讀取。",
        "这个文件无法当作照片读取。",
    ),
    "error_image_more": (
        "It is no picture, is damaged, or has more than {megapixels} megapixels. Choose another one.",
        "它不是圖片、已經損壞，或超過 {megapixels}00 萬像素。請選另一張。",
        "它不是图片、已经损坏，或超过 {megapixels}00 万像素。请另选一张。",
    ),
    "error_other": (
        "That did not work.",
        "沒有成功。",
        "没有成功。",
    ),
    "error_other_more": (
        "Choose another photo or another setting.",
        "請換一張照片或換個設定。",
        "请换一张照片或换个设置。",
    ),
}

EXAMPLES: Table = {
    "cat.jpg": (
        "a cat",
        "一隻貓",
        "一只猫",
    ),
    "dog.jpg": (
        "a puppy",
        "一隻小狗",
        "一只小狗",
    ),
    "daisy.jpg": (
        "a daisy",
        "一朵雛菊",
        "一朵雏菊",
    ),
    "sunflower.jpg": (
        "a sunflower",
        "一朵向日葵",
        "一朵向日葵",
    ),
    "tulips.jpg": (
        "tulips",
        "鬱金香",
        "郁金香",
    ),
    "roses.jpg": (
        "roses and a statue",
        "玫瑰與雕像",
        "玫瑰与雕像",
    ),
    "dandelion.jpg": (
        "a dandelion",
        "蒲公英",
        "蒲公英",
    ),
    "dog-and-person.jpg": (
        "a dog and a person",
        "一隻狗和一個人",
        "一只狗和一个人",
    ),
    "chelsea.png": (
        "another cat",
        "另一隻貓",
        "另一只猫",
    ),
    "china.jpg": (
        "a palace",
        "一座宮殿",
        "一座宫殿",
    ),
    "pizza.jpg": (
        "a pizza",
        "一個披薩",
        "一个披萨",
    ),
    "teddy-and-child.jpg": (
        "a teddy bear and a child",
        "泰迪熊和小孩",
        "泰迪熊和孩子",
    ),
}
