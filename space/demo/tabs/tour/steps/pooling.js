// Pooling: two by two become one. A quarter of the numbers stays; is it still the cat, and what does a shift by one pixel change?

import { fill, node } from "../../../page/common.js";
import { changed } from "../../filter/pooled.js";
import { drawn, pool } from "../../filter/response.js";
import { canvasOf, figure, percent, segments, shrunk, slider } from "../parts.js";

export const leads = "filter";
export const needsPhoto = true;
export const least = 16;
const SHOWN = 200; // pixels, the longer side of the photo here
const MODES = ["max", "average", "l2"];

export async function draw(stage) {
  const { words, state, photo, picture, controls } = stage;
  state.mode ??= "max";
  state.times ??= 1;
  state.shift ??= 0;
  const small = shrunk(photo, SHOWN);
  const most = Math.min(5, Math.floor(Math.log2(Math.min(small.width, small.height))));
  state.times = Math.min(state.times, most);
  const pair = node("div", "tour-pair");
  const asked = node("p", "tour-network soft");
  picture.replaceChildren(pair, asked);
  controls.replaceChildren(
    segments(words.mode, MODES.map((mode) => [mode, words[mode]]), state.mode, (mode) => { state.mode = mode; show(); }),
    slider(words.times, { low: 0, high: most, value: state.times }, (value) => { state.times = value; show(); }),
    slider(words.shift, { low: 0, high: 2, value: state.shift }, (value) => { state.shift = value; show(); }));

  function show() {
    const before = { width: small.width, height: small.height, planes: [Float32Array.from(small.grey)] };
    const shifted = { ...before, planes: [shiftedBy(before, state.shift)] };
    const [plain, moved] = [before, shifted].map((map) => pooledTimes(map, state));
    const changes = [changed(before.planes[0], shifted.planes[0]), changed(plain.planes[0], moved.planes[0])];
    const [wide, high] = [moved.width, moved.height];
    pair.replaceChildren(
      figure(picturedAs(shifted, 255), fill(words.before, before)), figure(picturedAs(moved, state.mode === "l2" ? 255 * 2 ** state.times : 255), fill(words.after, { width: wide, height: high })));
    const share = (wide * high) / (before.width * before.height);
    const values = {
      width: before.width, height: before.height, wide, high, share: percent(share), pixels: percent(changes[0]), pooled: percent(changes[1]), shift: state.shift,
    };
    stage.say([fill(words.said_size, values), ...(state.shift ? [fill(words.said_shift, values)] : [])].join(" "));
    stage.answer(fill(words.answer_size, values), state.shift ? fill(words.answer_shift, values) : words.answer_try, words.answer_why);
    askNetwork();
  }

  // While it is asked, and where it cannot be, the rest goes on.
  let number = 0;
  async function askNetwork() {
    number += 1;
    const mine = number;
    asked.textContent = "…";
    const told = await stage.ask({ ask: "pooled", mode: state.mode, times: state.times }, (text) => { asked.textContent = text; });
    if (!told || mine !== number) return;
    asked.textContent = fill(words[told.isSame ? "still" : "no_more"], { ...told, share: percent(told.probability), network: stage.title });
  }

  show();
}

// To the right; beyond the edge the first column is repeated.
export function shiftedBy({ width, height, planes: [values] }, columns) {
  return Float32Array.from({ length: width * height }, (_, i) => values[i - Math.min(columns, i % width)]);
}

export function pooledTimes(map, { mode, times }) {
  let made = map;
  for (let i = 0; i < times; i += 1) made = pool(made, mode, 2, 2);
  return made;
}

const picturedAs = (map, white) => canvasOf(drawn({ ...map, planes: map.planes.map((values) => values.map((value) => (255 * value) / white)) }, { kind: "grey", low: 0, limit: 255 }, 0).picture);
