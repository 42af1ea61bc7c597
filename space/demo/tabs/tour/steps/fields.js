// Layer on layer: what one unit sees of the photo grows, in a small network and in the one that is chosen.

import { ARROWS, fill, node, within } from "../../../page/common.js";
import { frame } from "../../../page/photo.js";
import { seenBy } from "../../inside/channel.js";
import { canvasOf, coloursOf, digits, segments, slider } from "../parts.js";

export const leads = "inside";
export const needsPhoto = true;
// Kernel and stride of each layer: convolution, pooling, convolution, pooling, convolution.
const SMALL = [["convolution", 3, 1], ["pooling", 2, 2], ["convolution", 3, 1], ["pooling", 2, 2], ["convolution", 3, 1]];
const INPUT = 28; // pixels, its input's side

// What each layer's units see: side and step, in pixels of the input. A window of k more on steps of s adds (k - 1) s; see
// Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill, 2019.
export function growing(layers) {
  let [size, step] = [1, 1];
  return layers.map(([kind, kernel, stride]) => {
    size += (kernel - 1) * step;
    step *= stride;
    return { kind, kernel, stride, size, step };
  });
}

export async function draw(stage) {
  const { words, state, photo, picture, controls } = stage;
  Object.assign(state, { which: state.which ?? "chosen", at: state.at ?? {}, x: state.x ?? 0.5, y: state.y ?? 0.4 });
  const whole = node("div", "tour-whole");
  whole.tabIndex = 0;
  whole.setAttribute("role", "application");
  whole.setAttribute("aria-label", words.point);
  const mark = node("i", "tour-frame");
  const canvas = canvasOf(coloursOf(photo));
  whole.append(canvas, mark);
  const part = node("div", "tour-part");
  picture.replaceChildren(whole, part);
  const place = node("div");
  const choice = segments(words.which, ["chosen", "small"].map((name) => [name, name === "chosen" ? stage.title : words.small]), state.which, (which) => {
    state.which = which;
    layersShown();
  });
  controls.replaceChildren(choice, place);
  stage.closed = () => frame(null);
  let layers = [];

  async function layersShown() {
    layers = state.which === "small" ? ofSmall(photo, words) : await ofChosen(stage);
    if (!stage.isOpen || !layers.length) return;
    const at = within(state.at[state.which] ?? 0, 0, layers.length - 1);
    state.at[state.which] = at;
    place.replaceChildren(slider(words.layer, { low: 1, high: layers.length, value: at + 1 }, (value) => {
      state.at[state.which] = value - 1;
      show();
    }));
    show();
  }

  function show() {
    const layer = layers[state.at[state.which]];
    if (!layer) return;
    const { field, size: [columns, rows] } = layer;
    const seen = field ? seenBy(field, ...unitAt(field, rows, columns, state)) : { x: 0, y: 0, w: 1, h: 1 };
    frame(seen);
    for (const [side, share] of Object.entries({ left: seen.x, top: seen.y, width: seen.w, height: seen.h })) mark.style[side] = `${100 * share}%`;
    part.replaceChildren(cutOut(canvas, seen));
    const pixels = field ? field.size : field;
    const key = !pixels ? "said_whole" : Math.max(...pixels) > field.input[0] ? "said_more" : "said";
    stage.say(fill(words[key], { layer: capital(layer.words), side: pixels?.[1], high: pixels?.[0], input: field?.input[1], columns, rows, share: digits(100 * seen.w * seen.h, 2) }));
    const sides = layers.map((each) => (each.field ? each.field.size[1] : words.everything));
    stage.answer(fill(words.answer_sides, { sides: sides.join(words.comma) }), words.answer_why);
  }

  const point = (event) => {
    const box = whole.getBoundingClientRect();
    state.x = within((event.clientX - box.left) / box.width, 0, 0.999);
    state.y = within((event.clientY - box.top) / box.height, 0, 0.999);
    show();
  };
  whole.addEventListener("pointerdown", point);
  whole.addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "mouse") point(event); });
  whole.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    state.x = within(state.x + step[1] * 0.05, 0, 0.999);
    state.y = within(state.y + step[0] * 0.05, 0, 0.999);
    show();
  });
  await layersShown();
}

// As a sentence begins.
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// The small network sees the whole photo, squeezed into its few pixels.
function ofSmall(photo, words) {
  return growing(SMALL).map(({ kind, kernel, size, step }) => {
    const side = Math.floor((INPUT - size) / step) + 1;
    return {
      words: fill(words[kind], { kernel }), size: [side, side],
      field: { size: [size, size], stride: [step, step], start: [0, 0], input: [INPUT, INPUT], seen: [0, 0, 1, 1] },
    };
  });
}

async function ofChosen(stage) {
  const told = await stage.ask({ ask: "fields" });
  return told?.layers ?? [];
}

// The unit whose field lies about a place of the photo.
function unitAt({ size, stride, start, input, seen: [left, top, width, height] }, rows, columns, { x, y }) {
  const at = (place, axis, count) => within(Math.round((place * input[axis] - start[axis] - size[axis] / 2) / stride[axis]), 0, count - 1);
  return [at((y - top) / height, 0, rows), at((x - left) / width, 1, columns)];
}

// What the unit sees, enlarged.
function cutOut(canvas, { x, y, w, h }) {
  const [width, height] = [Math.max(1, Math.round(w * canvas.width)), Math.max(1, Math.round(h * canvas.height))];
  const made = Object.assign(node("canvas", "pixels"), { width, height });
  made.getContext("2d").drawImage(canvas, Math.round(x * canvas.width), Math.round(y * canvas.height), width, height, 0, 0, width, height);
  return made;
}
