"""Steps ten and thirteen: from maps to an answer, and how to read the answer."""

from __future__ import annotations

from demo.texts.table import Table

ANSWER: Table = {
    "short": ("From maps to an answer", "從圖到答案", "从图到答案"),
    "title": (
        "The last maps are averaged, weighed and made to sum to one.",
        "最後的圖取平均、加權，再變成總和為一的機率。",
        "最后的图取平均、加权，再变成总和为一的概率。",
    ),
    "text": (
        "Each of the last maps becomes one number, its mean. A dense layer weighs these numbers for each answer. Softmax makes probabilities of "
        "the sums: e to the power of each, divided by a temperature before, as a share of all of these.",
        "最後的每張圖都變成一個數字，就是它的平均。全連接層替每個答案把這些數字加權。softmax 再把總和變成機率：各除以溫度，算 e 的多少次方，再看占全部的幾成。",
        "最后的每张图都变成一个数字，就是它的平均值。全连接层替每个答案把这些数字加权。softmax 再把总和变成概率：各除以温度，算 e 的多少次方，再看占全部的几成。",
    ),
    "try": (
        "heat it up and cool it down. Then switch units off: how many does it take until it wavers?",
        "把溫度調高、調低，再關掉一些單元：關掉多少它才會動搖？",
        "把温度调高、调低，再关掉一些单元：关掉多少它才会动摇？",
    ),
    "question": (
        "How is the answer punished while the network learns, and why are units switched off?",
        "學習時怎麼罰錯的答案？為什麼要關掉一些單元？",
        "学习时怎么罚错的答案？为什么要关掉一些单元？",
    ),
    "temperature": ("Temperature", "溫度", "温度"),
    "own": (
        "“{network}” divides by {temperature}: with that it was right on photos it had not learned from about as often as it said.",
        "「{network}」用的溫度是 {temperature}：這樣在沒學過的照片上，它說幾成就大約答對幾成。",
        "“{network}”用的温度是 {temperature}：这样在没学过的照片上，它说几成就大约答对几成。",
    ),
    "dropout": ("Units switched off", "關掉的單元", "关掉的单元"),
    "others": ("Switch off other ones", "換一批單元關掉", "换一批单元关掉"),
    "suppose": ("Suppose the right answer is", "假設正確答案是", "假设正确答案是"),
    "bars": ("The averages of the last maps", "最後那些圖的平均", "最后那些图的平均值"),
    "units": (
        "{units} averages, {off} of them switched off",
        "{units} 個平均，其中 {off} 個關掉了",
        "{units} 个平均值，其中 {off} 个关掉了",
    ),
    "said": (
        "{units} averages, weighed: {logit} for “{name}”. At temperature {temperature} that is {share}. If it is “{right}”, the loss is {loss}.",
        "{units} 個平均加權之後，「{name}」得 {logit}；溫度 {temperature} 時是 {share}。如果正確答案是「{right}」，損失就是 {loss}。",
        "{units} 个平均值加权之后，“{name}”得 {logit}；温度 {temperature} 时是 {share}。如果正确答案是“{right}”，损失就是 {loss}。",
    ),
    "answer_steps": (
        "By its cross-entropy: minus the logarithm of the probability that it gave to the right answer, here −ln of that of “{right}”, {loss}.",
        "用交叉熵：取它給正確答案的機率，算負的對數，這裡是「{right}」的 −ln，{loss}。",
        "用交叉熵：取它给正确答案的概率，算负的对数，这里是“{right}”的 −ln，{loss}。",
    ),
    "answer_loss": (
        "Were “{name}” right, that would be {certain}; were “{other}” right, {wrong}. To be sure and wrong costs most.",
        "如果「{name}」是對的，損失是 {certain}；如果「{other}」才是對的，就是 {wrong}。有把握卻答錯，罰得最重。",
        "如果“{name}”是对的，损失是 {certain}；如果“{other}”才是对的，就是 {wrong}。有把握却答错，罚得最重。",
    ),
    "answer_dropout": (
        "Dropout switches other units off for every picture while the network learns, so that none can rely on a single neighbour, and "
        "scales up the rest. When it answers, all units are on.",
        "學習時，dropout 對每張圖都隨機關掉不同的單元，其餘的放大，於是沒有單元能只靠某一個鄰居。回答的時候，全部單元都打開。",
        "学习时，dropout 对每张图都随机关掉不同的单元，其余的放大，于是没有单元能只靠某一个邻居。回答的时候，全部单元都打开。",
    ),
}

TRUST: Table = {
    "short": ("Reading the answer", "讀懂答案", "读懂答案"),
    "title": (
        "An answer is worth what was measured of such answers.",
        "一個答案有多可信，要看這類答案量過的結果。",
        "一个答案有多可信，要看这类答案量过的结果。",
    ),
    "text": (
        "A probability is a promise that can be checked: of a hundred photos of which the network is 90 % sure, ninety should be right. "
        "It holds for photos like those it was tested on.",
        "機率是可以查證的承諾：一百張有九成把握的照片，應該有九十張是對的。前提是照片和測試用的是同一類。",
        "概率是可以查证的承诺：一百张有九成把握的照片，应该有九十张是对的。前提是照片和测试用的是同一类。",
    ),
    "try": (
        "see what was measured, then fool the network: how little of your photo is enough, and how much noise too much?",
        "看看量出來的結果，再騙騙網路：照片剩多少還認得出來？雜訊多少就不行了？",
        "看看量出来的结果，再骗骗网络：照片剩多少还认得出来？噪声多少就不行了？",
    ),
    "question": (
        "For what should such an answer not be used?",
        "這樣的答案不該拿來做什麼？",
        "这样的答案不该用来做什么？",
    ),
    "view": ("What to look at", "看什麼", "看什么"),
    "promise": ("A hundred such photos", "一百張這樣的照片", "一百张这样的照片"),
    "neither": ("“Neither”", "「都不是」", "“都不是”"),
    "fooled": ("Fool it", "騙騙它", "骗骗它"),
    "bin": ("How sure", "多有把握", "多有把握"),
    "dots": ("{right} of 100 dots are filled", "一百個點裡有 {right} 個是實心的", "一百个点里有 {right} 个是实心的"),
    "said_promise": (
        "“{network}” was between {lower} and {upper} sure of {photos} photos that it had not learned from; {correct} of them were right, {share}.",
        "有 {photos} 張沒學過的照片，「{network}」的把握在 {lower} 到 {upper} 之間；其中 {correct} 張是對的，占 {share}。",
        "有 {photos} 张没学过的照片，“{network}”的把握在 {lower} 到 {upper} 之间；其中 {correct} 张是对的，占 {share}。",
    ),
    "said_own": (
        "It is as sure of yours: {share} “{name}”.",
        "它對你的照片也這麼有把握：{share}「{name}」。",
        "它对你的照片也这么有把握：{share}“{name}”。",
    ),
    "never": (
        "Of this network it was never measured how often its answers are right, so its probabilities promise nothing.",
        "這個網路的答案多常是對的，從來沒有量過，所以它的機率什麼也不能保證。",
        "这个网络的答案多常是对的，从来没有量过，所以它的概率什么也不能保证。",
    ),
    "yours": ("Your photo", "你的照片", "你的照片"),
    "chart": (
        "How strange your photo and the examples look to the network; the line at {threshold} is where it says “neither”",
        "你的照片和各張範例在網路看來有多陌生；超過 {threshold} 那條線，它就說「都不是」",
        "你的照片和各张示例在网络看来有多陌生；超过 {threshold} 那条线，它就说“都不是”",
    ),
    "said_known": (
        "Strangeness {strangeness}, below {threshold}: your photo looks like what it was taught. {strange} of {examples} examples do not. It "
        "is wrongly suspicious of {share} of the right photos.",
        "陌生程度 {strangeness}，低於 {threshold}：你的照片像它學過的東西。{examples} 張範例裡有 {strange} 張不像。它會誤把 {share} 的正常照片當成陌生。",
        "陌生程度 {strangeness}，低于 {threshold}：你的照片像它学过的东西。{examples} 张示例里有 {strange} 张不像。它会误把 {share} 的正常照片当成陌生。",
    ),
    "said_strange": (
        "Strangeness {strangeness}, above {threshold}: your photo is unlike anything it was taught, so it says “neither” rather than “{name}”. "
        "So do {strange} of {examples} examples. It is wrongly suspicious of {share} of the right photos.",
        "陌生程度 {strangeness}，高於 {threshold}：你的照片不像它學過的任何東西，所以它說「都不是」，不說「{name}」。"
        "{examples} 張範例裡有 {strange} 張也是。它會誤把 {share} 的正常照片當成陌生。",
        "陌生程度 {strangeness}，高于 {threshold}：你的照片不像它学过的任何东西，所以它说“都不是”，不说“{name}”。"
        "{examples} 张示例里有 {strange} 张也是。它会误把 {share} 的正常照片当成陌生。",
    ),
    "no_threshold": (
        "This network has no threshold: it always names one of its labels.",
        "這個網路沒有門檻，它永遠會挑一個標籤回答。",
        "这个网络没有门槛，它永远会挑一个标签回答。",
    ),
    "trick": ("How to fool it", "怎麼騙它", "怎么骗它"),
    "trick_crop": ("Crop", "裁切", "裁剪"),
    "trick_texture": ("Texture alone", "只剩紋理", "只剩纹理"),
    "trick_noise": ("Noise", "雜訊", "噪声"),
    "trick_outline": ("Outlines", "只剩輪廓", "只剩轮廓"),
    "trick_horse": ("A drawn horse", "畫一匹馬", "画一匹马"),
    "strength": ("How much", "程度", "强度"),
    "said_fooled": (
        "“{network}” answers “{name}”, {share}.",
        "「{network}」回答「{name}」，{share}。",
        "“{network}”回答“{name}”，{share}。",
    ),
    "noticed": (
        "It notices that this is unlike what it was taught, and would say “neither”.",
        "它察覺這不像學過的東西，會說「都不是」。",
        "它察觉这不像学过的东西，会说“都不是”。",
    ),
    "unnoticed": ("It notices nothing strange.", "它沒有察覺什麼不對勁。", "它没有察觉什么不对劲。"),
    "answer_use": (
        "For anything where a mistake hurts somebody and nobody looks again: health, safety, evidence, deciding about people. These networks "
        "know a few labels, were tested on photos from the web, and know nothing of the rest of the world.",
        "凡是錯了會傷到人、又沒有人再看一眼的事都不行：健康、安全、證據、替人做決定。這些網路只認得幾個標籤，"
        "在網路上的照片測過，對世界的其餘部分一無所知。",
        "凡是错了会伤到人、又没有人再看一眼的事都不行：健康、安全、证据、替人做决定。这些网络只认得几个标签，"
        "在网上的照片测过，对世界的其余部分一无所知。",
    ),
    "answer_check": (
        "Before you use one, measure it on your own photos, look at the ones it gets wrong, and read its card.",
        "要用之前，先在你自己的照片上量一量，看看它錯在哪些，再讀它的模型說明卡。",
        "要用之前，先在你自己的照片上量一量，看看它错在哪些，再读它的模型说明卡。",
    ),
}

FROM_MAPS: dict[str, Table] = {"answer": ANSWER}
READING: dict[str, Table] = {"trust": TRUST}
