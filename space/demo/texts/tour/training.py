"""Steps eleven and twelve: how filters are learned, and what a head start is worth."""

from __future__ import annotations

from demo.texts.table import Table

TRAINING: Table = {
    "short": ("How filters are learned", "濾鏡怎麼學出來", "滤波器怎样学出来"),
    "title": (
        "Nobody draws the filters: each weight follows the slope of the loss.",
        "濾鏡不是誰畫的：每個權重都順著損失往下坡走。",
        "滤波器不是谁画的：每个权重都顺着损失往下坡走。",
    ),
    "text": (
        "Here, in your browser, a small network learns to read handwritten digits. Its weights begin at random; after every handful of "
        "digits each of them moves a little, to where the loss is smaller.",
        "這裡有個小網路，就在你的瀏覽器裡學認手寫數字。權重一開始是隨機的；每看幾個數字，每個權重就往損失較小的方向挪一點。",
        "这里有个小网络，就在你的浏览器里学认手写数字。权重一开始是随机的；每看几个数字，每个权重就往损失较小的方向挪一点。",
    ),
    "try": (
        "let it learn, then touch one square of a filter: which way does its slope send it?",
        "讓它開始學，再點濾鏡裡的一格：坡度要它往哪裡走？",
        "让它开始学，再点滤波器里的一格：坡度要它往哪里走？",
    ),
    "question": (
        "How does a filter come to look for something?",
        "濾鏡怎麼會變成專找某種東西？",
        "滤波器怎么会变成专找某种东西？",
    ),
    "start": ("Let it learn", "開始學", "开始学"),
    "pause": ("Pause", "暫停一下", "暂停"),
    "step": ("One step", "走一步", "走一步"),
    "again": ("Start over", "重新來過", "重新开始"),
    "rate": ("Learning rate", "學習率", "学习率"),
    "noise": ("Wrong labels", "標錯的比例", "标错的比例"),
    "view": ("What to look at", "看什麼", "看什么"),
    "view_all": ("All", "全部", "全部"),
    "view_weight": ("One weight", "一個權重", "一个权重"),
    "view_digit": ("Your digit", "你的數字", "你的数字"),
    "view_server": ("Server", "伺服器", "服务器"),
    "filters": (
        "The eight filters: red above zero, blue below. Arrows choose a weight.",
        "八個濾鏡：紅色大於零，藍色小於零。用方向鍵選一個權重。",
        "八个滤波器：红色大于零，蓝色小于零。用方向键选一个权重。",
    ),
    "loss": ("Loss {loss}", "損失 {loss}", "损失 {loss}"),
    "right": ("Held-out digits read right {share}", "沒學過的數字讀對 {share}", "没学过的数字读对 {share}"),
    "chart": ("The loss over {steps} steps", "{steps} 步之間的損失", "{steps} 步之间的损失"),
    "misread": ("Misread: what it is → what was read", "讀錯的：實際 → 讀成", "读错的：实际 → 读成"),
    "misread_none": ("None is misread.", "沒有讀錯的。", "没有读错的。"),
    "misread_as": ("A {label}, read as {answer}", "{label}，讀成 {answer}", "{label}，读成 {answer}"),
    "said": (
        "{steps} steps. The loss on the next {batch} digits is {loss}. Of {heldOut} digits that it does not learn from, {share} are read right and "
        "{wrong} are not.",
        "走了 {steps} 步。下一批 {batch} 個數字的損失是 {loss}。{heldOut} 個沒學過的數字讀對了 {share}，讀錯 {wrong} 個。",
        "走了 {steps} 步。下一批 {batch} 个数字的损失是 {loss}。{heldOut} 个没学过的数字读对了 {share}，读错 {wrong} 个。",
    ),
    "along": ("Loss along this weight", "損失隨這個權重的變化", "损失随这个权重的变化"),
    "tangent": ("Slope {slope}", "坡度 {slope}", "坡度 {slope}"),
    "slope": (
        "The loss around the weight {weight}, with its tangent of slope {slope}",
        "權重 {weight} 附近的損失，和坡度 {slope} 的切線",
        "权重 {weight} 附近的损失，和坡度 {slope} 的切线",
    ),
    "gradient": (
        "Weight {weight}, gradient {slope}, loss {loss}",
        "權重 {weight}，梯度 {slope}，損失 {loss}",
        "权重 {weight}，梯度 {slope}，损失 {loss}",
    ),
    "said_grow": (
        "Filter {filter}, row {row}, column {column}: the weight is {weight}, the slope of the loss {slope}. With more of it the loss falls, so it must grow.",
        "第 {filter} 個濾鏡，第 {row} 列，第 {column} 行：權重是 {weight}。損失的坡度是 {slope}：它變大，損失就變小，所以要調大。",
        "第 {filter} 个滤波器，第 {row} 行，第 {column} 列：权重是 {weight}。损失的坡度是 {slope}：它变大，损失就变小，所以要调大。",
    ),
    "said_shrink": (
        "Filter {filter}, row {row}, column {column}: the weight is {weight}, the slope of the loss {slope}. With more of it the loss rises, so it must shrink.",
        "第 {filter} 個濾鏡，第 {row} 列，第 {column} 行：權重是 {weight}。損失的坡度是 {slope}：它變大，損失也變大，所以要調小。",
        "第 {filter} 个滤波器，第 {row} 行，第 {column} 列：权重是 {weight}。损失的坡度是 {slope}：它变大，损失也变大，所以要调小。",
    ),
    "said_flat": (
        "Filter {filter}, row {row}, column {column}: the weight is {weight}. Here the loss does not depend on it, so it stays.",
        "第 {filter} 個濾鏡，第 {row} 列，第 {column} 行：權重是 {weight}。損失在這裡和它無關，所以不動。",
        "第 {filter} 个滤波器，第 {row} 行，第 {column} 列：权重是 {weight}。损失在这里和它无关，所以不动。",
    ),
    "pad": (
        "Draw a digit here: arrows move the pen, space puts it down or lifts it.",
        "在這裡寫一個數字：方向鍵移動筆，空白鍵下筆或提筆。",
        "在这里写一个数字：方向键移动笔，空格键落笔或提笔。",
    ),
    "keys": (
        "By finger, mouse or keys: arrows move the pen, space puts it down or lifts it.",
        "用手指、滑鼠或按鍵：方向鍵移動筆，空白鍵下筆或提筆。",
        "用手指、鼠标或按键：方向键移动笔，空格键落笔或提笔。",
    ),
    "ask": ("Ask it", "問問它", "问问它"),
    "clear": ("Wipe it off", "擦掉", "擦掉"),
    "pen_down": ("The pen is down.", "下筆了。", "落笔了。"),
    "pen_up": ("The pen is up.", "提筆了。", "提笔了。"),
    "hint": ("Draw a digit, then ask.", "寫一個數字，再問它。", "写一个数字，再问它。"),
    "nothing": ("I see nothing.", "我什麼也沒看到。", "我什么也没看到。"),
    "read": (
        "After {steps} steps I read a {answer}, {share}.",
        "走了 {steps} 步，我讀成 {answer}，{share}。",
        "走了 {steps} 步，我读成 {answer}，{share}。",
    ),
    "probabilities": ("How probable each digit is", "每個數字的機率", "每个数字的概率"),
    "seen": (
        "On the left your digit as the network gets it.",
        "左邊是網路看到的，你的數字。",
        "左边是网络看到的，你的数字。",
    ),
    "train": ("Train on the server for {seconds} seconds", "在伺服器上訓練 {seconds} 秒", "在服务器上训练 {seconds} 秒"),
    "idle": (
        "One visitor at a time has the server for {seconds} seconds, with the settings below. The others stand in line.",
        "伺服器一次只給一個人用 {seconds} 秒，照下面的設定訓練；其他人排隊。",
        "服务器一次只给一个人用 {seconds} 秒，按下面的设置训练；其他人排队。",
    ),
    "own": (
        "Above are the filters of the network in your browser.",
        "上面是你瀏覽器裡那個網路的濾鏡。",
        "上面是你浏览器里那个网络的滤波器。",
    ),
    "waiting": (
        "{before} before you in line; at most {seconds} seconds until it is your turn.",
        "前面還有 {before} 個人，最多再等 {seconds} 秒就輪到你。",
        "前面还有 {before} 个人，最多再等 {seconds} 秒就轮到你。",
    ),
    "turn": ("It is your turn: the server is training.", "輪到你了：伺服器正在訓練。", "轮到你了：服务器正在训练。"),
    "of_server": ("Loss on the server", "伺服器上的損失", "服务器上的损失"),
    "done": (
        "The server took {steps} steps in {took} seconds. The loss went from {first} to {loss}; of {heldOut} held-out digits {share} are read right and "
        "{wrong} are not.",
        "伺服器在 {took} 秒裡走了 {steps} 步。損失從 {first} 到 {loss}；{heldOut} 個沒學過的數字讀對了 {share}，讀錯 {wrong} 個。",
        "服务器在 {took} 秒里走了 {steps} 步。损失从 {first} 到 {loss}；{heldOut} 个没学过的数字读对了 {share}，读错 {wrong} 个。",
    ),
    "answer_loss": (
        "Nobody tells it what to look for. With random weights the loss was {first}; now, after {steps} steps, it is {loss}.",
        "沒有人告訴它要找什麼。權重還是隨機的時候，損失是 {first}；走了 {steps} 步，現在是 {loss}。",
        "没有人告诉它要找什么。权重还是随机的时候，损失是 {first}；走了 {steps} 步，现在是 {loss}。",
    ),
    "answer_pick": (
        "Each step asks of every weight which way the loss falls. Choose “One weight” to see it for one of them.",
        "每一步都問每個權重：往哪邊走損失會變小？選「一個權重」就能看到其中一個。",
        "每一步都问每个权重：往哪边走损失会变小？选“一个权重”就能看到其中一个。",
    ),
    "answer_grow": (
        "For the weight in row {row}, column {column} of filter {filter} the slope is {slope}, below zero. The step goes against it, so this weight must "
        "grow: by the learning rate times the slope, {rate} × {slope}, and what is left of the steps before.",
        "第 {filter} 個濾鏡第 {row} 列第 {column} 行的權重，坡度是 {slope}，小於零。走的方向和坡度相反，所以要調大："
        "學習率乘坡度，{rate} × {slope}，再加上前幾步的餘勢。",
        "第 {filter} 个滤波器第 {row} 行第 {column} 列的权重，坡度是 {slope}，小于零。走的方向和坡度相反，所以要调大："
        "学习率乘坡度，{rate} × {slope}，再加上前几步的余势。",
    ),
    "answer_shrink": (
        "For the weight in row {row}, column {column} of filter {filter} the slope is {slope}, above zero. The step goes against it, so this weight must "
        "shrink: by the learning rate times the slope, {rate} × {slope}, and what is left of the steps before.",
        "第 {filter} 個濾鏡第 {row} 列第 {column} 行的權重，坡度是 {slope}，大於零。走的方向和坡度相反，所以要調小："
        "學習率乘坡度，{rate} × {slope}，再加上前幾步的餘勢。",
        "第 {filter} 个滤波器第 {row} 行第 {column} 列的权重，坡度是 {slope}，大于零。走的方向和坡度相反，所以要调小："
        "学习率乘坡度，{rate} × {slope}，再加上前几步的余势。",
    ),
    "answer_flat": (
        "For the weight in row {row}, column {column} of filter {filter} the slope is {slope}: at a learning rate of {rate} nothing pushes it either way.",
        "第 {filter} 個濾鏡第 {row} 列第 {column} 行的權重，坡度是 {slope}：學習率 {rate}，也沒有什麼推它往哪邊走。",
        "第 {filter} 个滤波器第 {row} 行第 {column} 列的权重，坡度是 {slope}：学习率 {rate}，也没有什么推它往哪边走。",
    ),
    "answer_why": (
        "What lessens the loss for many digits is to tell their strokes apart. So filters turn into detectors of strokes and edges, each from where it "
        "happened to begin; with other weights they become other ones.",
        "要讓很多數字的損失都變小，就得分辨它們的筆畫。於是濾鏡變成找筆畫和邊緣的東西，各從碰巧開始的地方出發；換一組權重，就變成另外一些。",
        "要让很多数字的损失都变小，就得分辨它们的笔画。于是滤波器变成找笔画和边缘的东西，各从碰巧开始的地方出发；换一组权重，就变成另外一些。",
    ),
}

TRANSFER: Table = {
    "short": ("On the shoulders of giants", "站在巨人的肩膀上", "站在巨人的肩膀上"),
    "title": (
        "How many pictures does a network have to see?",
        "網路要看多少張圖才夠？",
        "网络要看多少张图才够？",
    ),
    "text": (
        "Two networks learn cats and dogs from the same few pictures. One has all its layers but the last, its backbone, from a network that learned from the "
        "million photos of ImageNet. They stay frozen; only the last one, its head, learns. That is transfer learning. The other, a smaller one, begins from scratch.",
        "兩個網路用同樣的幾張圖學貓和狗。一個除了最後一層（頭部），其餘各層（骨幹）都來自看過 ImageNet 上百萬張照片的網路，凍結不動，只學最後一層，這叫遷移學習。"
        "另一個小一些，從零開始。",
        "两个网络用同样的几张图学猫和狗。一个除了最后一层（头部），其余各层（骨干）都来自看过 ImageNet 上百万张照片的网络，冻结不动，只学最后一层，这叫迁移学习。"
        "另一个小一些，从零开始。",
    ),
    "try": (
        "choose how many pictures there are, guess how often each is right, then look.",
        "選有幾張圖，猜猜兩個各答對多少，再看結果。",
        "选有几张图，猜猜两个各答对多少，再看结果。",
    ),
    "question": (
        "Which of the two needs fewer pictures, and why?",
        "哪一個需要的圖比較少？為什麼？",
        "哪一个需要的图比较少？为什么？",
    ),
    "pictures": ("Pictures", "幾張圖", "几张图"),
    "guess_head": ("Guess: frozen backbone", "猜凍結骨幹的", "猜冻结骨干的"),
    "guess_scratch": ("Guess: from scratch", "猜從零開始的", "猜从零开始的"),
    "look": ("Show what was measured", "看量出來的結果", "看量出来的结果"),
    "head": ("On a frozen backbone", "凍結的骨幹", "冻结的骨干"),
    "scratch": ("From scratch", "從零開始", "从零开始"),
    "chart": (
        "How often each network is right, by the number of pictures; {pictures} are chosen",
        "兩個網路在不同張數下答對的比例；現在選的是 {pictures} 張",
        "两个网络在不同张数下答对的比例；现在选的是 {pictures} 张",
    ),
    "chart_guess": (
        "Your guesses for {pictures} pictures, as diamonds",
        "你對 {pictures} 張圖的猜測，用菱形表示",
        "你对 {pictures} 张图的猜测，用菱形表示",
    ),
    "said_guess": (
        "Both learn from {pictures} pictures and are asked about {validation} others. How many does each get right? Guess first.",
        "兩個都用 {pictures} 張圖學，再拿另外 {validation} 張來問。各答對多少？先猜。",
        "两个都用 {pictures} 张图学，再拿另外 {validation} 张来问。各答对多少？先猜。",
    ),
    "said": (
        "With {pictures} pictures the frozen backbone gets {head} right ({head_least} to {head_most} over {seeds} seeds), the network from scratch "
        "{scratch} ({scratch_least} to {scratch_most}): {points} points apart.",
        "用 {pictures} 張圖，凍結骨幹的答對 {head}（{seeds} 個種子，從 {head_least} 到 {head_most}），從零開始的 {scratch}（{scratch_least} 到 {scratch_most}），"
        "相差 {points} 個百分點。",
        "用 {pictures} 张图，冻结骨干的答对 {head}（{seeds} 个种子，从 {head_least} 到 {head_most}），从零开始的 {scratch}（{scratch_least} 到 {scratch_most}），"
        "相差 {points} 个百分点。",
    ),
    "needs": (
        "From scratch it takes {more} pictures to get as far.",
        "從零開始，要 {more} 張圖才趕得上。",
        "从零开始，要 {more} 张图才赶得上。",
    ),
    "needs_more": (
        "From scratch even {most} pictures, the most that were measured, give {best}.",
        "從零開始，就算用量過最多的 {most} 張，也只有 {best}。",
        "从零开始，就算用量过最多的 {most} 张，也只有 {best}。",
    ),
    "guessed": (
        "You guessed {guess_head} and {guess_scratch}: {off_head} and {off_scratch} points off.",
        "你猜 {guess_head} 和 {guess_scratch}，差了 {off_head} 和 {off_scratch} 個百分點。",
        "你猜 {guess_head} 和 {guess_scratch}，差了 {off_head} 和 {off_scratch} 个百分点。",
    ),
    "honest": (
        "To be fair: ImageNet’s labels include many breeds of dogs and some cats, so the frozen backbone has met both before.",
        "說句公道話：ImageNet 的標籤裡本來就有許多犬種和幾種貓，凍結的骨幹早就見過。",
        "说句公道话：ImageNet 的标签里本来就有许多犬种和几种猫，冻结的骨干早就见过。",
    ),
    "how_title": ("How this was measured", "怎麼量的", "怎么量的"),
    "how": (
        "Labels: {labels}. The frozen backbone is “{backbone}” ({architecture}); the network from scratch has {layers} convolutions and {parameters} "
        "parameters, sees {side} × {side} pixels and goes {epochs} times over its pictures. Each point is the mean over {seeds} seeds, which choose the pictures "
        "too; the vertical line reaches from the worst to the best. All are asked about the same {validation} validation pictures.",
        "標籤：{labels}。凍結的骨幹是「{backbone}」（{architecture}）；從零開始的網路有 {layers} 層卷積、{parameters} 個參數，看 {side} × {side} 像素，把圖看 {epochs} 遍。"
        "每個點是 {seeds} 個種子的平均，圖也由種子挑選；直線從最差畫到最好。驗證用的都是同樣的 {validation} 張圖。",
        "标签：{labels}。冻结的骨干是“{backbone}”（{architecture}）；从零开始的网络有 {layers} 层卷积、{parameters} 个参数，看 {side} × {side} 像素，把图看 {epochs} 遍。"
        "每个点是 {seeds} 个种子的平均值，图也由种子挑选；竖线从最差画到最好。验证用的都是同样的 {validation} 张图。",
    ),
    "networks": ("What the built-in networks began with", "內建的網路從什麼開始", "内置的网络从什么开始"),
    "tuned": (
        "Fine-tuned on {pictures} pictures for {labels} labels.",
        "用 {pictures} 張圖微調，{labels} 個標籤。",
        "用 {pictures} 张图微调，{labels} 个标签。",
    ),
    "untuned": ("Not fine-tuned; {labels} labels.", "沒有微調；{labels} 個標籤。", "没有微调；{labels} 个标签。"),
    "right": (
        "Right on {accuracy} of {validation} validation pictures.",
        "{validation} 張驗證圖片答對 {accuracy}。",
        "{validation} 张验证图片答对 {accuracy}。",
    ),
    "breeds": (
        "Measured here on breeds alone: right on {accuracy} of {pictures} pictures of {breeds} breeds.",
        "這裡只量過品種：{breeds} 個品種的 {pictures} 張圖，答對 {accuracy}。",
        "这里只量过品种：{breeds} 个品种的 {pictures} 张图，答对 {accuracy}。",
    ),
    "answer_head": (
        "The one on the frozen backbone: its head has only to weigh what the frozen filters see already. With {pictures} pictures it gets {head} right. From scratch, edges, fur and "
        "ears must all be learned from these same pictures; that gives {scratch}.",
        "用凍結骨幹的那一個：最後一層只要衡量凍結的濾鏡已經看到的東西，{pictures} 張圖就答對 {head}。從零開始，邊緣、毛和耳朵都得從同樣這幾張圖學，只有 {scratch}。",
        "用冻结骨干的那一个：最后一层只要衡量冻结的滤波器已经看到的东西，{pictures} 张图就答对 {head}。从零开始，边缘、毛和耳朵都得从同样这几张图学，只有 {scratch}。",
    ),
    "answer_why": (
        "Edges and textures are the same in most photos, so filters that one task has taught serve another.",
        "大多數照片的邊緣和紋理都差不多，所以一個任務學到的濾鏡，另一個任務也用得上。",
        "大多数照片的边缘和纹理都差不多，所以一个任务学到的滤波器，另一个任务也用得上。",
    ),
}

STEPS: dict[str, Table] = {"training": TRAINING, "transfer": TRANSFER}
