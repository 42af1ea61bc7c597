// What several steps of the tour draw with.

import { node, press, withMinus } from "../../page/common.js";
import { greyOf } from "../filter/lab_math.js";

// A canvas of these pixels, 32 bits each, or of a photo's own colours.
export function canvasOf({ width, height, pixels }) {
  const canvas = Object.assign(node("canvas", "pixels"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  return canvas;
}

// A picture with what it shows written under it.
export function figure(image, alt) {
  const box = node("figure");
  image.setAttribute("role", "img");
  image.setAttribute("aria-label", alt);
  box.append(image, node("figcaption", "soft", alt));
  return box;
}

// What is there for those who ask.
export function fold(title, ...inside) {
  const box = node("details", "tour-fold");
  box.append(node("summary", "", title), ...inside);
  return box;
}

// The colours of a photo, 32 bits a pixel.
export function coloursOf({ width, height, planes }) {
  const size = width * height;
  const pixels = new Uint32Array(size);
  for (let i = 0; i < size; i += 1) pixels[i] = 0xff000000 | (planes[2 * size + i] << 16) | (planes[size + i] << 8) | planes[i];
  return { width, height, pixels };
}

// A number that can be moved and typed; what is out of its range is brought back into it, and the range is said beside it.
// act(value) is called at each change.
export function slider(name, { low, high, step = 1, value, unit = "" }, act) {
  const row = node("label", "tour-slider");
  const range = Object.assign(node("input"), { type: "range", min: low, max: high, step, value });
  const field = Object.assign(node("input"), { type: "number", min: low, max: high, step, value });
  range.setAttribute("aria-label", name);
  field.setAttribute("aria-label", `${name} (${low}–${high})`);
  const take = (from, to) => {
    const number = Number(from.value);
    const isGood = from.value !== "" && number >= low && number <= high;
    if (isGood) {
      to.value = String(number);
      act(number);
    }
    field.setAttribute("aria-invalid", String(!isGood));
  };
  range.addEventListener("input", () => take(range, field));
  field.addEventListener("input", () => take(field, range));
  field.addEventListener("change", () => { // what cannot be taken goes back to what holds
    if (field.getAttribute("aria-invalid") === "true") field.value = range.value;
    field.setAttribute("aria-invalid", "false");
  });
  row.append(node("span", "", name), range, field, node("span", "soft", `${withMinus(`${low}`)}–${high} ${unit}`.trim()));
  row.set = (number) => { range.value = field.value = String(number); };
  return row;
}

// Buttons of which one is chosen. written: [value, text] each.
export function segments(name, written, chosen, act) {
  const row = node("div", "segment-buttons");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", name);
  row.append(...written.map(([value, text]) => {
    const made = Object.assign(node("button", "", text), { type: "button", value });
    made.addEventListener("click", () => {
      press(row.children, written.findIndex(([each]) => each === value));
      act(value);
    });
    return made;
  }));
  press(row.children, written.findIndex(([each]) => each === chosen));
  return row;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A share of 1 as people read it: `texts.percent`.
export function percent(share) {
  if (share === 0 || share === 1) return `${100 * share} %`;
  if (share > 0.9994) return "> 99.9 %";
  if (share < 0.0006) return "< 0.1 %";
  return `${(100 * share).toFixed(share >= 0.01 && share <= 0.99 ? 0 : 1)} %`;
}

// A share of 1 with as many digits as tell it from none and from all: more than it can be trusted with, where a change is looked at.
export function fine(share) {
  const off = 100 * Math.min(share, 1 - share);
  if (off >= 0.1) return percent(share);
  const places = Math.ceil(-Math.log10(off));
  if (places > 6) return share > 0.5 ? "> 99.999999 %" : "< 0.000001 %";
  return `${(100 * share).toFixed(places)} %`;
}

// A count with its thousands apart.
export const count = (number) => Math.round(number).toLocaleString("en");

// A loss or another number that may be as small as one likes.
export const few = (number) => (number < 0.001 ? "< 0.001" : digits(number));

// A number with so many digits at most, without zeros at its end.
export const digits = (number, most = 3) => withMinus(String(Number(number.toPrecision(most))));

// A photo with at most so many pixels on its longer side, each the mean of those that it stands for.
export function shrunk(photo, side) {
  const by = Math.max(1, Math.max(photo.width, photo.height) / side);
  return scaled(photo, Math.max(1, Math.round(photo.width / by)), Math.max(1, Math.round(photo.height / by)));
}

// A photo of this width and height, no larger than it was.
export function scaled(photo, width, height) {
  const planes = new Uint8Array(3 * width * height);
  const [columns, rows] = [bounds(photo.width, width), bounds(photo.height, height)];
  for (let channel = 0, to = 0; channel < 3; channel += 1) {
    const from = channel * photo.width * photo.height;
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1, to += 1) {
        let sum = 0;
        for (let y = rows[row]; y < rows[row + 1]; y += 1) {
          for (let x = columns[column]; x < columns[column + 1]; x += 1) sum += photo.planes[from + y * photo.width + x];
        }
        planes[to] = Math.round(sum / ((rows[row + 1] - rows[row]) * (columns[column + 1] - columns[column])));
      }
    }
  }
  return { width, height, planes, grey: greyOf(planes), means: {}, isWhole: true };
}

const bounds = (from, to) => Array.from({ length: to + 1 }, (_, i) => Math.round((i * from) / to));

// A plane of brightness as a photo.
export const greyPhoto = (width, height, values) => {
  const grey = Uint8Array.from(values);
  return { width, height, grey, planes: Uint8Array.from([...grey, ...grey, ...grey]), means: {}, isWhole: true };
};

// What the laboratory would be set to for this kernel.
export const settingsOf = (weights, more = {}) => ({
  weights, divisor: 1, bias: 0, stride: 1, padding: "valid", dilation: 1, border: "zero", flipped: false, colour: false, channel: null,
  drawn: "auto", steps: [], ...more,
});

// A kernel as squares: red above zero, blue below.
export function kernelPicture(weights, side = 60) {
  const most = Math.max(...weights.flat().map(Math.abs)) || 1;
  const rows = weights.length;
  const cells = weights.flatMap((line, y) => line.map((weight, x) => svg("rect", {
    x, y, width: 1, height: 1, fill: kernelColour(weight, most),
  })));
  return svg("svg", { viewBox: `0 0 ${weights[0].length} ${rows}`, width: side, height: side, class: "tour-kernel", "aria-hidden": "true" }, ...cells);
}

// Black or white, whichever stands out more from a colour: by WCAG's relative luminance.
export function inkOn(colour) {
  const [red, green, blue] = colour.map((level) => (level <= 10 ? level / 3294.6 : ((level / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 ? "#fff" : "#000";
}

// Of a weight, where the largest of the kernel is `most`.
export const kernelColour = (weight, most) => (
  weight ? `color-mix(in srgb, ${weight > 0 ? "#b2182b" : "#2166ac"} ${Math.round((100 * Math.abs(weight)) / most)}%, #f7f6f6)` : "#f7f6f6");

// Numbers in cells, as grey as they are large; `text` writes them. Rows of columns.
export function numberGrid(values, columns, { low = 0, high = 255, text = String, cell = 34, marked = () => false } = {}) {
  const rows = values.length / columns;
  const box = svg("svg", { viewBox: `0 0 ${columns * cell} ${rows * cell}`, class: "tour-numbers", role: "img" });
  values.forEach((value, i) => {
    const [x, y] = [(i % columns) * cell, Math.floor(i / columns) * cell];
    const level = Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1))));
    const written = text(value);
    box.append(
      svg("rect", { x, y, width: cell, height: cell, fill: `rgb(${level} ${level} ${level})`, stroke: marked(i) ? "var(--accent)" : "none", "stroke-width": 3 }),
      svg("text", { x: x + cell / 2, y: y + cell / 2, fill: inkOn([level, level, level]), "text-anchor": "middle", "dominant-baseline": "central", "font-size": Math.min(cell / 2.5, (1.5 * cell) / written.length) }, written));
  });
  return box;
}

// A small generator of random numbers, always the same ones for a seed (mulberry32): () -> [0, 1).
export function randomFrom(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mix = Math.imul(state ^ (state >>> 15), 1 | state);
    mix = (mix + Math.imul(mix ^ (mix >>> 7), 61 | mix)) ^ mix;
    return ((mix ^ (mix >>> 14)) >>> 0) / 4294967296;
  };
}

// The same things in a random order.
export function shuffle(things, random) {
  const mixed = things.slice();
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}
