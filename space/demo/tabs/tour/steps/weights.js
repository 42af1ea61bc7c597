// One weight, two weights, a grid: what comes out where each pixel, each pair of neighbours or each three by three is weighed.

import { fill, node, withMinus } from "../../../page/common.js";
import { responseMap } from "../../filter/response.js";
import { canvasOf, digits, greyPhoto, numberGrid, segments, settingsOf, shrunk, slider } from "../parts.js";

export const leads = "filter";
export const needsPhoto = true;
const PAIRS = [[1, 0.3], [0.1, 5], [-1, 1]];
const GRID = [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]];
const SHOWN = 130; // pixels, the longer side of the photo here
// A "4", drawn: 6 x 6.
const FOUR = [
  [0, 0, 0, 0, 0, 0], [0, 0, 0, 90, 230, 0], [0, 0, 120, 200, 240, 0], [0, 180, 90, 0, 250, 0], [0, 220, 230, 240, 255, 120], [0, 0, 0, 0, 240, 0],
].flat();

export function draw(stage) {
  const { words, state, photo, picture, controls } = stage;
  state.source ??= "four";
  state.way ??= "one";
  state.weight ??= 0.5;
  state.pair ??= 0;
  const sources = { four: greyPhoto(6, 6, FOUR), photo: shrunk(photo, SHOWN) };
  const pictures = node("div", "tour-pair");
  const weight = slider(words.weight, { low: -1, high: 2, step: 0.1, value: state.weight }, (value) => { state.weight = value; show(); });
  const pairs = segments(words.pairs, PAIRS.map((pair, i) => [i, `(${pair.map((each) => digits(each)).join(", ")})`]), state.pair, (i) => { state.pair = i; show(); });
  picture.replaceChildren(pictures);
  controls.replaceChildren(
    segments(words.source, ["four", "photo"].map((name) => [name, words[name]]), state.source, (name) => { state.source = name; show(); }),
    segments(words.way, ["one", "two", "grid"].map((name) => [name, words[name]]), state.way, (name) => { state.way = name; show(); }),
    weight, pairs);

  function show() {
    const from = sources[state.source];
    const to = weighed(from, state);
    const largest = to.values.reduce((most, value) => Math.max(most, value), -Infinity);
    const white = state.way === "one" ? 255 : Math.max(largest, 1);
    const told = (image, alt) => {
      image.setAttribute("role", "img");
      image.setAttribute("aria-label", alt);
      const box = node("figure");
      box.append(image, node("figcaption", "soft", alt));
      return box;
    };
    const drawnOf = ({ width, values }, high) => (state.source === "four"
      ? numberGrid([...values], width, { high, low: Math.min(0, ...values), text: tenths })
      : canvasOf({ width, height: values.length / width, pixels: greys(values, high) }));
    pictures.replaceChildren(
      told(drawnOf({ width: from.width, values: from.grey }, 255), fill(words.before, from)),
      told(drawnOf(to, white), fill(words.after, { ...to, white: tenths(white) })));
    pictures.style.setProperty("--narrower", to.width / from.width);
    weight.hidden = state.way !== "one";
    pairs.hidden = state.way !== "two";
    stage.say(fill(words[`said_${state.way}`], {
      weight: digits(state.weight), first: digits(PAIRS[state.pair][0]), second: digits(PAIRS[state.pair][1]), width: from.width, height: from.height,
      wide: to.width, high: to.height, largest: tenths(largest),
    }));
    stage.answer(fill(words.answer_narrow, { width: from.width, wide: from.width - 1, three: from.width - 2 }), words.answer_zeros);
  }

  show();
}

// To one place, with the minus that people write.
const tenths = (value) => withMinus(String(Math.round(10 * value) / 10));

// -> { width, height, values }
export function weighed(photo, { way, weight, pair }) {
  const { width, height, grey } = photo;
  if (way === "one") return { width, height, values: Float64Array.from(grey, (value) => value * weight) };
  if (way === "two") {
    const [first, second] = PAIRS[pair];
    const wide = width - 1;
    const values = Float64Array.from({ length: wide * height }, (_, i) => {
      const at = Math.floor(i / wide) * width + (i % wide);
      return first * grey[at] + second * grey[at + 1];
    });
    return { width: wide, height, values };
  }
  const map = responseMap(photo, settingsOf(GRID));
  return { width: map.width, height: map.height, values: Float64Array.from(map.planes[0]) };
}

// As grey as they are large; what is below zero is black.
function greys(values, high) {
  return Uint32Array.from(values, (value) => 0xff000000 + Math.round(255 * Math.min(1, Math.max(0, value / high))) * 0x010101);
}
