// What several steps of the tour draw with.

import { node, press, withMinus } from "../../page/common.js";

// A canvas of these pixels, 32 bits each, or of a photo's own colours.
export function canvasOf({ width, height, pixels }) {
  const canvas = Object.assign(node("canvas", "pixels"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  return canvas;
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
  row.append(node("span", "", name), range, field, node("span", "soft", `${unit} ${low}–${high}`.trim()));
  row.set = (number) => { range.value = field.value = String(number); };
  return row;
}

// Buttons of which one is chosen. written: [value, text] each.
export function segments(name, written, chosen, act) {
  const row = node("div", "segment-buttons");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", name);
  row.append(...written.map(([value, text]) => {
    const made = node("button", "", text);
    made.type = "button";
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

// A count with its thousands apart.
export const count = (number) => Math.round(number).toLocaleString("en");

// A number with so many digits at most, without zeros at its end.
export const digits = (number, most = 3) => withMinus(String(Number(number.toPrecision(most))));
