// Two files made here in the visitor's browser, of what stands on the page: the result as JSON, and a card to share, a PNG
// of 1200 x 630 pixels with the photo, the sentence and the bars. Nothing of it is sent anywhere.

import { button, node, saveBlob, saveCanvas } from "../../page/common.js";
import { photo } from "../../page/photo.js";

const SIZE = [1200, 630];
const MARGIN = 48;
const PHOTO = { x: MARGIN, y: MARGIN, width: 440, height: SIZE[1] - 2 * MARGIN };
const FOOT = SIZE[1] - MARGIN - 36; // above it heading, bars and sentence share what room there is
const GAP = 26;
const TEXT = { x: 540, width: SIZE[0] - 540 - MARGIN };
// The page's colours in the light theme: a card looks the same whoever drew it.
const INK = { paper: "#fbfaf7", ink: "#1d1c1a", soft: "#6b6862", track: "#e3e1d9",
  classes: ["#c2571a", "#2f5d9e", "#7a5195", "#0f766e", "#a8326e", "#6b7a1e", "#8a5a2b", "#4b5563"] };
const CHINESE = {
  "zh-TW": '"PingFang TC", "Microsoft JhengHei", "Noto Sans CJK TC"',
  "zh-CN": '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC"',
};

export function mount({ element, props, watch }) {
  const root = element.querySelector(".downloads");
  const action = (word, act) => {
    const made = button("action", props[word], () => act(props.value));
    made.dataset.word = word;
    made.disabled = !props.value;
    return made;
  };
  const draw = () => root.replaceChildren(action("card", saveCard), action("json", saveJson));
  watch(["value", "card", "json"], draw);
  draw();
}

function saveJson({ result }) {
  const text = JSON.stringify(result, null, 2) + "\n";
  saveBlob(new Blob([text], { type: "application/json" }), fileName(result, "json"));
}

async function saveCard({ card, result }) {
  const canvas = node("canvas");
  [canvas.width, canvas.height] = SIZE;
  paint(canvas.getContext("2d"), card, await shownPhoto());
  saveCanvas(canvas, fileName(result, "png"));
}

const fileName = (result, ending) => `cnnhub-${result.label.replace(/[^\p{L}\p{N}]+/gu, "-")}.${ending}`;
// The photo as the page shows it; nothing where the browser cannot show it.
const shownPhoto = () => photo().decode().then(photo, () => null);

function paint(pen, value, picture) {
  const font = (size, weight = 400) => { pen.font = `${weight} ${size}px ${family(value.language)}`; };
  pen.fillStyle = INK.paper;
  pen.fillRect(0, 0, ...SIZE);
  if (picture) place(pen, picture);
  pen.textBaseline = "alphabetic";
  pen.fillStyle = INK.ink;
  font(44, 700);
  const heading = rowsOf(pen, value.heading, TEXT.width, 3);
  font(22);
  const row = Math.min(76, Math.max(44, 190 / value.bars.length)); // two bars are tall, five are not
  const room = FOOT - MARGIN - 54 * heading.length - row * value.bars.length - 2 * GAP;
  const line = rowsOf(pen, value.line, TEXT.width, Math.floor(room / 32));
  const rest = room - 32 * line.length;
  font(44, 700);
  let y = write(pen, heading, MARGIN + 44 + rest / 4, 54);
  y = bars(pen, value, y - 44 + GAP + rest / 4, row, font);
  pen.fillStyle = INK.soft;
  font(22);
  write(pen, line, y + GAP + rest / 4, 32);
  font(18);
  pen.fillText(shortened(pen, `cnnhub · ${value.title} · ${pageAddress()}`, TEXT.width), TEXT.x, SIZE[1] - MARGIN);
}

// Where whoever is shown the card finds the page.
const pageAddress = () => `${location.host}${location.pathname}`.replace(/\/$/, "");

const family = (language) => `system-ui, ${CHINESE[language] ?? CHINESE["zh-TW"]}, sans-serif`;

// The whole picture in the middle of the photo's place.
function place(pen, picture) {
  const [width, height] = [picture.naturalWidth, picture.naturalHeight];
  const scale = Math.min(PHOTO.width / width, PHOTO.height / height);
  const [w, h] = [width * scale, height * scale];
  const [x, y] = [PHOTO.x + (PHOTO.width - w) / 2, PHOTO.y + (PHOTO.height - h) / 2];
  pen.save();
  pen.beginPath();
  pen.roundRect(x, y, w, h, 12);
  pen.clip();
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, x, y, w, h);
  pen.restore();
}

function bars(pen, { bars: rows, hollow }, top, step, font) {
  font(22);
  const height = Math.round(0.62 * step);
  const names = Math.min(200, Math.max(...rows.map((row) => pen.measureText(row.name).width)) + 20);
  const width = TEXT.width - names - 118; // which is for the numbers
  rows.forEach((row, index) => {
    const y = top + step * index;
    const base = y + height / 2 + 8; // the text's, in the middle of its bar
    pen.fillStyle = INK.ink;
    pen.textAlign = "left";
    pen.fillText(shortened(pen, row.name, names - 16), TEXT.x, base);
    pen.textAlign = "right";
    pen.fillText(row.percent, TEXT.x + TEXT.width, base);
    pen.fillStyle = INK.track;
    pen.fillRect(TEXT.x + names, y, width, height);
    const length = Math.max(2, row.share * width);
    pen.fillStyle = hollow ? INK.soft : INK.classes[row.colour];
    pen.fillRect(TEXT.x + names, y, length, height);
    pen.fillStyle = INK.paper;
    if (hollow) pen.fillRect(TEXT.x + names + 2, y + 2, length - 4, height - 4);
  });
  pen.textAlign = "left";
  return top + step * rows.length;
}

function shortened(pen, text, width) {
  let end = text.length;
  while (end > 1 && pen.measureText(text.slice(0, end)).width > width) end -= 1;
  return end < text.length ? `${text.slice(0, end - 1)}…` : text;
}

// A text in lines no wider than `width` with the pen's font, at most `most` of them.
function rowsOf(pen, text, width, most) {
  // words, or single Chinese characters together with the punctuation that may not begin a line
  const pieces = text.match(/[\u3000-\u9fff\uff00-\uffef][，。！、；：）」]*|[^\s\u3000-\u9fff\uff00-\uffef]+|\s+/g) ?? [];
  const rows = [""];
  for (const piece of pieces) {
    const row = rows.at(-1);
    if (row && pen.measureText((row + piece).trimEnd()).width > width) rows.push(piece.trimStart());
    else rows[rows.length - 1] = row + piece;
  }
  const shown = rows.slice(0, most);
  if (rows.length > most && most > 0) shown[most - 1] = `${shown[most - 1].trimEnd()} …`;
  return shown;
}

// Write lines, the first on the base line `y` -> where the next one would stand.
function write(pen, rows, y, step) {
  rows.forEach((row, index) => pen.fillText(row, TEXT.x, y + step * index));
  return y + step * rows.length;
}
