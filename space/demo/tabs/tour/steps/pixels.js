// What the machine sees: eight by eight pixels under the finger, as the numbers that they are. One number can be changed.

import { ARROWS, fill, node, within } from "../../../page/common.js";
import { frame, photo as photoElement, pointedAt } from "../../../page/photo.js";
import { canvasOf, coloursOf, inkOn, segments } from "../parts.js";

export const leads = "filter";
export const needsPhoto = true;
export const least = 8;
const SIDE = 8; // pixels of the patch, each way
const CHANNELS = ["grey", "red", "green", "blue"];

export function draw(stage) {
  const { words, state, photo, picture, controls } = stage;
  const { width, height } = photo;
  if (state.photo !== photo.id) Object.assign(state, { photo: photo.id, left: Math.floor((width - SIDE) / 2), top: Math.floor((height - SIDE) / 2), changed: new Map() });
  state.channel ??= "grey";

  const whole = node("div", "tour-whole");
  whole.tabIndex = 0;
  whole.setAttribute("role", "application");
  whole.setAttribute("aria-label", words.point);
  const mark = node("i", "tour-frame");
  const canvas = canvasOf(coloursOf(photo));
  whole.append(canvas, mark);
  const grid = node("div", "tour-grid");
  const cells = Array.from({ length: SIDE * SIDE }, (_, place) => cell(place));
  grid.append(...cells);
  picture.replaceChildren(whole, grid);
  controls.replaceChildren(segments(words.channels, CHANNELS.map((each) => [each, words[each]]), state.channel, (channel) => {
    state.channel = channel;
    show();
  }));

  let before = 0; // the number that stood in the cell when it was entered

  function cell(place) {
    const field = Object.assign(node("input"), { type: "number", min: 0, max: 255, step: 1 });
    field.addEventListener("focus", () => {
      field.select(); // what is typed takes the number's place
      before = valueOf(indexOf(place));
    });
    field.addEventListener("input", () => change(place, field));
    field.addEventListener("change", () => show());
    return field;
  }

  const indexOf = (place) => (state.top + Math.floor(place / SIDE)) * width + state.left + (place % SIDE);

  function valueOf(index) {
    const known = state.changed.get(`${state.channel} ${index}`);
    if (known !== undefined) return known;
    const channel = CHANNELS.indexOf(state.channel) - 1;
    return channel < 0 ? photo.grey[index] : photo.planes[channel * width * height + index];
  }

  function change(place, field) {
    const number = Number(field.value);
    const isGood = field.value !== "" && Number.isInteger(number) && number >= 0 && number <= 255;
    field.setAttribute("aria-invalid", String(!isGood));
    if (!isGood) return stage.say(words.range);
    const index = indexOf(place);
    state.changed.set(`${state.channel} ${index}`, number);
    paint(field, number);
    paintPixel(index);
    stage.say(fill(words[number > before ? "said_brighter" : "said_darker"], { before, after: number, channel: words[state.channel] }));
  }

  // The photo shows what was changed too: a brightness as grey, a colour beside the other two.
  function paintPixel(index) {
    const changedTo = (channel) => state.changed.get(`${channel} ${index}`);
    const colour = CHANNELS.slice(1).map((channel, place) => changedTo(channel) ?? changedTo("grey") ?? photo.planes[place * width * height + index]);
    const context = canvas.getContext("2d");
    context.fillStyle = `rgb(${colour.join(" ")})`;
    context.fillRect(index % width, Math.floor(index / width), 1, 1);
  }

  function paint(field, value) {
    const channel = CHANNELS.indexOf(state.channel) - 1;
    const colour = channel < 0 ? [value, value, value] : [0, 1, 2].map((each) => (each === channel ? value : 0));
    field.style.background = `rgb(${colour.join(" ")})`;
    field.style.color = inkOn(colour);
  }

  function show() {
    const values = cells.map((_, place) => valueOf(indexOf(place)));
    cells.forEach((field, place) => {
      field.value = String(values[place]);
      field.setAttribute("aria-invalid", "false");
      field.setAttribute("aria-label", fill(words.cell, { row: state.top + Math.floor(place / SIDE) + 1, column: state.left + (place % SIDE) + 1 }));
      paint(field, values[place]);
    });
    const part = { x: state.left / width, y: state.top / height, w: SIDE / width, h: SIDE / height };
    frame(part);
    const side = { left: part.x, top: part.y, width: part.w, height: part.h };
    for (const [name, share] of Object.entries(side)) mark.style[name] = `${100 * share}%`;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    stage.say(fill(words.said, { low, high, channel: words[state.channel], row: state.top + 1, column: state.left + 1 }));
    answer(values, low, high);
  }

  function answer(values, low, high) {
    const steepest = Math.max(...values.map((value, place) => (place % SIDE < SIDE - 1 ? Math.abs(values[place + 1] - value) : 0)));
    stage.answer(fill(words.answer_patch, { low, high, steepest }), fill(words.answer_size, { width, height, numbers: (3 * width * height).toLocaleString("en") }));
  }

  // The patch's middle goes to {x, y}, in shares of the photo's sides.
  function moveTo({ x, y }) {
    state.left = within(Math.round(x * width - SIDE / 2), 0, width - SIDE);
    state.top = within(Math.round(y * height - SIDE / 2), 0, height - SIDE);
    show();
  }

  const point = (event) => {
    const box = whole.getBoundingClientRect();
    moveTo({ x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
  };
  whole.addEventListener("pointerdown", point);
  whole.addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "mouse") point(event); });
  whole.addEventListener("keydown", (event) => {
    const move = ARROWS[event.key];
    if (!move) return;
    event.preventDefault();
    const far = event.shiftKey ? SIDE : 1;
    state.left = within(state.left + far * move[1], 0, width - SIDE);
    state.top = within(state.top + far * move[0], 0, height - SIDE);
    show();
  });
  const onPhoto = (event) => {
    const at = event.target === photoElement() && stage.picture.offsetParent ? pointedAt(event) : null;
    if (at) moveTo(at);
  };
  document.addEventListener("pointermove", onPhoto);
  for (const key of state.changed.keys()) paintPixel(Number(key.split(" ")[1]));
  stage.closed = () => {
    document.removeEventListener("pointermove", onPhoto);
    frame(null);
  };
  show();
}
