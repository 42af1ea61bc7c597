"""Tab one, "What is it?". Each string in English, in the words of Taiwan, in those of the mainland."""

from __future__ import annotations

from demo.texts.table import Table

TEXTS: Table = {
    "model": ("Which network", "選擇模型", "选择模型"),
    "model_cats-vs-dogs": ("Cats and dogs", "貓與狗", "猫和狗"),
    "model_flowers": ("Flowers", "花", "花卉"),
    "model_imagenet": ("1,000 things", "一千種東西", "一千种事物"),
    "model_cats-vs-dogs-shufflenet": (
        "Cats and dogs, the article's ShuffleNet",
        "貓與狗（文章用的 ShuffleNet）",
        "猫和狗（文章用的 ShuffleNet）",
    ),
    "model_mnist": ("Handwritten digits", "手寫數字", "手写数字"),
    "model_own": ("Your own: {name}", "你的模型：{name}", "你的模型：{name}"),
    "see_inside": ("See what the network saw", "看看網路看到了什麼", "看看网络看到了什么"),
    "see_filter": ("Try one filter on it", "套用一個濾鏡", "试一个滤波器"),
    "why": ("Why? Show me where", "為什麼？指給我看", "为什么？指给我看"),
    "why_bright": (
        "Bright is what speaks for “{thing}”.",
        "越亮的地方，越支持「{thing}」這個答案。",
        "越亮的地方，越支持“{thing}”这个答案。",
    ),
    "why_covered": (
        "Bright is where a grey patch costs “{thing}” most.",
        "灰塊蓋住越亮的地方，「{thing}」的機率掉得越多。",
        "灰块盖住越亮的地方，“{thing}”的概率掉得越多。",
    ),
    "why_nothing": (
        "Nothing in this photo speaks for “{thing}”.",
        "這張照片裡沒有一處支持「{thing}」。",
        "这张照片里没有一处支持“{thing}”。",
    ),
    "why_checking": ("The map is being checked …", "正在檢驗這張熱圖…", "正在检验这张热图…"),
    "why_faithful": (
        "Checked: now it is given {before}; with the brightest quarter blurred {without}, with that quarter alone sharp {alone}.",
        "檢驗：現在的機率是 {before}；把最亮的四分之一弄模糊後是 {without}，只留這四分之一清晰時是 {alone}。",
        "检验：现在的概率是 {before}；把最亮的四分之一模糊后是 {without}，只留这四分之一清晰时是 {alone}。",
    ),
    "why_check_decides": (
        "The map holds: what it marks is what makes it “{thing}”.",
        "熱圖說得對：讓它像「{thing}」的，正是標出的地方。",
        "热图说得对：让它像“{thing}”的，正是标出的地方。",
    ),
    "why_check_enough": (
        "What the map marks is enough for “{thing}”, but the rest of the photo would do as well: the evidence is in many places.",
        "標出的地方就足以看成「{thing}」，但照片其餘的部分也足夠：線索不只一處。",
        "标出的地方就足以看成“{thing}”，但照片其余的部分也足够：线索不止一处。",
    ),
    "why_check_needed": (
        "What the map marks is needed, but is not enough by itself: the network looks at its surroundings too.",
        "熱圖標出的地方缺了不行，但單靠它還不夠：網路也看周圍。",
        "热图标出的地方缺了不行，但单靠它还不够：网络也看周围。",
    ),
    "why_check_fails": (
        "The map does not hold here: what speaks for “{thing}” lies elsewhere.",
        "這次熱圖說得不對：支持「{thing}」的地方不在它標出的位置。",
        "这次热图说得不对：支持“{thing}”的地方不在它标出的位置。",
    ),
    "why_check_unlikely": (
        "The network hardly believes in “{thing}” here, so there is little for the check to take away.",
        "網路在這裡幾乎不認為是「{thing}」，所以也檢驗不出什麼。",
        "网络在这里几乎不认为是“{thing}”，所以也检验不出什么。",
    ),
    "why_label": ("What speaks for", "哪裡支持", "哪里支持"),
    "why_way": ("How it is found", "怎麼找", "怎么找"),
    "why_auto": ("From its last maps", "看最後的特徵圖", "看最后的特征图"),
    "why_occlusion": ("By covering parts up", "逐塊遮住試試", "逐块遮住试试"),
    "why_blend": ("Photo or map", "照片或熱圖", "照片或热图"),
    "why_alt": ("The photo under the map of what speaks for the answer", "疊上熱圖的照片", "叠加热图的照片"),
    "why_channels": ("Which channels say so?", "哪些通道這麼說？", "哪些通道这么说？"),
    "why_none": ("nothing", "無", "无"),
    "why_most": ("most", "最多", "最强"),
    "numbers": (
        "The numbers, and the three lines of Python that give them",
        "數字，以及算出它們的三行 Python",
        "具体数字，以及算出它们的三行 Python",
    ),
    "sure": ("It is {thing}.", "這是{thing}。", "这是{thing}。"),
    "likely": ("It is probably {thing}.", "這很可能是{thing}。", "这很可能是{thing}。"),
    "unsure": ("Hard to say, perhaps {thing}.", "很難說，也許是{thing}。", "很难说，也许是{thing}。"),
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
    "none_of_two": (
        "This looks like neither {first} nor {second}.",
        "這看起來既不像{first}，也不像{second}。",
        "这看起来既不像{first}，也不像{second}。",
    ),
    "none_of_few": (
        "This looks like none of these {count}.",
        "這看起來不像這 {count} 種裡的任何一種。",
        "这看起来不像这 {count} 种里的任何一种。",
    ),
    "none_of_many": (
        "This looks like none of the {count} things that I know.",
        "這看起來不像我認識的 {count} 種東西。",
        "这看起来不像我认识的 {count} 种事物。",
    ),
    "strangeness": (
        "Strangeness {value}; above {threshold} I call a photo unfamiliar.",
        "陌生程度 {value}，超過 {threshold} 就算陌生。",
        "陌生程度 {value}，超过 {threshold} 就算陌生。",
    ),
    "false_alarm": (
        "Of the validation photos, which all show something that I know, {share} are called so by mistake.",
        "驗證照片拍的都是我認識的東西，其中也有 {share} 被誤認為陌生。",
        "验证照片拍的都是我认识的事物，其中也有 {share} 被误认为陌生。",
    ),
    "right_of_100": (
        "Of 100 photos I am this sure about, {right} are right.",
        "這麼有把握的照片，每 100 張有 {right} 張答對。",
        "把握这么大的照片，每 100 张里有 {right} 张答对。",
    ),
    "right_nearly_all": (
        "Of 100 photos I am this sure about, more than 99 are right.",
        "這麼有把握的照片，每 100 張有超過 99 張答對。",
        "把握这么大的照片，每 100 张里有 99 张以上答对。",
    ),
    "right_all": (
        "All photos I was this sure about were answered right.",
        "這麼有把握的照片，每一張都答對了。",
        "把握这么大的照片，每一张都答对了。",
    ),
    "measured_on": (
        "Measured on {count} validation photos that were answered with {lower} to {upper} %.",
        "由 {count} 張驗證照片量得，它們的答案機率在 {lower} % 到 {upper} % 之間。",
        "由 {count} 张验证照片测得，它们的答案概率在 {lower} % 到 {upper} % 之间。",
    ),
    "never_measured": (
        "How often its answers are right was never measured here.",
        "它的答案有多常答對，這裡從未量過。",
        "它的答案有多少是对的，这里从未测量过。",
    ),
    "names_english": ("This name is in English only.", "這個名稱只有英文。", "这个名称只有英文。"),
    "share_card": ("Share card", "分享卡片", "分享卡片"),
    "result_json": ("Result as JSON", "結果（JSON 檔）", "结果（JSON 文件）"),
    "compare": ("Compare with a second photo", "和另一張照片比較", "与另一张照片比较"),
    "compare_choose": ("The second photo: an example", "第二張照片：選一張範例", "第二张照片：选一张示例"),
    "compare_own": ("or one of your own", "或你自己的照片", "或者你自己的照片"),
    "compare_failed": (
        "That file did not arrive. It may have {megabytes} MB at most.",
        "檔案沒有送達，最多 {megabytes} MB。",
        "文件没有送达，最大 {megabytes} MB。",
    ),
    "first_photo": ("first photo", "第一張照片", "第一张照片"),
    "second_photo": ("second photo", "第二張照片", "第二张照片"),
    "compare_first_surer": (
        "Both look like {thing}; I am surer of the first, {first} against {second}.",
        "兩張都像{thing}；第一張我比較有把握，{first} 對 {second}。",
        "两张都像{thing}；我对第一张更有把握，{first} 比 {second}。",
    ),
    "compare_second_surer": (
        "Both look like {thing}; I am surer of the second, {second} against {first}.",
        "兩張都像{thing}；第二張我比較有把握，{second} 對 {first}。",
        "两张都像{thing}；我对第二张更有把握，{second} 比 {first}。",
    ),
    "compare_as_sure": (
        "Both look like {thing}, and I am as sure of one as of the other: {first}.",
        "兩張都像{thing}，而且把握一樣大：{first}。",
        "两张都像{thing}，把握也一样大：{first}。",
    ),
    "compare_differ": (
        "The first looks like {thing} ({first}), the second like {other} ({second}).",
        "第一張像{thing}（{first}），第二張像{other}（{second}）。",
        "第一张像{thing}（{first}），第二张像{other}（{second}）。",
    ),
    "compare_first_unfamiliar": (
        "The first looks like nothing that this network knows, the second like {other} ({second}).",
        "第一張不像這個網路認識的任何東西，第二張像{other}（{second}）。",
        "第一张不像这个网络认识的任何东西，第二张像{other}（{second}）。",
    ),
    "compare_second_unfamiliar": (
        "The first looks like {thing} ({first}), the second like nothing that this network knows.",
        "第一張像{thing}（{first}），第二張不像這個網路認識的任何東西。",
        "第一张像{thing}（{first}），第二张不像这个网络认识的任何东西。",
    ),
    "compare_both_unfamiliar": (
        "Neither of the two looks like anything that this network knows.",
        "兩張都不像這個網路認識的任何東西。",
        "两张都不像这个网络认识的任何东西。",
    ),
    "hub": ("Another network, from the Hugging Face Hub", "用 Hugging Face Hub 上的另一個網路", "换用 Hugging Face Hub 上的网络"),
    "hub_id": ("Id of a public repository: owner/name", "公開儲存庫的代號：owner/name", "公开仓库的 ID：owner/name"),
    "hub_limits": (
        "Weights in safetensors, laid out as timm does, at most {megabytes} MB and {parameters} parameters.",
        "權重為 safetensors，格式同 timm，最多 {megabytes} MB、{parameters}個參數。",
        "权重为 safetensors，格式同 timm，最多 {megabytes} MB、{parameters}个参数。",
    ),
    "hub_only": ("This page takes: {patterns}.", "本頁接受：{patterns}。", "本页接受：{patterns}。"),
    "many": ("{number} million", "{number} 萬", "{number} 万"),
    "hub_load": ("Load it", "載入", "加载"),
    "hub_loading": (
        "{repository} is on its way from the Hub …",
        "正在從 Hub 下載 {repository} …",
        "正在从 Hub 下载 {repository} …",
    ),
    "hub_in_use": (
        "{repository} answers now: {labels} labels, {parameters} parameters.",
        "現在由 {repository} 回答：{labels} 種標籤，{parameters}個參數。",
        "现在由 {repository} 回答：{labels} 个标签，{parameters}个参数。",
    ),
    "hub_off": (
        "This page takes no networks from the Hub; one of its own answers.",
        "本頁不使用 Hub 上的網路，由本頁自己的網路回答。",
        "本页不使用 Hub 上的网络，由本页自带的网络回答。",
    ),
    "hub_bad_id": (
        "An id has two parts, owner/name, of letters, digits and . _ -",
        "代號有兩部分：owner/name，只含英文字母、數字和 . _ -",
        "ID 分两部分：owner/name，只含英文字母、数字和 . _ -",
    ),
    "hub_not_listed": (
        "This repository is not on this page's list.",
        "這個儲存庫不在本頁的清單上。",
        "这个仓库不在本页的清单上。",
    ),
    "hub_too_large": (
        "This network is too large for this page. Nothing of it was kept.",
        "這個網路對本頁來說太大了，沒有留下任何檔案。",
        "这个网络对本页来说太大了，没有留下任何文件。",
    ),
    "hub_missing": (
        "The Hub has no public model with this id.",
        "Hub 上沒有這個代號的公開模型。",
        "Hub 上没有这个 ID 的公开模型。",
    ),
    "hub_unreachable": ("The Hub does not answer. Try again later.", "Hub 沒有回應，請稍後再試。", "Hub 没有响应，请稍后再试。"),
    "hub_no_classifier": (
        "This repository holds no image classifier that can be used here: it takes timm's config.json and safetensors weights.",
        "這個儲存庫裡沒有這裡能用的影像分類模型：需要 timm 格式的 config.json 和 safetensors 權重。",
        "这个仓库里没有这里能用的图像分类模型：需要 timm 格式的 config.json 和 safetensors 权重。",
    ),
}
