"""Tab four, "Tour": what stands around its steps, and the steps themselves, in their order."""

from __future__ import annotations

from demo.texts.table import Table
from demo.texts.tour import filters, layers, learning, seeing, training
from demo.texts.tour.numbers import NUMBERS

# Each step's strings by their parts; the page has them as tour_STEP_PART.
STEPS: dict[str, Table] = {
    **seeing.STEPS,
    **filters.STEPS,
    **layers.STEPS,
    **learning.FROM_MAPS,
    **training.STEPS,
    **learning.READING,
}

FRAME: Table = {
    "tour_place": ("{number} of {count}", "第 {number} 步，共 {count} 步", "第 {number} 步，共 {count} 步"),
    "tour_steps": ("Steps of the tour", "導覽的各個步驟", "导览的各个步骤"),
    "tour_step": ("Step {number}: {name}", "第 {number} 步：{name}", "第 {number} 步：{name}"),
    "tour_try": ("Try:", "動手試：", "动手试："),
    "tour_answer": ("My answer", "看答案", "看答案"),
    "tour_coming": ("The photo’s pixels are on their way.", "照片的像素正在傳來。", "照片的像素正在传来。"),
    "tour_asking": ("The network is being asked.", "正在問網路。", "正在问网络。"),
    "tour_too_small": (
        "This photo is {width} × {height} pixels; this step needs at least {least} each way.",
        "這張照片只有 {width} × {height} 像素；這一步的長寬各要至少 {least} 像素。",
        "这张照片只有 {width} × {height} 像素；这一步的长宽各需至少 {least} 像素。",
    ),
    "tour_too_flat": (
        "This photo is one colour all over: this step would show nothing.",
        "這張照片整張是同一個顏色，這一步看不出什麼。",
        "这张照片整张是同一种颜色，这一步看不出什么。",
    ),
    "tour_example": ("Take the first example", "改用第一張範例", "改用第一张示例"),
    "tour_print": ("Print a worksheet", "列印學習單", "打印练习单"),
    "tour_sheet_name": ("Name", "姓名", "姓名"),
    "tour_sheet_answers": ("Answers", "解答", "答案"),
    "tour_lost": (
        "No answer came from the network. Is there a connection?",
        "網路沒有回答。連線還在嗎？",
        "网络没有回答。连接还在吗？",
    ),
}

TEXTS: Table = (
    FRAME | NUMBERS | {f"tour_{step}_{part}": strings for step, table in STEPS.items() for part, strings in table.items()}
)
