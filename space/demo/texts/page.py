"""The page around the tabs: its head, the photo column, and what any tab may have to say. Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from demo.texts.table import Table

TEXTS: Table = {
    "tagline": (
        "meet a convolutional network with your own photo",
        "用你自己的照片認識卷積神經網路",
        "用你自己的照片认识卷积神经网络",
    ),
    "language": ("Language", "語言", "语言"),
    "tab_what": ("What is it?", "這是什麼？", "这是什么？"),
    "tab_filter": ("One filter", "一個濾鏡", "一个滤波器"),
    "tab_inside": ("Inside", "網路內部", "网络内部"),
    "see_what": ("Ask the network what it is", "問網路這是什麼", "问问网络这是什么"),
    "examples": ("Example photos", "範例照片", "示例照片"),
    "kept": (
        "A photo that you add is kept on this server for ten minutes at most, then deleted. It is used for nothing else.",
        "你加入的照片在這台伺服器上最多保留十分鐘，之後就刪除，不作其他用途。",
        "你添加的照片在这台服务器上最多保留十分钟，之后即删除，不作其他用途。",
    ),
    "photo_add": ("Add a photo", "加入照片", "添加照片"),
    "photo_upload": ("Upload", "上傳", "上传"),
    "photo_camera": ("Camera", "拍照", "拍摄"),
    "photo_paste": ("Paste", "貼上", "粘贴"),
    "photo_crop": ("Crop", "裁切", "裁剪"),
    "photo_crop_use": ("Use this crop", "使用這一塊", "使用这一块"),
    "photo_crop_box": (
        "The part to keep: arrow keys move it, with Shift they change its size, Enter uses it.",
        "要保留的範圍：方向鍵移動，加上 Shift 改變大小，Enter 使用。",
        "要保留的区域：方向键移动，加 Shift 改变大小，Enter 使用。",
    ),
    "photo_crop_nw": ("Upper left corner", "左上角", "左上角"),
    "photo_crop_n": ("Upper edge", "上邊", "上边"),
    "photo_crop_ne": ("Upper right corner", "右上角", "右上角"),
    "photo_crop_e": ("Right edge", "右邊", "右边"),
    "photo_crop_se": ("Lower right corner", "右下角", "右下角"),
    "photo_crop_s": ("Lower edge", "下邊", "下边"),
    "photo_crop_sw": ("Lower left corner", "左下角", "左下角"),
    "photo_crop_w": ("Left edge", "左邊", "左边"),
    "photo_cancel": ("Cancel", "取消", "取消"),
    "photo_snap": ("Take the photo", "拍下來", "拍下来"),
    "photo_remove": ("Remove the photo", "移除照片", "移除照片"),
    "photo_own": ("Your photo", "你的照片", "你的照片"),
    "photo_empty": ("No photo yet: drop one here.", "還沒有照片，可以拖到這裡。", "还没有照片，可以拖到这里。"),
    "photo_unseen": (
        "The browser cannot show this file.",
        "瀏覽器無法顯示這個檔案。",
        "浏览器无法显示这个文件。",
    ),
    "photo_upload_failed": (
        "The photo did not arrive. Try again, or choose a smaller one.",
        "照片沒有傳到，請再試一次，或換一張小一點的。",
        "照片没有传到，请再试一次，或换一张小一点的。",
    ),
    "photo_paste_nothing": (
        "There is no picture on the clipboard. Copy one first.",
        "剪貼簿裡沒有圖片，請先複製一張。",
        "剪贴板里没有图片，请先复制一张。",
    ),
    "photo_paste_keys": (
        "The browser does not let this button read the clipboard: press Ctrl+V (⌘V) instead.",
        "瀏覽器不讓這個按鈕讀取剪貼簿，請改按 Ctrl+V（⌘V）。",
        "浏览器不允许这个按钮读取剪贴板，请改按 Ctrl+V（⌘V）。",
    ),
    "photo_camera_none": (
        "There is no camera here, or the browser may not use it. Upload a photo instead.",
        "這裡沒有相機，或瀏覽器不能使用相機，請改用上傳。",
        "这里没有摄像头，或浏览器不能使用摄像头，请改用上传。",
    ),
    "photo_too_heavy": (
        "This file is larger than {megabytes} MB. Choose a smaller one.",
        "這個檔案超過 {megabytes} MB，請選小一點的。",
        "这个文件超过 {megabytes} MB，请选小一点的。",
    ),
    "credits": ("Who made the example photos", "範例照片的作者", "示例照片的作者"),
    "no_photo": ("Choose a photo first.", "請先選一張照片。", "请先选一张照片。"),
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
    "error_image": ("This file cannot be read as a photo.", "這個檔案無法當成照片讀取。", "这个文件无法当作照片读取。"),
    "error_image_more": (
        "It is no picture, is damaged, or has more than {megapixels} megapixels. Choose another one.",
        "它不是圖片、已經損壞，或超過 {megapixels}00 萬像素。請選另一張。",
        "它不是图片、已经损坏，或超过 {megapixels}00 万像素。请另选一张。",
    ),
    "error_other": ("That did not work.", "沒有成功。", "没有成功。"),
    "error_other_more": ("Choose another photo or another setting.", "請換一張照片或換個設定。", "请换一张照片或换个设置。"),
}

EXAMPLES: Table = {
    "cat.jpg": ("a cat", "一隻貓", "一只猫"),
    "dog.jpg": ("a puppy", "一隻小狗", "一只小狗"),
    "daisy.jpg": ("a daisy", "一朵雛菊", "一朵雏菊"),
    "sunflower.jpg": ("a sunflower", "一朵向日葵", "一朵向日葵"),
    "tulips.jpg": ("tulips", "鬱金香", "郁金香"),
    "roses.jpg": ("roses and a statue", "玫瑰與雕像", "玫瑰与雕像"),
    "dandelion.jpg": ("a dandelion", "蒲公英", "蒲公英"),
    "dog-and-person.jpg": ("a dog and a person", "一隻狗和一個人", "一只狗和一个人"),
    "chelsea.png": ("another cat", "另一隻貓", "另一只猫"),
    "china.jpg": ("a palace", "一座宮殿", "一座宫殿"),
    "pizza.jpg": ("a pizza", "一個披薩", "一个披萨"),
    "teddy-and-child.jpg": ("a teddy bear and a child", "泰迪熊和小孩", "泰迪熊和孩子"),
}
